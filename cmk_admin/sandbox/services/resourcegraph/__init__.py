"""Resource Graph."""

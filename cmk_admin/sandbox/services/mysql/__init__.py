"""MySQL flexible servers."""

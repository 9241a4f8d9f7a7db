"""MySQL single servers and their server keys."""

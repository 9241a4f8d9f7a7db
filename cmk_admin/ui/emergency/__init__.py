"""Revoke, watch, give back: the screens of an emergency."""

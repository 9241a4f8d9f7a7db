"""Managed identities, user-assigned and system-assigned."""

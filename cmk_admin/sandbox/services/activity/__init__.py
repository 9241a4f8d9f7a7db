"""The Activity Log on the wire."""

"""Role definitions, role assignments and permissions."""

"""Microsoft Graph's view of the tenant."""

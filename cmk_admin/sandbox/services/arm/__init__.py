"""The resource manager's own resources, apart from the providers'."""

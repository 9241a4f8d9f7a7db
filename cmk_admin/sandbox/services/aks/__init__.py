"""Managed Kubernetes clusters."""

"""CMK Admin: customer-managed keys of an Azure estate."""

__version__ = "0.1.0"

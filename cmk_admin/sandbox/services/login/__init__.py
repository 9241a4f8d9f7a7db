"""Microsoft Entra's sign-in hosts."""

"""Microsoft's real clients against the sandbox; only ``make az`` runs them, as az is not among the tests' requirements."""

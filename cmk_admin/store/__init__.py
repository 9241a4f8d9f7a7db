"""What we remember, in SQLite: the journal and the last estate."""

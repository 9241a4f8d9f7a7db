"""The door to a real Azure: choosing one, signing in, and asking whether it answers."""

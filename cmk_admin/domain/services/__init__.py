"""The services that can use a key, and the one list of them."""

"""A small Azure on loopback: real wire protocols, real keys, one clock. It imports no other room of the program."""

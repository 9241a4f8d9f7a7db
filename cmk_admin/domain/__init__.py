"""What is true: plain data and pure functions. No I/O, no clock, no randomness; time and ids are handed in."""

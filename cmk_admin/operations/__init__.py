"""Doing it: the engine that runs plans, and all that the window and the command line may ask for (`interface`)."""

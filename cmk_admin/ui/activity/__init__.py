"""The operations at the bottom of the window: running, interrupted and past."""

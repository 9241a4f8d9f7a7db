"""The tree at the left: its model, how a row is drawn, and the filter above it."""

"""Sizes in device-independent pixels: an 8 px grid, 4 px inside rows."""

GRID = 8
HALF = 4
ROW = 28
TARGET = 28
"""Least height of what can be clicked (WCAG 2.2 SC 2.5.8 asks for 24)."""
TREE_WIDTH = 320
ICON = 16

TEXT = 13
SMALL = 11
TITLE = 18

"""Records: shown in the window, and printed."""

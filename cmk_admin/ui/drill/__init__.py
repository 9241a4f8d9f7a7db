"""Drills in the window: choosing one, its clock in the strip, and the debrief."""

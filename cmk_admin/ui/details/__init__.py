"""The page of what is selected: header and tabs."""

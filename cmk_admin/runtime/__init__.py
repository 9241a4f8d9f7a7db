"""The machine we run on: background loop, clock, folders, log, crash file. No Qt."""

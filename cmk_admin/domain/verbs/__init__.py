"""One file for each verb: its typed draft, ``problems(draft, index)`` and ``plan(draft, index)``."""

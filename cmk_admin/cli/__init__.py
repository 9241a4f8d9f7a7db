"""The command line: parse, call operations, print."""

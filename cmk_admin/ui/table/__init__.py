"""The reviewer's table."""

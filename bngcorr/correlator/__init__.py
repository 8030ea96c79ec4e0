"""Whose request is this? `keys`, `ladder` and `trust` are pure; `judge` asks the store and holds."""

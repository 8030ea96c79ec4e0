"""The way to AAA."""

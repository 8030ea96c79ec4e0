"""Documentation and example config say what the code does."""

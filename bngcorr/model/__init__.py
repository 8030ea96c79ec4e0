"""Values. Nothing in here waits, reads a clock, logs or does I/O."""

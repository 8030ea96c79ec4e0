"""Sessions, the hosts they hold, and what those cost. `hosts`, `record` and `capacity` are pure."""

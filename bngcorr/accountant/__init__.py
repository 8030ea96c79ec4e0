"""Sessions, the hosts they hold, and what those cost. `hosts`, `record`, `grant`, `reach` and `capacity` are pure."""

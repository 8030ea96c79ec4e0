"""The composition of the processes, and what they are told from outside."""

"""HTTP: `health` in the packet process, `api` in a process of its own."""

"""The real processes, from outside: children of the tests, real sockets, a real store."""

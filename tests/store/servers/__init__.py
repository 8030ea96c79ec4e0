"""Real stores for tests, one module a topology. All listen on loopback or a Unix socket and are ended by pid.

Each module offers context managers that yield a running topology; `url` of what they yield is a ``store.url``. They are
plain (not async), so that fixtures of any scope can hold them.
"""

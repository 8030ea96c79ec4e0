"""The way to AAA: pools of servers that stand in for each other.

`health` says how a server is and `choice` which one gets a request, both without clock or socket; `server` holds the
sockets and identifiers of one, `probe` asks it how it is, `flight` is one transmission, `pool` is what the pipeline and
the spool talk to, and `routes` finds the pool of a request.
"""

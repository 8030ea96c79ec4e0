"""The RADIUS front end: a vector of datagrams from the socket to AAA and back.

`pipeline` tells the story; `trigger`, `line_id`, `remote_id`, `rewrite` and `exchange` decide and are pure; `sockets`
and `upstream` do the I/O.
"""

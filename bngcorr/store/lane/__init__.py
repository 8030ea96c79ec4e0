"""The road to the store: packed commands to one server, to a master that Sentinels know, or to a Cluster.

`lane` is what others use: many commands out, as many replies back, in one write per node and within a budget.
`commands` says which key sends a command where, `scripts` holds our Lua, `node` is one server's connections, `link`
makes them, and each is a `pipe` from then on. Where things are is a route: `routes` says what that is and has the one
to a single server, `master` the one by Sentinels (`sentinels` is what they say), `cluster` the one into a Cluster
(`slots` is its map).

redis-py keeps what is hard: TLS, authentication, what errors mean. Four things it has are ours for what they would cost
everybody: an exchange on a connection of its costs several times what writing and reading the octets does, a pipeline
takes longer than the commands themselves, a look at a Cluster's map holds the event loop for 8 ms and makes every
connection anew, and Sentinels are asked one after the other, behind one that hangs.
"""

from bngcorr.store.lane.commands import Argument, Command, Reply, Sent
from bngcorr.store.lane.lane import Lane, checked, open_lane
from bngcorr.store.lane.node import CONNECT_BUDGET_S, MOST_CONNECTIONS
from bngcorr.store.lane.scripts import SCRIPTS

__all__ = [
    "CONNECT_BUDGET_S",
    "MOST_CONNECTIONS",
    "SCRIPTS",
    "Argument",
    "Command",
    "Lane",
    "Reply",
    "Sent",
    "checked",
    "open_lane",
]

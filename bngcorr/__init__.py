"""bngcorr: a RADIUS proxy that makes AAA see one identity per access line.

The map, from the bottom up (an arrow only ever points down; import-linter holds that):

- ``errors``      what may be raised, and by whom
- ``model``       the values everybody speaks in: MAC, attachment, access line, verdict, session, usage,
                  and ``vocabulary``, every closed list of names
- ``wire``        octets to values and back: RADIUS view, authenticators, dictionaries, DHCP options
- ``profiles``    what one family of BNGs sends, as data files
- ``config``      the operator's file, with every default
- ``store``       the contract with Redis/Valkey, and its two implementations (server, memory)
- ``correlator``  whose request is this? keys, ladder, own ids, trust, findings, the judge and the hold
- ``accountant``  sessions, hosts and what they cost
- ``proxy``       the RADIUS front end: one vector of datagrams from the socket to AAA and back
- ``web``         the HTTP API, in a process of its own
- ``replay``      captures through the same rules, in their own time, over a store in memory
- ``app``         the composition root: the only module that names concrete parts
- ``cli``         one module a verb
- ``demo``        simulated BNGs, CPEs and an AAA; knows nothing of the above
- ``simulate``    a population of lines in virtual time through the pure rules; its truth knows nothing of them
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("bngcorr")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

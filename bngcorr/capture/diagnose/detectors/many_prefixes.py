"""More prefixes and routes than a host should be told (RFC 4861 §4.6.2, RFC 4191 §2.3).

What counts is what one host hears: an RA to its own MAC speaks to it alone, however many other hosts of the segment get
a prefix of their own (RFC 8273).
"""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.instants import SECOND_NS, over
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire.neighbours import ROUTER_ADVERTISEMENT

_ALL: Final = b""  # hosts of the segment
_EVER: Final = 0xFFFFFFFF
_MOST_AUDIENCES: Final = 512
_Announced = dict[tuple[bytes, int], int | None]  # prefix and length → until when


class ManyPrefixes:
    """Counts what is valid, of all routers together."""

    concerns = frozenset((Concern.NEIGHBOUR,))

    def __init__(self, faults: Faults, most: int = 100) -> None:
        self._faults: Final = faults
        self._most: Final = most
        self._copies: Final = Copies()
        self._audiences: Final[Recent[tuple[tuple[int, ...], bytes], _Announced]] = Recent(_MOST_AUDIENCES)

    def see(self, seen: Seen) -> None:
        """An RA."""
        said = seen.neighbour
        if said is None or said.type != ROUTER_ADVERTISEMENT or not (said.prefixes or said.routes):
            return
        host = _audience(seen)
        announced = self._audiences.get((seen.link, host))
        if announced is None:
            announced = {}
            self._audiences.put((seen.link, host), announced)
        for one in (*said.prefixes, *said.routes):
            key = (_masked(one.prefix, one.length), one.length)
            announced.pop(key, None)
            if one.valid and one.length:  # a route of length 0 is the default route
                ever = one.valid == _EVER or seen.at_ns is None
                announced[key] = None if ever else (seen.at_ns or 0) + one.valid * SECOND_NS
        while len(announced) > 2 * self._most + 64:  # enough to be over; the oldest go
            del announced[next(iter(announced))]
        heard = len(announced)
        to_all = self._audiences.get((seen.link, _ALL)) if host != _ALL else None
        if heard + len(to_all or ()) > self._most:
            self._judge(seen, host, announced, to_all or {})

    def end(self) -> None:
        """Nothing waits."""

    def _judge(self, seen: Seen, host: bytes, announced: _Announced, to_all: _Announced) -> None:
        for held in (announced, to_all):
            for key in [key for key, until in held.items() if over(seen.at_ns, until)]:
                del held[key]
        heard = len(announced.keys() | to_all.keys())
        if heard <= self._most:
            return
        subject = host.hex(":") if host else "every host"
        where = self._copies.place(seen, Fault.MANY_PREFIXES, subject)
        if where is not None:
            at_least = "at least " if heard > 2 * self._most else ""
            detail = f"{subject} is told {at_least}{heard} prefixes and routes that are valid at once"
            self._faults.add(Found(Fault.MANY_PREFIXES, subject, where, detail, (seen.number,), seen.at_ns))


def _audience(seen: Seen) -> bytes:
    """The MAC that alone hears it, its address if the link says none, or all."""
    link = seen.frame.link_destination
    if len(link) == 6:
        return _ALL if link[0] & 1 else link
    return _ALL if seen.frame.destination[0] == 0xFF else seen.frame.destination


def _masked(prefix: bytes, length: int) -> bytes:
    """What lies behind the length does not count (RFC 4861 §4.6.2)."""
    shift = 128 - length
    return (int.from_bytes(prefix, "big") >> shift << shift).to_bytes(16, "big")

"""A Router Advertisement with Router Lifetime 0 from a router that hosts rely on (RFC 4861 §6.3.4).

That lifetime speaks of the default router only: a router that never was one may announce prefixes and routes so for
ever. It is a fault from one that was a default router here before, or through which hosts still send.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.instants import SECOND_NS, over, overtaken
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire.neighbours import ROUTER_ADVERTISEMENT, Neighbour, Prefix

_MOST_SEGMENTS: Final = 16_384
_MOST_ROUTERS: Final = 8  # of a segment
_MOST_PREFIXES: Final = 16  # looked at, of one router


class _Router:
    """What a router said last; `until_ns` None: for how long is not known."""

    __slots__ = ("at_ns", "default", "gone", "mac", "number", "until_ns")

    def __init__(self, number: int, at_ns: int | None, lifetime: int, mac: bytes) -> None:
        self.mac = mac  # from which it said so
        self.default = lifetime > 0  # it was a default router at some time
        self.gone = lifetime == 0
        self.number = number  # of the last frame by which it was a default router
        self.at_ns = at_ns
        self.until_ns = None if at_ns is None else at_ns + lifetime * SECOND_NS


class _Silent:
    """One that announced lifetime 0 and was never seen as a default router."""

    __slots__ = ("number", "prefixes", "source")

    def __init__(self, number: int, source: bytes, prefixes: list[Prefix]) -> None:
        self.number: Final = number
        self.source: Final = source
        self.prefixes: Final = [one for one in prefixes if one.valid and one.prefix[0] & 0xE0 == 0x20][:_MOST_PREFIXES]


class RouterGone:
    """Looks at RAs, and at who sends through a router that says it is none."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.OTHER))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._segments: Final[Recent[tuple[int, ...], dict[bytes, _Router]]] = Recent(_MOST_SEGMENTS)
        self._silent: Final[Recent[tuple[tuple[int, ...], bytes], _Silent]] = Recent(_MOST_SEGMENTS)

    def see(self, seen: Seen) -> None:
        """An RA, or a frame to a router's MAC."""
        if seen.concern is Concern.OTHER:
            if len(self._silent):
                self._use(seen)
        elif seen.neighbour is not None and seen.neighbour.type == ROUTER_ADVERTISEMENT:
            self._advertised(seen, seen.neighbour)

    def end(self) -> None:
        """Nothing waits."""

    def _advertised(self, seen: Seen, said: Neighbour) -> None:
        source = seen.frame.source
        routers = self._segments.get(seen.link)
        if routers is None:
            routers = {}
            self._segments.put(seen.link, routers)
        router = routers.get(source)
        if router is None:
            if len(routers) >= _MOST_ROUTERS:
                del routers[next(iter(routers))]
            routers[source] = router = _Router(seen.number, seen.at_ns, said.router_lifetime, seen.frame.link_source)
        elif overtaken(seen.at_ns, router.at_ns):
            return
        router.at_ns = seen.at_ns
        subject = str(IPv6Address(source))
        if said.router_lifetime:
            router.default = True
            router.gone = False
            router.number = seen.number
            router.mac = seen.frame.link_source
            router.until_ns = None if seen.at_ns is None else seen.at_ns + said.router_lifetime * SECOND_NS
            self._silent.pop((seen.link, seen.frame.link_source))
            self._faults.clear(Fault.ROUTER_GONE, subject, seen.on_link, seen.number)
            return
        router.gone = True
        if router.default:
            self._gone(seen, subject, router, routers)
        elif not said.routes:  # with routes it is meant to be sent through (RFC 4191)
            self._silent.put((seen.link, seen.frame.link_source), _Silent(seen.number, source, said.prefixes))

    def _gone(self, seen: Seen, subject: str, router: _Router, routers: dict[bytes, _Router]) -> None:
        others = [
            str(IPv6Address(source))
            for source, other in routers.items()
            if other is not router and not other.gone and not over(seen.at_ns, other.until_ns)
        ]
        rest = f"{', '.join(others[:3])} remains" if others else "no other was seen here"
        mac = seen.frame.link_source
        if mac != router.mac:
            rest += f"; its RAs came from {router.mac.hex(':')}, and this one from another device"
        self._tell(
            seen, subject, f"{subject} ({mac.hex(':')}) was a default router and withdraws; {rest}",
            router.number, Severity.WARNING if others else Severity.CRITICAL,
        )  # fmt: skip

    def _use(self, seen: Seen) -> None:
        """A host with an address of the router's prefix that sends to the Internet through it."""
        frame = seen.frame
        if frame.version != 6 or frame.outer or len(frame.link_destination) != 6:
            return
        silent = self._silent.get((seen.link, frame.link_destination))
        if silent is None or frame.destination[0] & 0xE0 != 0x20:
            return
        if any(_holds(one, frame.destination) for one in silent.prefixes):
            return
        if not any(_holds(one, frame.source) for one in silent.prefixes):
            return
        self._silent.pop((seen.link, frame.link_destination))  # until it says so again
        subject, host = str(IPv6Address(silent.source)), str(IPv6Address(frame.source))
        self._tell(
            seen, subject, f"{subject} ({frame.link_destination.hex(':')}) announces lifetime 0, and {host} still sends"
            " through it",
            silent.number, Severity.WARNING,
        )  # fmt: skip

    def _tell(self, seen: Seen, subject: str, detail: str, before: int, severity: Severity) -> None:
        where = self._copies.place(seen, Fault.ROUTER_GONE, subject)
        if where is not None:
            packets = (before, seen.number)
            self._faults.add(Found(Fault.ROUTER_GONE, subject, where, detail, packets, seen.at_ns, severity))


def _holds(prefix: Prefix, address: bytes) -> bool:
    shift = 128 - prefix.length
    return int.from_bytes(prefix.prefix, "big") >> shift == int.from_bytes(address, "big") >> shift

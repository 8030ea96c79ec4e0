"""A Neighbor Advertisement without the Router flag, for an address that hosts know as a router's (RFC 4861 §7.2.5)."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.instants import SECOND_NS, over, overtaken
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire.neighbours import (
    ALL_ZERO,
    NEIGHBOR_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    ROUTER_ADVERTISEMENT,
    Neighbour,
)

_LIFETIME: Final = 1_800  # seconds that the flag of an NA is remembered: the default of RAs (RFC 4861 §6.2.1)


class _Router:
    __slots__ = ("at_ns", "default", "mac", "number", "until_ns")

    def __init__(self, number: int, at_ns: int | None, mac: bytes, lifetime: int) -> None:
        self.number: Final = number
        self.at_ns: Final = at_ns
        self.mac: Final = mac
        self.default: Final = lifetime > 0  # by an RA; else by the flag of an NA
        self.until_ns: Final = None if at_ns is None else at_ns + (lifetime or _LIFETIME) * SECOND_NS


class RouterFlag:
    """Remembers who is a router, by RA or by the flag itself."""

    concerns = frozenset((Concern.NEIGHBOUR,))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._routers: Final[Recent[tuple[tuple[int, ...], bytes], _Router]] = Recent()

    def see(self, seen: Seen) -> None:
        """An RA, an NA, or a probe."""
        said = seen.neighbour
        if said is None:
            return
        if said.type == ROUTER_ADVERTISEMENT:
            key = (seen.link, seen.frame.source)
            if said.router_lifetime:
                self._is_router(seen, key, said.source_mac, said.router_lifetime)
            else:
                self._routers.pop(key)  # no host holds it as default router any longer
        elif said.type == NEIGHBOR_SOLICITATION:
            key = (seen.link, said.target)
            known = self._routers.get(key) if seen.frame.source == ALL_ZERO else None
            if known is not None and not known.default:
                self._routers.pop(key)  # a CPE that starts anew: it forwards once it is up
        elif said.type == NEIGHBOR_ADVERTISEMENT:
            key = (seen.link, said.target)
            known = self._routers.get(key)
            if said.router:
                if known is None or not known.default:
                    self._is_router(seen, key, said.target_mac, 0)
                else:
                    self._faults.clear(Fault.ROUTER_FLAG, str(IPv6Address(said.target)), seen.on_link, seen.number)
            elif known is not None:
                self._cleared(seen, said, known)

    def end(self) -> None:
        """Nothing waits."""

    def _is_router(self, seen: Seen, key: tuple[tuple[int, ...], bytes], mac: bytes, lifetime: int) -> None:
        self._routers.put(key, _Router(seen.number, seen.at_ns, mac or seen.frame.link_source, lifetime))
        self._faults.clear(Fault.ROUTER_FLAG, str(IPv6Address(key[1])), seen.on_link, seen.number)

    def _cleared(self, seen: Seen, said: Neighbour, known: _Router) -> None:
        if overtaken(seen.at_ns, known.at_ns) or over(seen.at_ns, known.until_ns):
            return
        if not said.override and (said.target_mac != known.mac if said.target_mac else seen.frame.cut):
            return  # hosts keep what they know, the flag included
        subject = str(IPv6Address(said.target))
        where = self._copies.place(seen, Fault.ROUTER_FLAG, subject)
        if where is None:
            return
        if known.default:
            severity, why = Severity.CRITICAL, "announces itself as default router in its RAs"
        else:  # a CPE that starts anew looks so, too, and nobody routes by it
            severity, why = Severity.NOTICE, "said before that it is a router"
        self._faults.add(
            Found(
                Fault.ROUTER_FLAG, subject, where,
                f"{subject} ({seen.frame.link_source.hex(':')}) {why}, and advertises itself without the Router flag",
                (known.number, seen.number), seen.at_ns, severity,
            )
        )  # fmt: skip

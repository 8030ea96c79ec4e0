"""DHCP that is answered and comes to nothing: offers that nobody takes up, prefixes that there are none of, NAKs.

A client that asks again although it was answered did not get the answer, or cannot use it. Nothing is said of one that
asks seldom, as monitoring does, and nothing of a server without addresses alone: where hosts form theirs from Router
Advertisements that is no trouble, and where the M flag sends them to it, the M flag's detector tells it. Pure.
"""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.asked import SAME_NS
from bngcorr.capture.diagnose.client import Client
from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.delegation import granted
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.instants import SECOND_NS, within
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.errors import Malformed
from bngcorr.wire import dhcp4, dhcp6, dhcp6_values
from bngcorr.wire.dhcp6 import Layer

ROUNDS: Final = 3  # times that it asked again although it was answered, or was refused
LONG_NS: Final = 7 * SECOND_NS
PAUSE_NS: Final = 130 * SECOND_NS  # DISCOVER and SOLICIT come again sooner at first (RFC 2131 §4.1, RFC 8415 §7.6)
_NO_PREFIXES: Final = 6  # RFC 8415 §21.13
_MOST: Final = 16_384

_Key = tuple[int, bool, bytes]  # interface, DHCPv6, chaddr or DUID


class _Circle:
    """What a client has tried since it last had a lease, or paused."""

    __slots__ = ("answer", "at_ns", "first_ns", "number", "packets", "rounds", "told", "why")

    def __init__(self) -> None:
        self.first_ns = 0
        self.at_ns = 0  # of the last question
        self.number = 0
        self.answer = 0  # number of the frame that answered it; 0: none did
        self.why = ""
        self.rounds: dict[str, int] = {}
        self.packets: tuple[int, ...] = ()
        self.told: tuple[str, str] | None = None  # subject and place


class DhcpCircles:
    """Looks at DHCP."""

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._circles: Final[Recent[_Key, _Circle]] = Recent(_MOST)

    def see(self, seen: Seen) -> None:
        """A question, an answer, or a lease."""
        client = seen.client
        if client is None or seen.at_ns is None:
            return
        if seen.dhcp4 is not None:
            key = (seen.interface, False, seen.dhcp4.chaddr)
            self._four(seen, seen.at_ns, key, client)
        elif seen.dhcp6 is not None and seen.dhcp6.inner is not None and client.duid:
            self._six(seen, seen.at_ns, (seen.interface, True, client.duid), client, seen.dhcp6.inner)

    def end(self) -> None:
        """Nothing waits."""

    def _four(self, seen: Seen, at_ns: int, key: _Key, client: Client) -> None:
        kind = client.message_type
        if kind in (dhcp4.DISCOVER, dhcp4.REQUEST):
            self._asked(seen, at_ns, key, client, "OFFER" if kind == dhcp4.DISCOVER else "")
        elif kind == dhcp4.OFFER:
            self._answered(seen, key, "no OFFER is taken up")
        elif kind == dhcp4.NAK:
            self._answered(seen, key, "NAK")
        elif kind == dhcp4.ACK:
            self._served(seen, key)

    def _six(self, seen: Seen, at_ns: int, key: _Key, client: Client, inner: Layer) -> None:
        if inner.type in (dhcp6.SOLICIT, dhcp6.REQUEST):
            self._asked(seen, at_ns, key, client, "ADVERTISE" if inner.type == dhcp6.SOLICIT else "")
        elif inner.type in (dhcp6.ADVERTISE, dhcp6.REPLY):
            gives, no_prefix = _gives(inner)
            if inner.type == dhcp6.REPLY and gives:
                self._served(seen, key)
            elif gives:
                self._answered(seen, key, "no ADVERTISE is taken up")
            elif no_prefix:
                self._answered(seen, key, "NoPrefixAvail")

    def _asked(self, seen: Seen, at_ns: int, key: _Key, client: Client, taken_up: str) -> None:
        """`taken_up`: what this question would follow if that was not; empty if it takes something up."""
        circle = self._circles.get(key)
        if circle is None or not within(at_ns, circle.at_ns, PAUSE_NS):
            if circle is not None and 0 <= circle.at_ns - at_ns < PAUSE_NS:
                return  # overtaken
            circle = _Circle()
            circle.first_ns = at_ns
            self._circles.put(key, circle)
        elif at_ns - circle.at_ns < SAME_NS and not circle.answer:
            return  # a relay's copy
        if circle.answer:
            ignored = circle.why.startswith("no ")
            if ignored and not taken_up:
                circle.rounds.pop(circle.why, None)  # it takes it up
            elif at_ns - circle.at_ns >= SAME_NS or not ignored:
                self._round(seen, at_ns, circle, client)
        circle.at_ns, circle.number, circle.answer = at_ns, seen.number, 0

    def _answered(self, seen: Seen, key: _Key, why: str) -> None:
        circle = self._circles.get(key)
        if circle is not None and circle.at_ns and (not circle.answer or why.startswith("no ")):
            circle.answer, circle.why = seen.number, why  # one server's offer counts, whatever others say

    def _served(self, seen: Seen, key: _Key) -> None:
        circle = self._circles.pop(key)
        if circle is not None and circle.told is not None:
            self._faults.clear(Fault.DHCP_IN_CIRCLES, *circle.told, seen.number)

    def _round(self, seen: Seen, at_ns: int, circle: _Circle, client: Client) -> None:
        rounds = circle.rounds[circle.why] = circle.rounds.get(circle.why, 0) + 1
        packets = (circle.number, circle.answer)
        circle.packets += packets if len(circle.packets) < 10 else ()
        if rounds < ROUNDS or at_ns - circle.first_ns < LONG_NS:
            return
        where = circle.told[1] if circle.told is not None else self._copies.place(
            seen, Fault.DHCP_IN_CIRCLES, client.name, client.exchange
        )  # fmt: skip
        if where is None:
            return
        lasted = f"{rounds} times in {(at_ns - circle.first_ns) / SECOND_NS:.1f} s"
        protocol = "DHCPv6" if client.v6 else "DHCPv4"
        if circle.why.startswith("no "):
            detail = f"{client.name} asked again by {protocol} {lasted} although it was answered: {circle.why}"
        else:
            detail = f"{client.name} was refused by {protocol} {lasted}: {circle.why}"
        found = Found(
            Fault.DHCP_IN_CIRCLES, f"{client.name} {protocol}", where, detail,
            packets if circle.told is not None else circle.packets, at_ns,
        )  # fmt: skip
        if circle.told is None:
            found.count = rounds
            found.first_ns = circle.first_ns
        circle.told = (found.subject, where)
        self._faults.add(found)


def _gives(inner: Layer) -> tuple[bool, bool]:
    """Whether there is an address or a prefix in it, and whether it says that there are no prefixes."""
    if granted(inner):
        return True, False
    no_prefix = _says(inner.values.get(dhcp6.STATUS_CODE))
    for code in (dhcp6.IA_NA, dhcp6.IA_PD):
        for octets in inner.all(code):
            try:
                association = dhcp6_values.association(octets)
            except Malformed:
                continue
            if any(one.valid for one in association.addresses):
                return True, False
            no_prefix = no_prefix or (association.status is not None and association.status.code == _NO_PREFIXES)
    return False, no_prefix


def _says(octets: bytes | None) -> bool:
    try:
        return octets is not None and dhcp6_values.status(octets).code == _NO_PREFIXES
    except Malformed:
        return False

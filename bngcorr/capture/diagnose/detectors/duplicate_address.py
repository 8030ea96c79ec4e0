"""Duplicate addresses: what duplicate address detection tells (RFC 4862 §5.4, RFC 5227 §2.1.1, RFC 2131 §3.1).

A probe comes from :: or 0.0.0.0. It is answered by who has the address: an NA to all nodes, any ARP packet of that
sender. Two that probe one address at once are both without it. A DECLINE says what the client saw, if the capture did
not. The prober's own words are no answer: its next probe, the echo of a probe that a bridge sends back, and what it
announces when nobody has answered.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.instants import SECOND_NS, overtaken, within
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.errors import WireError
from bngcorr.wire import dhcp4, dhcp6, dhcp6_values
from bngcorr.wire.dhcp4 import Message4
from bngcorr.wire.dhcp6 import Message6
from bngcorr.wire.neighbours import (
    ALL_ZERO,
    ARP_REPLY,
    ARP_REQUEST,
    NEIGHBOR_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    Arp,
    Neighbour,
)

_ANSWER_NS: Final = 3 * SECOND_NS  # an answer may be delayed by 1 s (RFC 4861 §7.2.4); ARP listens 2 s on
_OWN_NS: Final = SECOND_NS // 10  # no own announcement comes so soon: it waits for answers first, 1 s (RFC 4862 §5.1)
_TOGETHER_NS: Final = 2 * SECOND_NS  # after its last probe: one that waits no longer has the address, and answers
_ECHO_NS: Final = 5_000_000  # the same probe from another MAC that soon is one that a bridge rewrote
_DECLINE_NS: Final = 60 * SECOND_NS  # a DECLINE that late still speaks of the probe
_BROADCAST: Final = b"\xff" * 6
_ANY4: Final = bytes(4)
_LINK_LOCAL: Final = b"\xfe\x80"
_Key = tuple[tuple[int, ...], bytes]  # segment and address


class _Probe:
    __slots__ = ("answered", "at_ns", "echo", "mac", "nonce", "number")

    def __init__(self, number: int, at_ns: int | None, mac: bytes, nonce: bytes) -> None:
        self.number: Final = number
        self.at_ns: Final = at_ns
        self.mac: Final = mac
        self.echo = mac  # the same prober's other MAC, where a bridge rewrites it
        self.nonce: Final = nonce
        self.answered = False


class DuplicateAddress:
    """Remembers the last probe of each address on each segment."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.ARP, Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._probes: Final[Recent[_Key, _Probe]] = Recent()
        self._wanted: Final[Recent[tuple[tuple[int, ...], bytes, bytes], int]] = Recent()  # who asked for whom, by ARP
        self._told: Final[Recent[bytes, tuple[int | None, str]]] = Recent()  # by address: when and where

    def see(self, seen: Seen) -> None:
        """A probe, an answer, a DECLINE."""
        if seen.neighbour is not None:
            if seen.neighbour.type == NEIGHBOR_SOLICITATION and seen.frame.source == ALL_ZERO:
                self._probed(seen, seen.neighbour.target, seen.neighbour.nonce)
            elif seen.neighbour.type == NEIGHBOR_ADVERTISEMENT:
                self._advertised(seen, seen.neighbour)
        elif seen.arp is not None:
            self._arp(seen, seen.arp)
        elif seen.dhcp4 is not None:
            if seen.dhcp4.type == dhcp4.DECLINE:
                self._declined4(seen, seen.dhcp4)
        elif seen.dhcp6 is not None:
            self._declined6(seen, seen.dhcp6)

    def end(self) -> None:
        """Nothing waits."""

    def _probed(self, seen: Seen, address: bytes, nonce: bytes) -> None:
        mac = seen.frame.link_source if seen.arp is None else seen.arp.sender_mac
        key = (seen.link, address)
        before = self._probes.get(key)
        if before is not None and overtaken(seen.at_ns, before.at_ns):
            return
        probe = _Probe(seen.number, seen.at_ns, mac, nonce)
        if before is not None and before.mac != mac and within(seen.at_ns, before.at_ns, _TOGETHER_NS):
            if mac == before.echo or within(seen.at_ns, before.at_ns, _ECHO_NS) or (nonce and nonce == before.nonce):
                before.echo = mac
                return  # the same probe, behind or before a bridge
            probe.answered = True
            self._tell(
                seen, address, before.number, "two probe it at once and neither may use it:"
                f" {before.mac.hex(':')} and {mac.hex(':')}",
            )  # fmt: skip
        self._probes.put(key, probe)

    def _advertised(self, seen: Seen, said: Neighbour) -> None:
        probe = self._pending(seen, said.target)
        if probe is None or seen.frame.destination[0] != 0xFF:  # the prober has no address to be answered at
            return
        mac = seen.frame.link_source
        if mac in (probe.mac, probe.echo) and not (said.override and within(seen.at_ns, probe.at_ns, _OWN_NS)):
            return
        if mac != probe.mac and said.target_mac == probe.mac:
            return  # its own words, behind a bridge
        probe.answered = True
        self._answered(seen, said.target, probe, mac)

    def _arp(self, seen: Seen, packet: Arp) -> None:
        if packet.sender == _ANY4:
            # one to a single MAC only asks whether that one is still there, as access switches do
            if packet.operation == ARP_REQUEST and seen.frame.link_destination in (b"", _BROADCAST):
                self._probed(seen, packet.target, b"")
            return
        if packet.operation == ARP_REQUEST and packet.sender != packet.target:
            self._wanted.put((seen.link, packet.target, packet.sender_mac), seen.number)
        probe = self._pending(seen, packet.sender)
        if probe is None:
            return
        if packet.sender_mac == probe.mac and not (
            packet.operation == ARP_REPLY and packet.target == _ANY4 and within(seen.at_ns, probe.at_ns, _OWN_NS)
        ):
            return
        probe.answered = True
        if (seen.link, packet.sender, probe.mac) not in self._wanted:  # who asked for another's does not want it
            self._answered(seen, packet.sender, probe, packet.sender_mac)

    def _pending(self, seen: Seen, address: bytes) -> _Probe | None:
        probe = self._probes.get((seen.link, address))
        if probe is None or probe.answered or not within(seen.at_ns, probe.at_ns, _ANSWER_NS):
            return None
        return probe

    def _answered(self, seen: Seen, address: bytes, probe: _Probe, mac: bytes) -> None:
        if mac == probe.mac:
            said = f"{mac.hex(':')} probes it and is answered from the same MAC: two devices share that, too"
        else:
            said = f"{probe.mac.hex(':')} probes it, {mac.hex(':')} has it"
        self._tell(seen, address, probe.number, said)

    def _declined4(self, seen: Seen, message: Message4) -> None:
        address = message.address(dhcp4.REQUESTED_ADDRESS)
        if address is not None and address != _ANY4:
            self._declined(seen, address, message.xid + message.chaddr, message.chaddr)

    def _declined6(self, seen: Seen, message: Message6) -> None:
        inner = message.inner
        if inner is None or inner.type != dhcp6.DECLINE:
            return
        client = inner.values.get(dhcp6.CLIENT_ID, b"")
        for option in inner.all(dhcp6.IA_NA)[:8]:
            try:
                addresses = dhcp6_values.association(option).addresses
            except WireError:
                continue
            for one in addresses[:8]:
                self._declined(seen, one.address, inner.transaction_id + client, client)

    def _declined(self, seen: Seen, address: bytes, same: bytes, client: bytes) -> None:
        told = self._told.get(address)
        if told is not None and within(seen.at_ns, told[0], _DECLINE_NS):
            self._faults.also(Fault.DUPLICATE_ADDRESS, _text(address), told[1], seen.number)
            return
        said = f"DHCP gave it to {client.hex(':')}, which declines it: another one has it"
        self._tell(seen, address, seen.number, said, same)

    def _tell(self, seen: Seen, address: bytes, before: int, said: str, same: bytes = b"") -> None:
        subject = _text(address)
        where = self._copies.place(seen, Fault.DUPLICATE_ADDRESS, subject, same)
        if where is None:
            return
        self._told.put(address, (seen.at_ns, where))
        # without its link-local address an interface has no IPv6 at all (RFC 4862 §5.4.5)
        severity = Severity.CRITICAL if address[:2] == _LINK_LOCAL else None
        packets = (before, seen.number) if before != seen.number else (seen.number,)
        self._faults.add(Found(Fault.DUPLICATE_ADDRESS, subject, where, said, packets, seen.at_ns, severity))


def _text(address: bytes) -> str:
    return str(IPv4Address(address) if len(address) == 4 else IPv6Address(address))

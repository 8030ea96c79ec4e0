"""One CPE, two MACs: its DHCPv4 names one, its DHCPv6 comes from another, or claims one in its DUID.

A BNG, and bngcorr, join the stacks of a CPE by its MAC: `chaddr` of DHCPv4 (RFC 2131 §2), and for DHCPv6 the Ethernet
source or what the relay saw (option 79, RFC 6939). That two messages are of one CPE is told by what does not rest on
those: the DUID in its DHCPv4 client identifier (RFC 4361 §6.1), a DUID that names the MAC of DHCPv4, a line id that
both have, a VLAN of the line's own (two tags). A DUID may name any MAC that the device had when it was made (RFC 8415
§11): another than that of both stacks is no more than a notice.
"""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.model.duid import mac_of_duid, mac_of_link_layer
from bngcorr.model.mac import Mac, usable
from bngcorr.wire import dhcp4, dhcp6
from bngcorr.wire.dhcp4 import Message4
from bngcorr.wire.dhcp6 import Message6

_OWN_IDENTIFIER: Final = 0xFF  # type of a client identifier that is IAID and DUID (RFC 4361 §6.1)
_OF_CLIENTS: Final = frozenset(
    (dhcp6.SOLICIT, dhcp6.REQUEST, dhcp6.CONFIRM, dhcp6.RENEW, dhcp6.REBIND, dhcp6.INFORMATION_REQUEST)
)  # RELEASE and DECLINE come from devices that leave
_SERVERS_PORT: Final = 547
_MOST_MACS: Final = 2  # of one family: with more the key is no CPE's
_SURE: Final = 2  # messages of each family, before a verdict
_ENTERPRISE_OCTETS: Final = 4
_JOINED: Final = {
    "duid": ("one DUID in both client identifiers", Severity.WARNING),
    "mac": ("the DUID names the MAC of DHCPv4", Severity.WARNING),
    "line": ("one line id, so probably one CPE", Severity.NOTICE),
    "vlan": ("one VLAN of two tags, so probably one CPE", Severity.NOTICE),
}
_Key = tuple[str, tuple[int, ...], bytes]  # how they are joined, the segment if it matters, what joins


class _Cpe:
    """MACs by family, each with its messages' count and the number of the first one."""

    __slots__ = ("four", "six", "told")

    def __init__(self) -> None:
        self.four: Final[dict[Mac, tuple[int, int]]] = {}
        self.six: Final[dict[Mac, tuple[int, int]]] = {}
        self.told = False


class Macs:
    """Joins DHCPv4 and DHCPv6 by what is no MAC of the frame, and compares the MACs."""

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._cpes: Final[Recent[_Key, _Cpe]] = Recent()
        self._duids: Final[Recent[tuple[tuple[int, ...], Mac], bool]] = Recent()  # of whom a notice was given

    def see(self, seen: Seen) -> None:
        """A client's message, relayed or not."""
        if seen.dhcp4 is not None:
            self._four(seen, seen.dhcp4)
        elif seen.dhcp6 is not None:
            self._six(seen, seen.dhcp6)

    def end(self) -> None:
        """Nothing waits."""

    def _four(self, seen: Seen, message: Message4) -> None:
        mac = message.mac
        if message.operation != 1 or mac is None or message.type not in (dhcp4.DISCOVER, dhcp4.REQUEST, dhcp4.INFORM):
            return
        keys: list[_Key] = [("mac", seen.link, mac)]
        identifier = message.options.values.get(dhcp4.CLIENT_ID, b"")
        if identifier[:1] == bytes((_OWN_IDENTIFIER,)) and len(identifier) > 9:
            keys.append(("duid", (), identifier[5:]))
        relay = message.relay
        if relay is not None:
            keys.extend(_lines(relay.circuit_id, relay.remote_id))
        if message.giaddr == bytes(4) and len(seen.frame.vlans) > 1:
            keys.append(("vlan", seen.link, b""))
        for key in keys:
            cpe = self._cpe(key)
            _count(cpe.four, mac, seen.number)
            self._judge(seen, key, cpe)

    def _six(self, seen: Seen, message: Message6) -> None:
        inner, relays = message.inner, message.relays
        if inner is None or inner.type not in _OF_CLIENTS or seen.frame.destination_port != _SERVERS_PORT:
            return
        mac = _own_mac(seen, message)
        if mac is None:
            return
        duid = inner.values.get(dhcp6.CLIENT_ID, b"")
        claimed = mac_of_duid(duid)
        keys: list[_Key] = []
        if len(duid) > 4:
            keys.append(("duid", (), duid))
        if claimed is not None and claimed != mac:
            keys.append(("mac", seen.link, claimed))
        if relays:
            interface_id = relays[-1].values.get(dhcp6.INTERFACE_ID)
            remote_id = relays[-1].values.get(dhcp6.REMOTE_ID, b"")[_ENTERPRISE_OCTETS:]
            keys.extend(_lines(interface_id, remote_id))
        elif len(seen.frame.vlans) > 1:
            keys.append(("vlan", seen.link, b""))
        for key in keys:
            cpe = self._cpe(key)
            _count(cpe.six, mac, seen.number)
            self._judge(seen, key, cpe)
        if claimed is not None and claimed != mac:
            self._duid(seen, mac, claimed)

    def _cpe(self, key: _Key) -> _Cpe:
        cpe = self._cpes.get(key)
        if cpe is None:
            cpe = _Cpe()
            self._cpes.put(key, cpe)
        return cpe

    def _has_four(self, seen: Seen, mac: Mac) -> bool:
        cpe = self._cpes.get(("mac", seen.link, mac))
        return cpe is not None and bool(cpe.four)

    def _judge(self, seen: Seen, key: _Key, cpe: _Cpe) -> None:
        if cpe.told or len(cpe.four) != 1 or len(cpe.six) != 1:
            return
        ((four, (count4, number4)),) = cpe.four.items()
        ((six, (count6, number6)),) = cpe.six.items()
        if four == six or count4 < _SURE or count6 < _SURE:
            return
        if self._has_four(seen, six):  # that one has an IPv4 of its own: two devices, or two cards of one
            return
        cpe.told = True
        subject = four.hex(":")
        where = self._copies.place(seen, Fault.MACS_DIFFER, subject)
        if where is not None:
            how, severity = _JOINED[key[0]]
            detail = f"DHCPv4 of {subject}, DHCPv6 from {six.hex(':')}: {how}"
            packets = tuple(sorted({number4, number6, seen.number}))
            self._faults.add(Found(Fault.MACS_DIFFER, subject, where, detail, packets, seen.at_ns, severity))

    def _duid(self, seen: Seen, mac: Mac, claimed: Mac) -> None:
        if (seen.link, mac) in self._duids or not self._has_four(seen, mac) or self._has_four(seen, claimed):
            return
        self._duids.put((seen.link, mac), True)
        subject = mac.hex(":")
        where = self._copies.place(seen, Fault.DUID_OF_OTHER, subject)
        if where is not None:
            detail = f"DHCPv4 and DHCPv6 of {subject}, its DUID names {claimed.hex(':')}"
            self._faults.add(Found(Fault.DUID_OF_OTHER, subject, where, detail, (seen.number,), seen.at_ns))


def _lines(first: bytes | None, second: bytes | None) -> list[_Key]:
    """A line by both of its ids: one alone may be a node's."""
    return [("line", (), first + b"\0" + second)] if first and second else []


def _count(macs: dict[Mac, tuple[int, int]], mac: Mac, number: int) -> None:
    count, first = macs.get(mac, (0, number))
    if count or len(macs) < _MOST_MACS:
        macs[mac] = (count + 1, first)


def _own_mac(seen: Seen, message: Message6) -> Mac | None:
    """Of the card that DHCPv6 came from: what the relay next to it saw, or the Ethernet source if there is none."""
    if message.relays:
        return mac_of_link_layer(message.relays[-1].values.get(dhcp6.CLIENT_LINKLAYER, b""))
    source = seen.frame.source
    if len(source) != 16 or source[0] != 0xFE or source[1] & 0xC0 != 0x80:  # not on its own link any longer
        return None
    return usable(seen.frame.link_source)

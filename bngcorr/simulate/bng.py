"""How each family of BNGs writes a request: octets from the truth, with nothing of the product's own code.

The attributes are those that the profiles' sources name: what each family reports of port, MAC, line and DHCP options.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from struct import pack
from typing import Final

from bngcorr.simulate.octets import (
    access_request,
    accounting_request,
    attribute,
    discover_options,
    integer,
    relayed_options,
    solicit_options,
    vendor,
)
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.population import Box, Line
from bngcorr.simulate.sites import Place
from bngcorr.simulate.timeline import EPOCH_MS

_FORUM: Final = 3561
_NOKIA: Final = 6527
_ERX: Final = 4874
_CISCO: Final = 9
_HUAWEI: Final = 2011
_REDBACK: Final = 2352

_STATUS: Final = {Code.START: 1, Code.STOP: 2, Code.INTERIM: 3, Code.ON: 7, Code.OFF: 8}
_ETHERNET: Final = integer(61, 15)
_PASSWORD: Final = attribute(2, md5(b"the policy's password").digest())


def secret_of(box: Box) -> bytes:
    """The shared secret of a simulated box; it never meets a network."""
    return md5(box.name.encode()).hexdigest().encode()


class Bng:
    """One box's hand: `write` turns packets into octets."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._secret = secret_of(box)
        self._family = _FAMILIES[box.site.profile]
        self._address = attribute(4, bytes(int(part) for part in box.host.split(".")))
        self._serial = 0

    def write(self, packet: Packet, line: Line | None) -> bytes:
        """The octets of a request; `line` is None where the box speaks of itself."""
        self._serial += 1
        identifier = self._serial & 0xFF
        if line is None:
            return accounting_request(identifier, self._address + _record(packet), self._secret)
        said = self._address + self._family(self._box, packet, line)
        if packet.code is not Code.ACCESS:
            said += _record(packet) + _hosts(packet, line)
            return accounting_request(identifier, said, self._secret)
        if self._box.site.early_session:
            said += attribute(44, packet.session)
        authenticator = md5(pack("!HI", self._box.number, self._serial)).digest()
        return access_request(identifier, authenticator, said, self._secret, signed=self._box.site.signs)


def _record(packet: Packet) -> bytes:
    said = integer(40, _STATUS[packet.code]) + integer(55, (EPOCH_MS + packet.event_ms) // 1000)
    if packet.session:
        said += attribute(44, packet.session)
    return said + integer(41, packet.delay_s) if packet.delay_s else said


def _hosts(packet: Packet, line: Line) -> bytes:
    said = b""
    if packet.v4_host:
        said += integer(8, 10 << 24 | line.number + 1)
    if packet.v6_host:
        said += attribute(97, b"\0\x40\x20\x01\x0d\xb8" + pack("!I", line.number + 1) + bytes(8))
        said += attribute(123, b"\0\x38\x20\x01\x0d\xb9" + pack("!I", line.number + 1 << 8) + bytes(8))
    return said


def option37_of(line: Line) -> bytes:
    """What the access node of the line puts into Option 37 (RFC 4649 §3)."""
    return line.enterprise.to_bytes(4, "big") + line.remote_id


def _remote_id(packet: Packet, line: Line) -> bytes:
    return option37_of(line) if packet.form is Form.OPTION37 else line.remote_id


def _forum(packet: Packet, line: Line) -> bytes:
    """The Broadband Forum's Agent-Circuit-Id and Agent-Remote-Id (RFC 4679 §3.3)."""
    if packet.form is Form.NONE:
        return b""
    return vendor(_FORUM, 1, line.circuit_id) + vendor(_FORUM, 2, _remote_id(packet, line))


def _raw4(line: Line) -> bytes:
    return discover_options(line.remote_id, line.circuit_id)


def _raw6(packet: Packet, line: Line) -> bytes:
    if packet.form is Form.OPTION37:
        return relayed_options(packet.mac, line.circuit_id, option37_of(line))
    return solicit_options(packet.mac)


def _vlans(place: Place, separator: str) -> str:
    return str(place.outer) if place.inner is None else f"{place.outer}{separator}{place.inner}"


def _port(text: str) -> bytes:
    return attribute(87, text.encode())


def _sros(box: Box, packet: Packet, line: Line) -> bytes:
    mac = packet.mac.hex(":").encode()
    place = packet.place
    port = f"1/1/{place.port}:{_vlans(place, '.')}" if place is not None else ""
    if box.site.raw and not packet.v6:
        port += f" {line.circuit_id.decode()}"  # a configured suffix, which v6 without LDRA lacks
    said = attribute(1, mac) + _forum(packet, line) + _ETHERNET + _port(port) + vendor(_NOKIA, 27, mac)
    if packet.code is Code.ACCESS:
        said += _PASSWORD
        if box.site.raw:
            said += vendor(_NOKIA, 191, _raw6(packet, line)) if packet.v6 else vendor(_NOKIA, 102, _raw4(line))
    return said


def _magc(box: Box, packet: Packet, line: Line) -> bytes:
    mac, place = packet.mac.hex(":").encode(), packet.place
    sap = f"1/1/c2/{place.port}:{_vlans(place, '.')}" if place is not None else ""
    said = attribute(1, mac) + attribute(31, sap.encode()) + _forum(packet, line) + _ETHERNET
    said += _port(f"bert 1.1.1.{100 + box.number}/{sap} ") + vendor(_NOKIA, 27, mac)
    if packet.code is Code.ACCESS:
        said += _PASSWORD
        said += vendor(_NOKIA, 191, _raw6(packet, line)) if packet.v6 else vendor(_NOKIA, 102, _raw4(line))
    return said


def _dotted(mac: bytes) -> str:
    digits = mac.hex()
    return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"


def _junos(_: Box, packet: Packet, line: Line) -> bytes:
    mac, place = _dotted(packet.mac), packet.place
    said = attribute(1, mac.encode()) + vendor(_ERX, 56, mac.encode()) + _forum(packet, line) + _ETHERNET
    if place is not None:
        unit = 3221225472 + 2 * line.number + packet.v6  # each stack has a unit of its own
        said += _port(f"ae{place.port}.{unit}:{_vlans(place, '-')}")
    if packet.code is Code.ACCESS:
        said += _PASSWORD
        said += vendor(_ERX, 207, _raw6(packet, line)) if packet.v6 else vendor(_ERX, 55, _raw4(line))
    return said


def _pair(name: str, value: str) -> bytes:
    return vendor(_CISCO, 1, f"{name}={value}".encode())


def _cisco(_: Box, packet: Packet, line: Line) -> bytes:
    mac, place = _dotted(packet.mac), packet.place
    said = attribute(1, mac.encode()) + integer(61, 34) + integer(6, 5) + _pair("client-mac-address", mac)
    if place is not None:
        port = f"0/0/{place.port}/{_vlans(place, '.')}"
        said += _port(port) + vendor(_CISCO, 2, port.encode())
    if packet.form is Form.PLAIN:
        said += _pair("circuit-id-tag", line.circuit_id.hex())
        if packet.code is Code.ACCESS:
            said += _pair("vendor-class-id-tag", "MSFT 5.0")
    elif packet.form is Form.OPTION37:
        said += _pair("dhcpv6-interface-id", line.circuit_id.decode())
    if packet.form is not Form.NONE:
        said += _pair("remote-id-tag", _remote_id(packet, line).hex())
    return said + _PASSWORD if packet.code is Code.ACCESS else said


def _huawei(_: Box, packet: Packet, line: Line) -> bytes:
    mac, place = packet.mac.hex("-").encode(), packet.place
    said = attribute(1, mac) + vendor(_HUAWEI, 153, mac) + _ETHERNET
    if place is not None:
        inner = "" if place.inner is None else f"vlanid2={place.inner};"
        said += _port(f"slot=1;subslot=0;port={place.port};vlanid={place.outer};{inner}")
    if packet.form is Form.PLAIN:
        said += _forum(packet, line)
    elif packet.form is Form.OPTION37:
        option37 = option37_of(line)
        # `dhcpv6 option-37 offset`: the number goes only if the option is 10 or 16 octets long
        said += vendor(_HUAWEI, 150, option37[4:] if len(option37) in (10, 16) else option37)
        said += vendor(_FORUM, 1, line.circuit_id)
    if packet.code is Code.ACCESS:
        said += _PASSWORD
        said += vendor(_HUAWEI, 189, b"\0\1" + packet.mac) if packet.v6 else vendor(_HUAWEI, 187, b"\0\x3cMSFT 5.0")
    return said


def _ericsson(_: Box, packet: Packet, line: Line) -> bytes:
    mac, place = packet.mac.hex("-").encode(), packet.place
    said = attribute(1, mac) + vendor(_REDBACK, 145, mac) + _ETHERNET
    if place is not None:
        said += _port(f"2/{place.port}:{_vlans(place, '.')}")
    if packet.form is not Form.NONE:
        said += vendor(_REDBACK, 96, _remote_id(packet, line)) + vendor(_REDBACK, 97, line.circuit_id)
    if packet.code is Code.ACCESS:
        said += _PASSWORD
        said += vendor(_REDBACK, 208, b"SOLICIT") if packet.v6 else vendor(_REDBACK, 202, _raw4(line))
    return said


def _generic(_: Box, packet: Packet, line: Line) -> bytes:
    mac, place = packet.mac.hex("-").upper().encode(), packet.place
    said = attribute(1, mac) + attribute(31, mac) + _forum(packet, line) + _ETHERNET
    if place is not None:
        said += _port(f"eth{place.port}:{_vlans(place, '.')}")
    return said + _PASSWORD if packet.code is Code.ACCESS else said


_FAMILIES: Final[dict[str, Callable[[Box, Packet, Line], bytes]]] = {
    "nokia-sros": _sros,
    "nokia-magc": _magc,
    "juniper-mx": _junos,
    "cisco": _cisco,
    "huawei-ne": _huawei,
    "ericsson-se": _ericsson,
    "generic": _generic,
}

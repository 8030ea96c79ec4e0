"""The lines of a BNG, what the BNG says of them, and what has to be in the ledger. Pure.

The BNG is an SR OS box: N:1 VLANs of 64 customers, one dual-stack accounting session for each line, Option 82 for
DHCPv4 and no line id at all for DHCPv6. Each packet ends with a Connect-Info that names line and kind, which the
service passes on unread, so that AAA can tell what it got.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Final

from bngcorr.model.usage import Traffic, Usage

ACCESS_REQUEST: Final = 1
ACCOUNTING_REQUEST: Final = 4
MOST_LINES: Final = 1 << 23
CUSTOMERS_PER_VLAN: Final = 64
INTERVAL_S: Final = 900
MARK: Final = b"\x4d\x12storm:"  # type and length of Connect-Info, and how ours begins: "storm:0000002a:4"
MARK_OCTETS: Final = 18
DISCOVER: Final = bytes.fromhex("350101390205dc37050103060f2aff")  # message type, size, parameter list, end
SOLICIT: Final = bytes.fromhex("0008000200000001000a0003000102000300000100060002001700190000")

_V4, _V6 = (1_000, 3_000), (400, 2_000)  # octets that the two Interims tell, both families together and IPv6


class Kind(IntEnum):
    """What a request is; the five of a line in the order in which its BNG sends them."""

    ACCESS_V4 = 0
    ACCESS_V6 = 1
    START = 2
    INTERIM_1 = 3
    INTERIM_2 = 4
    ON = 5
    BEFORE = 6  # an Interim of the life before the restart

    @property
    def title(self) -> str:
        """For people and for JSON."""
        return _TITLES[self]

    @property
    def code(self) -> int:
        """RADIUS packet code."""
        return ACCESS_REQUEST if self in (Kind.ACCESS_V4, Kind.ACCESS_V6) else ACCOUNTING_REQUEST


_TITLES: Final = {
    Kind.ACCESS_V4: "access v4",
    Kind.ACCESS_V6: "access v6",
    Kind.START: "start",
    Kind.INTERIM_1: "interim 1",
    Kind.INTERIM_2: "interim 2",
    Kind.ON: "accounting-on",
    Kind.BEFORE: "before the restart",
}
STORY: Final = (Kind.ACCESS_V4, Kind.ACCESS_V6, Kind.START, Kind.INTERIM_1, Kind.INTERIM_2)


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute (RFC 2865 §5)."""
    return bytes((kind, len(value) + 2)) + value


def number(kind: int, value: int) -> bytes:
    """One attribute of four octets."""
    return bytes((kind, 6)) + value.to_bytes(4, "big")


def vendor(enterprise: int, kind: int, value: bytes) -> bytes:
    """One VSA with one sub-attribute (RFC 2865 §5.26)."""
    return attribute(26, enterprise.to_bytes(4, "big") + attribute(kind, value))


@dataclass(frozen=True, slots=True)
class Bng:
    """A BNG and its lines, numbered from `first` on; the numbers of two BNGs don't meet."""

    name: str
    host: str
    first: int
    lines: int

    @property
    def numbers(self) -> range:
        """Its lines."""
        return range(self.first, self.first + self.lines)


def mac(line: int) -> bytes:
    """As SR OS writes it."""
    return b"00:0e:8f:%02x:%02x:%02x" % (line >> 16 & 0xFF, line >> 8 & 0xFF, line & 0xFF)


def port(line: int) -> str:
    """48 ports."""
    return f"1/1/{line % 48 + 1}"


def remote_id(line: int) -> bytes:
    """Agent-Remote-Id, without enterprise number."""
    return b"LINE-%07d" % line


def circuit_id(line: int) -> bytes:
    """Agent-Circuit-Id."""
    return b"olt%02d eth 1/%d/%d:%d" % (line % 40, line % 16, line % 8, line % 4094)


def v4(life: int, line: int) -> bytes:
    """The address in that life of the BNG (0: before the restart, 1: after it); four octets."""
    return (0x0A000000 + (life << 23) + line).to_bytes(4, "big")


def slaac(life: int, line: int) -> bytes:
    """Framed-IPv6-Prefix, a /64 (RFC 3162 §2.3)."""
    return b"\x00\x40" + ((0x3FFF << 48) + (life << 40) + line).to_bytes(8, "big")


def delegated(life: int, line: int) -> bytes:
    """Delegated-IPv6-Prefix, a /56 (RFC 4818 §3)."""
    return b"\x00\x38" + ((0x20010DB8 << 24) + (life << 23) + line).to_bytes(7, "big")


def session_id(life: int, line: int) -> bytes:
    """Acct-Session-Id: a new one in each life."""
    return b"18%02X%08X67FBD27E" % (life, line)


def mark(line: int, kind: Kind) -> bytes:
    """Connect-Info that tells AAA what this is."""
    return MARK + b"%08x:%d" % (line, kind)


def _customer(line: int) -> bytes:
    vlan = 100 + line // (48 * CUSTOMERS_PER_VLAN) % 3900
    hardware = mac(line)
    return (
        attribute(1, hardware)
        + attribute(87, b"%s:%d" % (port(line).encode(), vlan))
        + vendor(6527, 27, hardware)
        + number(61, 15)
    )


def _ids(line: int) -> bytes:
    return vendor(3561, 1, circuit_id(line)) + vendor(3561, 2, remote_id(line))


def access(host: str, line: int, kind: Kind) -> bytes:
    """Attributes of an Access-Request for a DISCOVER, or for a SOLICIT that no access node has put an id into."""
    ours = vendor(6527, 102, DISCOVER) + _ids(line) if kind is Kind.ACCESS_V4 else vendor(6527, 191, SOLICIT)
    nas = attribute(4, bytes(map(int, host.split("."))))
    return _customer(line) + attribute(2, b"0123456789abcdef") + nas + ours + mark(line, kind)


def accounting(host: str, line: int, kind: Kind) -> bytes:
    """Attributes of a record, without times: a Start holds v4, an Interim both families."""
    life = 0 if kind is Kind.BEFORE else 1
    status, (octets, ipv6) = {
        Kind.START: (1, (0, 0)),
        Kind.INTERIM_1: (3, (_V4[0], _V6[0])),
        Kind.INTERIM_2: (3, (_V4[1], _V6[1])),
        Kind.BEFORE: (3, (0, 0)),
    }[kind]
    hosts = attribute(8, v4(life, line))
    if kind is not Kind.START:
        hosts += attribute(97, slaac(life, line)) + attribute(123, delegated(life, line))
    return (
        number(40, status)
        + attribute(4, bytes(map(int, host.split("."))))
        + attribute(44, session_id(life, line))
        + _customer(line)
        + _ids(line)
        + hosts
        + number(85, INTERVAL_S)
        + number(42, octets)
        + number(43, 0)
        + vendor(6527, 195, ipv6.to_bytes(4, "big"))
        + vendor(6527, 198, bytes(4))
        + mark(line, kind)
    )


def restart(bng: Bng) -> bytes:
    """Attributes of an Accounting-On (RFC 2866 §5.1)."""
    return number(40, 7) + attribute(4, bytes(map(int, bng.host.split(".")))) + mark(bng.first, Kind.ON)


def body(host: str, line: int, kind: Kind) -> bytes:
    """Attributes of any request of a line."""
    return access(host, line, kind) if kind.code == ACCESS_REQUEST else accounting(host, line, kind)


def granted(line: int, kind: Kind) -> bytes:
    """What the Access-Accept gives."""
    if kind is Kind.ACCESS_V4:
        return number(85, INTERVAL_S) + attribute(8, v4(1, line))
    return number(85, INTERVAL_S) + attribute(97, slaac(1, line)) + attribute(123, delegated(1, line))


def usage(lines: int) -> Usage:
    """The ledger when so many lines are up, each with one dual-stack session."""
    return Usage(v4=lines, ia_pd=lines, slaac=lines, sessions=lines, na_or_pd=lines)


def usage_by_port(bng: Bng) -> dict[str, Usage]:
    """The same by port."""
    return {name: usage(lines) for name, lines in Counter(map(port, bng.numbers)).items()}


def traffic(lines: int) -> Traffic:
    """Octets that the records of so many lines tell since the restart."""
    return Traffic(v4=lines * (_V4[1] - _V6[1]), v6=lines * _V6[1])


def address(life: int, line: int) -> IPv4Address:
    """As it is looked up."""
    return IPv4Address(v4(life, line))

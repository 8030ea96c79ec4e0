"""What lessons of the tests are about: keys, lines and hosts by short names, and instants."""

from __future__ import annotations

from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.lesson import SessionStep

NOW: Final = 1_800_000_000_000  # epoch milliseconds
DAY: Final = 86_400_000
WALK: Final = 1_000  # ms of a walk over the sessions; ten times that over all else
BUCKETS: Final = 4096
BNG: Final = "bng1"
NAS: Final = "bng1|0a000001"
OTHER_NAS: Final = "bng1|0a000002"

EXPECTED, START, INTERIM, STOP = SessionStep.EXPECTED, SessionStep.START, SessionStep.INTERIM, SessionStep.STOP


def key(name: str) -> str:
    """Hash of a correlation key, a MAC, a place or a session."""
    return blake2b(name.encode(), digest_size=12).hexdigest()


def line(number: int) -> str:
    """Key of a line."""
    return key(f"line {number}")


def ids_of(number: int) -> LineIds:
    """Its ids."""
    return LineIds(b"LINE-%d" % number, b"eth %d" % number)


def v4(octet: int = 9) -> Host:
    """An IPv4 host."""
    return Host(HostKind.V4, IPv4Address(f"203.0.113.{octet}"))


def ia_na(number: int = 9) -> Host:
    """An IA_NA host."""
    return Host(HostKind.IA_NA, IPv6Address(0x20010DB8 << 96 | number))


def ia_pd(number: int = 1) -> Host:
    """A delegated prefix."""
    return Host(HostKind.IA_PD, IPv6Network((0x20010DB8 << 96 | number << 72, 56)))


def slaac(number: int = 2) -> Host:
    """A SLAAC prefix."""
    return Host(HostKind.SLAAC, IPv6Network((0x20010DB8 << 96 | number << 64, 64)))


def pd_route(number: int = 1) -> Host:
    """A delegated prefix behind another host."""
    return Host(HostKind.PD_ROUTE, IPv6Network((0x20010DB8 << 96 | number << 72, 56)))

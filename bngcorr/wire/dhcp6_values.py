"""What single DHCPv6 options hold (RFC 8415 §21, RFC 4649, RFC 6939).

Each function takes the data behind code and length. All raise Malformed and nothing else: bad-length if the fixed part
is not there, overrun if a length inside points behind the end, bad-prefix. Addresses and prefixes are 16 octets, times
are seconds.
"""

from __future__ import annotations

from typing import Final

from bngcorr.errors import Malformed
from bngcorr.wire import dhcp6
from bngcorr.wire.refusal import Refusal

FOREVER: Final = 0xFFFFFFFF  # a lifetime without end (RFC 8415 §7.7)
STATUSES: Final = {
    0: "Success", 1: "UnspecFail", 2: "NoAddrsAvail", 3: "NoBinding", 4: "NotOnLink", 5: "UseMulticast",
    6: "NoPrefixAvail", 7: "UnknownQueryType", 8: "MalformedQuery", 9: "NotConfigured", 10: "NotAllowed",
}  # fmt: skip


class Status:
    """Option 13."""

    __slots__ = ("code", "message")

    def __init__(self, code: int, message: bytes) -> None:
        self.code: Final = code  # 0 is success
        self.message: Final = message  # UTF-8 as the server claims


class IaAddress:
    """Option 5, in an IA_NA or IA_TA."""

    __slots__ = ("address", "preferred", "status", "valid")

    def __init__(self, address: bytes, preferred: int, valid: int, status: Status | None) -> None:
        self.address: Final = address
        self.preferred: Final = preferred
        self.valid: Final = valid  # 0: to be given up
        self.status: Final = status


class IaPrefix:
    """Option 26, in an IA_PD."""

    __slots__ = ("length", "preferred", "prefix", "status", "valid")

    def __init__(self, prefix: bytes, length: int, preferred: int, valid: int, status: Status | None) -> None:
        self.prefix: Final = prefix
        self.length: Final = length  # 0 … 128; 0 in a request: any length
        self.preferred: Final = preferred
        self.valid: Final = valid
        self.status: Final = status


class Association:
    """Option 3, 4 or 25: an identity association of addresses or of prefixes."""

    __slots__ = ("addresses", "faults", "iaid", "prefixes", "rebind_at", "renew_at", "status")

    def __init__(self, iaid: bytes, renew_at: int, rebind_at: int) -> None:
        self.iaid: Final = iaid  # 4 octets
        self.renew_at: Final = renew_at  # T1; 0 in an IA_TA
        self.rebind_at: Final = rebind_at  # T2
        self.addresses: Final[list[IaAddress]] = []
        self.prefixes: Final[list[IaPrefix]] = []
        self.status: Status | None = None
        self.faults: Final[list[Refusal]] = []  # of options inside that are malformed, and left out


class RemoteIdOption:
    """Option 37, Relay Agent Remote-ID (RFC 4649 §3): enterprise number (4), then 1 or more opaque octets."""

    __slots__ = ("enterprise_number", "remote_id")

    def __init__(self, enterprise_number: int, remote_id: bytes) -> None:
        self.enterprise_number: Final = enterprise_number
        self.remote_id: Final = remote_id  # never empty


def inner_options(octets: bytes, at: int) -> list[tuple[int, bytes]]:
    """Options inside an option, from octet `at`, as code and data. Raises Malformed: overrun."""
    found: list[tuple[int, bytes]] = []
    size = len(octets)
    while at < size:
        if at + 4 > size:
            raise Malformed(Refusal.OVERRUN, at)
        end = at + 4 + _short(octets, at + 2)
        if end > size:
            raise Malformed(Refusal.OVERRUN, at)
        found.append((_short(octets, at), octets[at + 4 : end]))
        at = end
    return found


def association(octets: bytes) -> Association:
    """Option 3 (IA_NA) or 25 (IA_PD)."""
    _at_least(octets, 12)
    found = Association(octets[:4], _long(octets, 4), _long(octets, 8))
    _fill(found, octets, 12)
    return found


def temporary(octets: bytes) -> Association:
    """Option 4 (IA_TA)."""
    _at_least(octets, 4)
    found = Association(octets[:4], 0, 0)
    _fill(found, octets, 4)
    return found


def _fill(found: Association, octets: bytes, at: int) -> None:
    try:
        inner = inner_options(octets, at)
    except Malformed:
        found.faults.append(Refusal.OVERRUN)
        return
    for code, value in inner:
        try:
            if code == dhcp6.IA_ADDRESS:
                found.addresses.append(ia_address(value))
            elif code == dhcp6.IA_PREFIX:
                found.prefixes.append(ia_prefix(value))
            elif code == dhcp6.STATUS_CODE and found.status is None:
                found.status = status(value)
        except Malformed as error:
            found.faults.append(Refusal(error.reason))


def ia_address(octets: bytes) -> IaAddress:
    """Option 5."""
    _at_least(octets, 24)
    return IaAddress(octets[:16], _long(octets, 16), _long(octets, 20), _status_in(octets, 24))


def ia_prefix(octets: bytes) -> IaPrefix:
    """Option 26."""
    _at_least(octets, 25)
    if octets[8] > 128:
        raise Malformed(Refusal.BAD_PREFIX, 8)
    return IaPrefix(octets[9:25], octets[8], _long(octets, 0), _long(octets, 4), _status_in(octets, 25))


def _status_in(octets: bytes, at: int) -> Status | None:
    for code, value in inner_options(octets, at):
        if code == dhcp6.STATUS_CODE:
            return status(value)
    return None


def status(octets: bytes) -> Status:
    """Option 13."""
    _at_least(octets, 2)
    return Status(_short(octets, 0), octets[2:])


def elapsed(octets: bytes) -> int:
    """Option 8: hundredths of a second since the exchange began; 65535 is that or more."""
    _exactly(octets, 2)
    return _short(octets, 0)


def codes(octets: bytes) -> list[int]:
    """Option 6: the codes of the options that are asked for."""
    if len(octets) % 2:
        raise Malformed(Refusal.BAD_LENGTH, len(octets))
    return [_short(octets, at) for at in range(0, len(octets), 2)]


def items(octets: bytes) -> list[bytes]:
    """Option 15, and the data of option 16: each with its length of 2 octets in front."""
    found: list[bytes] = []
    at, size = 0, len(octets)
    while at < size:
        if at + 2 > size or at + 2 + _short(octets, at) > size:
            raise Malformed(Refusal.OVERRUN, at)
        end = at + 2 + _short(octets, at)
        found.append(octets[at + 2 : end])
        at = end
    return found


def vendor_class(octets: bytes) -> tuple[int, list[bytes]]:
    """Option 16: enterprise number, and classes."""
    _at_least(octets, 4)
    return _long(octets, 0), items(octets[4:])


def vendor_options(octets: bytes) -> tuple[int, list[tuple[int, bytes]]]:
    """Option 17: enterprise number, and that vendor's options as code and data."""
    _at_least(octets, 4)
    return _long(octets, 0), inner_options(octets, 4)


def remote_id(octets: bytes) -> RemoteIdOption:
    """Option 37."""
    _at_least(octets, 5)
    return RemoteIdOption(_long(octets, 0), octets[4:])


def link_layer(octets: bytes) -> tuple[int, bytes]:
    """Option 79 (RFC 6939 §4): hardware type (1 is Ethernet), and the address; one of over 20 octets is none."""
    if not 3 <= len(octets) <= 22:
        raise Malformed(Refusal.BAD_LENGTH, 0)
    return _short(octets, 0), octets[2:]


def addresses(octets: bytes) -> list[bytes]:
    """Option 23 and its like: one address or more."""
    if not octets or len(octets) % 16:
        raise Malformed(Refusal.BAD_LENGTH, len(octets))
    return [octets[at : at + 16] for at in range(0, len(octets), 16)]


def _at_least(octets: bytes, size: int) -> None:
    if len(octets) < size:
        raise Malformed(Refusal.BAD_LENGTH, len(octets))


def _exactly(octets: bytes, size: int) -> None:
    if len(octets) != size:
        raise Malformed(Refusal.BAD_LENGTH, len(octets))


def _short(octets: bytes, at: int) -> int:
    return octets[at] << 8 | octets[at + 1]


def _long(octets: bytes, at: int) -> int:
    return octets[at] << 24 | octets[at + 1] << 16 | octets[at + 2] << 8 | octets[at + 3]

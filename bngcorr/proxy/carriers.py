"""Where ids stand in a packet, and what the raw DHCP options in it say. Reading only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bngcorr.model.vocabulary import PenPolicy
from bngcorr.profiles.profile import Encoding, IdCarrier, Profile, RawCarrier, RawForm
from bngcorr.profiles.reading import standing
from bngcorr.proxy import remote_id
from bngcorr.proxy.remote_id import Numbers, Prefixed
from bngcorr.wire import dhcp4, dhcp6
from bngcorr.wire.dhcp4 import Options4
from bngcorr.wire.dhcp6 import Message6
from bngcorr.wire.radius import PacketView, Span

_HEXADECIMAL: Final = re.compile(rb"(?:[0-9A-Fa-f]{2})*")  # bytes.fromhex would also take blanks
_HEX: Final = Encoding.HEX
_OCTETS: Final = Encoding.OCTETS


class Found:
    """One id where it stands."""

    __slots__ = ("encoding", "looked", "pen", "prefixed", "span", "start", "value")

    def __init__(self, span: Span, start: int, value: bytes, encoding: Encoding, pen: PenPolicy | None) -> None:
        self.span: Final = span
        self.start: Final = start  # offset in the packet of the first octet that encodes the id
        self.value: Final = value  # the id, decoded; may be empty
        self.encoding: Final = encoding
        self.pen: Final = pen  # the carrier's own policy
        self.looked = False  # whether `prefixed` has been found out
        self.prefixed: Prefixed | None = None

    def look(self, numbers: Numbers) -> Prefixed | None:
        """The value taken apart at its enterprise number (`remote_id.look`), found out once."""
        if not self.looked:
            self.prefixed = remote_id.look(self.value, numbers)
            self.looked = True
        return self.prefixed


def ids(view: PacketView, carriers: tuple[IdCarrier, ...]) -> list[Found]:
    """Every id that the carriers name, carriers in their order, packet order within one.

    Hexadecimal text that is none is taken as it is: some releases write text into the same AV pair.
    """
    return standing_ids(view, standing(carriers, view.layout))


def standing_ids(view: PacketView, places: tuple[tuple[IdCarrier, Span], ...]) -> list[Found]:
    """The same, of carriers that are known to stand there."""
    found: list[Found] = []
    for carrier, span in places:
        value = view.value(span)
        prefix = carrier.prefix
        if prefix:
            if not value.startswith(prefix):
                continue
            value = value[len(prefix) :]
        start = span.end - len(value)
        encoding = carrier.encoding
        if encoding is _HEX:
            digits = value[2:] if value[:2] in (b"0x", b"0X") else value
            decoded = _from_hex(digits)
            if decoded is None:
                encoding = _OCTETS
            else:
                start += len(value) - len(digits)
                value = decoded
        found.append(Found(span, start, value, encoding, carrier.pen))
    return found


def _from_hex(digits: bytes) -> bytes | None:
    return bytes.fromhex(digits.decode("ascii")) if _HEXADECIMAL.fullmatch(digits) else None


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw DHCP material of a packet."""

    four: Options4 | None
    six: Message6 | None
    pieced: bool = False  # what tells the line in Option 82 is joined from several: not one writer's word


NOTHING = Raw(None, None)


def raw(view: PacketView, profile: Profile) -> Raw:
    """DHCPv4 and DHCPv6 options of the profile's raw carriers; the first carrier of a family that is there counts."""
    four: Options4 | None = None
    six: Message6 | None = None
    pieced = False
    for carrier in profile.raw:
        if not view.has(carrier.key):
            continue
        match carrier.form:
            case RawForm.OPTIONS4:
                if four is None:
                    octets = b"".join(view.all(carrier.key))
                    four, pieced = dhcp4.options(octets), dhcp4.has_pieces(octets)
            case RawForm.OPTION82:
                four = four or Options4({dhcp4.RELAY_AGENT: b"".join(view.all(carrier.key))}, whole=True)
            case RawForm.OPTIONS6:
                six = six or _options6(view, carrier)
            case RawForm.MESSAGE6:
                six = six or dhcp6.message(b"".join(view.all(carrier.key)))
    return Raw(four, six, pieced) if four is not None or six is not None else NOTHING


def _options6(view: PacketView, carrier: RawCarrier) -> Message6:
    """Options that came in one attribute, one an attribute (each cut at 247 octets), or cut anywhere.

    Attributes that are whole by themselves are read one by one; else they are joined; what a truncated one claims
    beyond its end is never taken from the next.
    """
    values = view.all(carrier.key)
    if len(values) == 1:
        return dhcp6.options(values[0])
    apart = [dhcp6.options(value) for value in values]
    if not all(message.whole for message in apart):
        joined = dhcp6.options(b"".join(values))
        if joined.whole:
            return joined
    return dhcp6.merged(apart)

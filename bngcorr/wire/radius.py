"""RADIUS packets as views over the received octets (RFC 2865 §3, §5).

      0                   1                   2                   3
      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
     +---------------+---------------+-------------------------------+
     |     Code      |  Identifier   |            Length             |    Length 20 … 4096, in octets
     +---------------+---------------+-------------------------------+
     |                 Authenticator, 16 octets                      |
     +---------------------------------------------------------------+
     |  Attributes: Type (1), Length (1, itself included, ≥ 2), Value|

One walk checks every TLV and notes where it lies; nothing is decoded to objects and re-encoded. Octets beyond Length
are padding and are cut off (RFC 2865 §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

from bngcorr.errors import Malformed
from bngcorr.model.vocabulary import DropReason
from bngcorr.wire import attributes as a
from bngcorr.wire.core import attribute as attribute
from bngcorr.wire.core import layout
from bngcorr.wire.core import vendor_attribute as vendor_attribute

HEADER_OCTETS: Final = 20
MAX_OCTETS: Final = 4096

# Vendors whose sub-attributes do not have RFC 2865's type(1) length(1) layout; theirs stay opaque.
# USR 429 (4-octet type, no length), Lucent 4846 (2,1), Starent 8164 (2,2), WiMAX 24757 (with continuation octet).
_OTHER_LAYOUTS: Final = frozenset((429, 4846, 8164, 24757))

_CODES: Final = frozenset(int(code) for code in a.Code)
_ACCESS_REQUEST: Final = 1
_USER_PASSWORD: Final = a.USER_PASSWORD
_VENDOR_SPECIFIC: Final = a.VENDOR_SPECIFIC
_MESSAGE_AUTHENTICATOR: Final = a.MESSAGE_AUTHENTICATOR
_PROXY_STATE: Final = a.PROXY_STATE
_layout_of: Final = layout  # bound once: compiled code looks an imported function up at every call


class Span:
    """Where one attribute or vendor sub-attribute lies in the packet; offsets in octets from its start."""

    __slots__ = ("end", "key", "outer_end", "outer_start", "start")

    def __init__(self, key: int, start: int, end: int, outer_start: int, outer_end: int) -> None:
        self.key: Final = key  # wire.attributes key
        self.start: Final = start  # of the (sub-)attribute's type octet
        self.end: Final = end  # one past its last octet
        self.outer_start: Final = outer_start  # of the VSA it stands in; same as start for a standard attribute
        self.outer_end: Final = outer_end


class Layout:
    """Where all attributes of a packet lie. Many packets share one: it is never changed, but for what it remembers."""

    __slots__ = (
        "_asked", "_found", "distinct", "first_spans", "message_authenticator", "passwords", "proxy_states", "shared",
        "spans",
    )  # fmt: skip

    def __init__(self, spans: list[Span], *, shared: bool) -> None:
        self.spans: Final = spans
        self.first_spans: Final[dict[int, Span]] = {span.key: span for span in reversed(spans)}
        self.distinct: Final = len(self.first_spans) == len(spans)
        self.shared: Final = shared  # further packets may come with it: what is found out of it is worth remembering
        # what every packet is asked for
        self.message_authenticator: Final = self.first_spans.get(_MESSAGE_AUTHENTICATOR)
        self.passwords: Final = self.spans_of(_USER_PASSWORD)
        self.proxy_states: Final = self.spans_of(_PROXY_STATE)
        self._asked: Mapping[int, object] | None = None
        self._found = False

    def spans_of(self, key: int) -> list[Span]:
        """Where every attribute of that key lies, in packet order."""
        span = self.first_spans.get(key)
        if span is None:
            return []
        return [span] if self.distinct else [span for span in self.spans if span.key == key]

    def has_any(self, keys: Mapping[int, object]) -> bool:
        """Whether one of the attributes is there; the last answer is remembered, so `keys` must not change."""
        if self._asked is not keys:
            self._asked = keys
            self._found = not keys.keys().isdisjoint(self.first_spans)
        return self._found


class PacketView:
    """A RADIUS packet whose every length has been checked; made by `decode` only.

    `spans` holds every well-formed attribute in packet order: standard attributes, and for a VSA of a vendor with the
    usual layout each of its sub-attributes. A VSA that does not follow the layout, and RFC 6929 attributes (241 … 246),
    appear as one opaque span. `spans` and `first_spans` may be those of another packet too: they are never changed.
    """

    __slots__ = ("authenticator", "code", "first_spans", "identifier", "layout", "octets", "spans")

    def __init__(self, octets: bytes, layout: Layout) -> None:
        self.octets: Final = octets
        self.code: Final = octets[0]
        self.identifier: Final = octets[1]
        self.authenticator: Final = octets[4:20]
        self.spans: Final = layout.spans
        # by key; of attributes that are there more than once, the first
        self.first_spans: Final[dict[int, Span]] = layout.first_spans
        self.layout: Final = layout

    def __repr__(self) -> str:
        return f"PacketView(code={self.code}, identifier={self.identifier}, length={len(self.octets)})"

    def has(self, key: int) -> bool:
        """Whether the attribute is there at all, empty or not."""
        return key in self.first_spans

    def has_any(self, keys: Mapping[int, object]) -> bool:
        """Whether any attribute of those keys is there; `keys` must not change afterwards."""
        return self.layout.has_any(keys)

    def span(self, key: int) -> Span | None:
        """Where the first attribute of that key lies."""
        return self.first_spans.get(key)

    def value(self, span: Span) -> bytes:
        """Octets of the value behind type and length; may be empty."""
        return self.octets[span.start + 2 : span.end]

    def first(self, key: int) -> bytes | None:
        """Value of the first attribute of that key, or None."""
        span = self.first_spans.get(key)
        return None if span is None else self.octets[span.start + 2 : span.end]

    def spans_of(self, key: int) -> list[Span]:
        """Where every attribute of that key lies, in packet order."""
        return self.layout.spans_of(key)

    def all(self, key: int) -> list[bytes]:
        """Values of every attribute of that key, in packet order."""
        return self.values(self.spans_of(key))

    def values(self, spans: list[Span]) -> list[bytes]:
        """Those that lie there."""
        octets = self.octets
        return [octets[span.start + 2 : span.end] for span in spans] if spans else []

    def integer(self, key: int) -> int | None:
        """Value of a 4-octet integer or time attribute; a value of another length is no value (RFC 8044 §2.3)."""
        span = self.first_spans.get(key)
        if span is None or span.end - span.start != 6:
            return None
        octets, at = self.octets, span.start
        return octets[at + 2] << 24 | octets[at + 3] << 16 | octets[at + 4] << 8 | octets[at + 5]

    def text(self, key: int) -> str | None:
        """Value as text, octets that are not UTF-8 shown as ``\\xNN``; None if absent or empty."""
        value = self.first(key)
        return value.decode("utf-8", "backslashreplace") if value else None


# What BNGs and AAA send has few layouts beside its many values. Should there be more, it starts anew; a layout that
# `core` tells is of 128 attributes at most.
_LAYOUTS: Final[dict[bytes, Layout]] = {}
_MOST_LAYOUTS: Final = 1_024


def decode(datagram: bytes) -> PacketView:
    """The packet in a datagram, every length checked.

    Raises Malformed with the reason: too-short, bad-length, bad-code, bad-attribute-length, truncated-attribute,
    bad- or duplicate-message-authenticator, bad-password-length (RFC 2865 §5.2: 16 … 128 octets, a multiple of 16).
    """
    told = _layout_of(datagram)
    if told is None:
        return _walked(datagram, shared=False)
    known = _LAYOUTS.get(told)
    if known is not None:
        return PacketView(datagram, known)
    view = _walked(datagram, shared=True)
    if len(_LAYOUTS) >= _MOST_LAYOUTS:
        _LAYOUTS.clear()
    _LAYOUTS[told] = view.layout
    return view


def _walked(datagram: bytes, *, shared: bool) -> PacketView:
    size = len(datagram)
    if size < HEADER_OCTETS:
        raise Malformed(DropReason.TOO_SHORT, size)
    length = datagram[2] << 8 | datagram[3]
    if not HEADER_OCTETS <= length <= MAX_OCTETS or length > size:
        raise Malformed(DropReason.BAD_LENGTH, 2)
    code = datagram[0]
    if code not in _CODES:
        raise Malformed(DropReason.BAD_CODE, 0)
    octets = datagram if length == size else datagram[:length]
    spans: list[Span] = []
    at = HEADER_OCTETS
    signed = False
    while at < length:
        if at + 2 > length:
            raise Malformed(DropReason.TRUNCATED_ATTRIBUTE, at)
        kind = octets[at]
        end = at + octets[at + 1]
        if end < at + 2:
            raise Malformed(DropReason.BAD_ATTRIBUTE_LENGTH, at)
        if end > length:
            raise Malformed(DropReason.TRUNCATED_ATTRIBUTE, at)
        if kind == _VENDOR_SPECIFIC:
            _walk_vendor(octets, at, end, spans)
            at = end
            continue
        if kind == _MESSAGE_AUTHENTICATOR:
            if end - at != 18:
                raise Malformed(DropReason.BAD_MESSAGE_AUTHENTICATOR_LENGTH, at)
            if signed:
                raise Malformed(DropReason.DUPLICATE_MESSAGE_AUTHENTICATOR, at)
            signed = True
        elif kind == _USER_PASSWORD and code == _ACCESS_REQUEST:
            password = end - at - 2
            if password % 16 or not 16 <= password <= 128:
                raise Malformed(DropReason.BAD_PASSWORD_LENGTH, at)
        spans.append(Span(kind, at, end, at, end))
        at = end
    return PacketView(octets, Layout(spans, shared=shared))


def _walk_vendor(octets: bytes, start: int, end: int, spans: list[Span]) -> None:
    """Append the sub-attributes of one VSA; all of it as one opaque span if it does not follow RFC 2865 §5.26."""
    mark = len(spans)
    at = start + 6
    if end >= start + 8:
        vendor = octets[start + 2] << 24 | octets[start + 3] << 16 | octets[start + 4] << 8 | octets[start + 5]
        if vendor and vendor not in _OTHER_LAYOUTS:
            while at + 2 <= end:
                sub_end = at + octets[at + 1]
                if sub_end < at + 2 or sub_end > end:
                    break
                spans.append(Span(vendor << 8 | octets[at], at, sub_end, start, end))
                at = sub_end
    if at != end or mark == len(spans):
        del spans[mark:]
        spans.append(Span(_VENDOR_SPECIFIC, start, end, start, end))


def ipv4(value: bytes | None) -> IPv4Address | None:
    """Address value; any length but 4 is no address."""
    return IPv4Address(value) if value is not None and len(value) == 4 else None


def ipv6(value: bytes | None) -> IPv6Address | None:
    """Address value; any length but 16 is no address."""
    return IPv6Address(value) if value is not None and len(value) == 16 else None


def ipv6_prefix(value: bytes | None) -> IPv6Network | None:
    """Prefix value (RFC 3162 §2.3): reserved octet, prefix-length 0 … 128, then 0 … 16 octets of prefix.

    Trailing zero octets may be cut, so a short prefix field is padded with zeros; bits set beyond the length are
    cleared. A longer field, or a length above 128, is no prefix. Length 0 is none either: nobody is given ``::/0``.
    """
    if value is None or not is_ipv6_prefix(value):
        return None
    return IPv6Network((value[2:].ljust(16, b"\0"), value[1]), strict=False)


def is_ipv6_prefix(value: bytes) -> bool:
    """Whether it is a value that `ipv6_prefix` reads."""
    return 2 < len(value) <= 18 and 1 <= value[1] <= 128

"""Hypothesis strategies: octets that are valid RADIUS packets, built by hand from the RFCs and not by bngcorr."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

USUAL_VENDORS = (9, 311, 2011, 2352, 3561, 4874, 6527, 32473, 65_000, 2**24 - 1, 2**32 - 1)
OTHER_LAYOUTS = (0, 429, 4846, 8164, 24757)  # sub-attributes of another shape than RFC 2865 §5.26 recommends
CODES = (1, 1, 2, 3, 4, 5, 11, 12, 40, 43)


@dataclass(frozen=True)
class Piece:
    """One attribute as octets, and the (key, value) pairs that a decoder is to see in it, in order."""

    octets: bytes
    seen: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Packet:
    """A valid packet and what is in it."""

    octets: bytes
    pieces: tuple[Piece, ...]


def tlv(kind: int, value: bytes) -> bytes:
    """Type, length and value (RFC 2865 §5)."""
    return bytes((kind, len(value) + 2)) + value


def vsa(vendor: int, *subs: tuple[int, bytes]) -> Piece:
    """One Vendor-Specific attribute with any number of sub-attributes."""
    body = vendor.to_bytes(4, "big") + b"".join(tlv(kind, value) for kind, value in subs)
    return Piece(tlv(26, body), tuple((vendor << 8 | kind, value) for kind, value in subs))


def plain(kind: int, value: bytes) -> Piece:
    """One standard attribute."""
    return Piece(tlv(kind, value), ((kind, value),))


def packet(code: int, identifier: int, authenticator: bytes, pieces: tuple[Piece, ...]) -> Packet:
    """Header and attributes (RFC 2865 §3)."""
    attributes = b"".join(piece.octets for piece in pieces)
    head = bytes((code, identifier)) + (20 + len(attributes)).to_bytes(2, "big") + authenticator
    return Packet(head + attributes, pieces)


def _opaque(body: bytes) -> Piece:
    return Piece(tlv(26, body), ((26, body),))


standard = st.builds(
    plain,
    st.integers(0, 255).filter(lambda kind: kind not in (2, 26, 80)),  # 241 … 246 included: they pass unread
    st.binary(max_size=60) | st.binary(max_size=253),
)
passwords = st.builds(
    plain, st.just(2), st.integers(1, 8).flatmap(lambda n: st.binary(min_size=16 * n, max_size=16 * n))
)
signatures = st.builds(plain, st.just(80), st.binary(min_size=16, max_size=16))
_subs = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=30)), min_size=1, max_size=7)
vendor_attributes = st.builds(
    lambda vendor, subs: vsa(vendor, *subs), st.sampled_from(USUAL_VENDORS) | st.integers(1, 2**32 - 1), _subs
).filter(lambda piece: piece.seen[0][0] >> 8 not in OTHER_LAYOUTS)
long_vendor_attributes = st.builds(
    lambda vendor, kind, value: vsa(vendor, (kind, value)),
    st.sampled_from(USUAL_VENDORS),
    st.integers(0, 255),
    st.binary(min_size=200, max_size=247),
)
opaque_vendor_attributes = st.one_of(
    st.binary(max_size=5).map(_opaque),  # too short for vendor and one sub-attribute
    st.builds(  # another layout: whatever follows
        lambda vendor, rest: _opaque(vendor.to_bytes(4, "big") + rest),
        st.sampled_from(OTHER_LAYOUTS),
        st.binary(max_size=40),
    ),
    st.builds(  # the last sub-attribute runs past the end, or is shorter than its own header
        lambda vendor, subs, kind, length, rest: _opaque(
            vendor.to_bytes(4, "big") + b"".join(tlv(k, v) for k, v in subs) + bytes((kind, length)) + rest
        ),
        st.sampled_from(USUAL_VENDORS),
        st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=10)), max_size=3),
        st.integers(0, 255),
        st.sampled_from((0, 1, 60, 255)),
        st.binary(max_size=20),
    ),
)
pieces = st.one_of(
    standard, standard, vendor_attributes, vendor_attributes, long_vendor_attributes, opaque_vendor_attributes
)


@st.composite
def valid_packets(draw: st.DrawFn) -> Packet:
    """Any valid packet of at most 4096 octets."""
    code = draw(st.sampled_from(CODES))
    parts = draw(st.lists(pieces, max_size=14))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), draw(signatures))
    if code == 1 and draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), draw(passwords))
    return packet(code, draw(st.integers(0, 255)), draw(st.binary(min_size=16, max_size=16)), tuple(parts))

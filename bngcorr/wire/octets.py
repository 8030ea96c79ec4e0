"""Octets of RADIUS packets from octets and numbers: authenticators, hidden attributes, edits, layout.

``_core.c`` says the same in C; `core` has the one that is there. Secrets and vectors are arguments.
"""

from __future__ import annotations

from binascii import unhexlify
from hmac import compare_digest
from typing import Final

from bngcorr.wire.md5 import Digest, md5

Edit = tuple[int, int, bytes]  # octets from … to … of the packet give way to these

_HEADER_OCTETS: Final = 20
_MESSAGE_OCTETS: Final = 18  # of a Message-Authenticator
_ZEROS: Final = bytes(16)
_MESSAGE_HEAD: Final = bytes((80, _MESSAGE_OCTETS))
_EMPTY_MESSAGE: Final = _MESSAGE_HEAD + _ZEROS

# HMAC (RFC 2104 §4): what the secret alone decides is computed once, the digests that begin with its inner and its
# outer pad. As many as there are secrets in the configuration; should it ever be more, it starts anew.
_STARTED: Final[dict[bytes, tuple[Digest, Digest]]] = {}
_MOST_STARTED: Final = 65_536


def _start(secret: bytes) -> tuple[Digest, Digest]:
    key = (md5(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    if len(_STARTED) >= _MOST_STARTED:
        _STARTED.clear()
    pads = md5(bytes([octet ^ 0x36 for octet in key])), md5(bytes([octet ^ 0x5C for octet in key]))
    _STARTED[secret] = pads
    return pads


def hmac_md5(secret: bytes, covered: bytes, /) -> bytes:
    """HMAC-MD5 (RFC 2104), 16 octets."""
    pads = _STARTED.get(secret)
    if pads is None:
        pads = _start(secret)
    inner = pads[0].copy()
    inner.update(covered)
    outer = pads[1].copy()
    outer.update(inner.digest())
    return outer.digest()


def authenticator_fits(packet: bytes, authenticator: bytes, secret: bytes, /) -> bool:
    """Whether the packet's authenticator is the digest over it, `authenticator` in its place, and the secret."""
    digest = md5(packet[:4] + authenticator + packet[_HEADER_OCTETS:] + secret).digest()
    return compare_digest(digest, packet[4:_HEADER_OCTETS])


def message_fits(packet: bytes, at: int, authenticator: bytes, secret: bytes, /) -> bool:
    """Whether the 16 octets at `at` are the HMAC of the packet with zeros there and `authenticator` in its header."""
    end = at + 16
    covered = packet[:4] + authenticator + packet[_HEADER_OCTETS:at] + _ZEROS + packet[end:]
    return compare_digest(hmac_md5(secret, covered), packet[at:end])


def signed_request(code: int, identifier: int, authenticator: bytes, attributes: bytes, secret: bytes, /) -> bytes:
    """A packet with this authenticator, a Message-Authenticator in front of `attributes`."""
    length = _HEADER_OCTETS + _MESSAGE_OCTETS + len(attributes)
    head = bytes((code, identifier, length >> 8, length & 0xFF)) + authenticator
    return head + _MESSAGE_HEAD + hmac_md5(secret, head + _EMPTY_MESSAGE + attributes) + attributes


def signed_over(
    code: int, identifier: int, authenticator: bytes, vector: bytes, attributes: bytes, secret: bytes,
    with_message: bool, /,
) -> bytes:  # fmt: skip
    """A packet whose authenticator is the digest over it, `authenticator` in its place, and the secret.

    `with_message` puts a Message-Authenticator in front of `attributes`, computed with `vector` in the header.
    """
    length = _HEADER_OCTETS + (_MESSAGE_OCTETS if with_message else 0) + len(attributes)
    head = bytes((code, identifier, length >> 8, length & 0xFF))
    if with_message:
        attributes = _MESSAGE_HEAD + hmac_md5(secret, head + vector + _EMPTY_MESSAGE + attributes) + attributes
    return head + md5(head + authenticator + attributes + secret).digest() + attributes


def rehidden_chain(
    value: bytes, old_secret: bytes, old_vector: bytes, new_secret: bytes, new_vector: bytes, /
) -> bytes:
    """A value hidden by the chain of RFC 2865 §5.2, a multiple of 16 octets, for another secret and vector."""
    out = []
    old, new = old_vector, new_vector
    for at in range(0, len(value), 16):
        block = value[at : at + 16]
        mask = int.from_bytes(md5(old_secret + old).digest(), "big") ^ int.from_bytes(
            md5(new_secret + new).digest(), "big"
        )
        old, new = block, (int.from_bytes(block, "big") ^ mask).to_bytes(16, "big")
        out.append(new)
    return b"".join(out)


def attribute(kind: int, value: bytes, /) -> bytes:
    """One standard attribute. Raises ValueError above 253 octets of value."""
    return bytes((kind, len(value) + 2)) + value


def vendor_attribute(key: int, value: bytes, /) -> bytes:
    """One VSA with one sub-attribute; at most 247 octets of value, else ValueError."""
    return attribute(26, (key >> 8).to_bytes(4, "big") + attribute(key & 0xFF, value))


def colon_octets(text: bytes, /) -> bytes | None:
    """The six octets of ``aa:bb:cc:dd:ee:ff``, in digits of either case; None for any other text."""
    if len(text) != 17 or text[2::3] != b":::::":
        return None
    try:
        octets = unhexlify(text.replace(b":", b""))
    except ValueError:
        return None
    return octets if len(octets) == 6 else None


def spliced(packet: bytes, edits: list[Edit], tail: bytes, /) -> bytes:
    """The attributes with each ``(start, end, new octets)`` put in, and `tail` behind them; edits do not overlap."""
    parts = []
    at = _HEADER_OCTETS
    for start, end, new in sorted(edits):
        if start > at:
            parts.append(packet[at:start])
        parts.append(new)
        at = end
    parts += packet[at:], tail
    return b"".join(parts)


def layout(_packet: bytes, /) -> bytes | None:
    """Types and lengths of all attributes and sub-attributes, in order, and the vendors: no values.

    Two packets of one layout have every attribute at the same place. None for a packet that is long, padded or not
    well-formed, and here for any: to make it takes as long as to walk through the packet.
    """
    return None

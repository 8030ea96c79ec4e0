"""Hidden attributes of RADIUS: hide, reveal, and hide anew for another hop. Secrets and vectors are arguments.

Three schemes, numbered as the ``encrypt=`` flag of the FreeRADIUS dictionary format numbers them: 1 is the chain of
User-Password (RFC 2865 §5.2), 2 the salted chain of Tunnel-Password (RFC 2868 §3.5), 3 is Ascend's. A *vector* is the
Request Authenticator of the Access-Request on that hop, of a reply too.
"""

from __future__ import annotations

from typing import Final

from bngcorr.errors import Malformed
from bngcorr.model.vocabulary import DropReason
from bngcorr.wire.core import rehidden_chain
from bngcorr.wire.md5 import md5

CHAINED: Final = 1
SALTED: Final = 2
ASCEND: Final = 3
_rehidden_chain: Final = rehidden_chain  # bound once: compiled code looks an imported function up at every call


class Hidden:
    """How the value of one attribute is hidden."""

    __slots__ = ("scheme", "tagged")

    def __init__(self, scheme: int, tagged: bool) -> None:
        self.scheme = scheme  # CHAINED, SALTED or ASCEND
        self.tagged = tagged  # one tag octet stands in front, whatever its value (RFC 2868 §3.1, §3.5)


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(16, "big")


def hide(plain: bytes, secret: bytes, vector: bytes) -> bytes:
    """Hide octets by the chain of RFC 2865 §5.2; `plain` is a multiple of 16 octets, `vector` what is hashed first."""
    out = []
    last = vector
    for at in range(0, len(plain), 16):
        last = _xor(plain[at : at + 16], md5(secret + last).digest())
        out.append(last)
    return b"".join(out)


def reveal(hidden: bytes, secret: bytes, vector: bytes) -> bytes:
    """Inverse of `hide`; padding stays."""
    out = []
    last = vector
    for at in range(0, len(hidden), 16):
        block = hidden[at : at + 16]
        out.append(_xor(block, md5(secret + last).digest()))
        last = block
    return b"".join(out)


def rehide(value: bytes, old_secret: bytes, old_vector: bytes, new_secret: bytes, new_vector: bytes) -> bytes:
    """A User-Password (or another ``encrypt=1`` attribute) for the other hop: same plain octets.

    Raises Malformed (bad-hidden-attribute) unless the value is a multiple of 16 octets.
    """
    if len(value) % 16 or not value:
        raise Malformed(DropReason.BAD_HIDDEN_ATTRIBUTE)
    return _rehidden_chain(value, old_secret, old_vector, new_secret, new_vector)


def rehide_salted(
    value: bytes, old_secret: bytes, old_vector: bytes, new_secret: bytes, new_vector: bytes, salt: int
) -> bytes:
    """A salt-hidden value (RFC 2868 §3.5 without the tag, RFC 2548 §2.4.2) for the other hop.

        +--------+--------+-- … multiple of 16 octets
        |1  Salt          | hidden: length(1), data, zero padding
        +--------+--------+-- …

    `salt` is 0 … 32767; its top bit is set here. Raises Malformed (bad-hidden-attribute) if the value is too short or
    no multiple of 16 octets behind the salt.
    """
    if len(value) < 18 or (len(value) - 2) % 16:
        raise Malformed(DropReason.BAD_HIDDEN_ATTRIBUTE)
    fresh = (0x8000 | salt).to_bytes(2, "big")
    return fresh + _rehidden_chain(value[2:], old_secret, old_vector + value[:2], new_secret, new_vector + fresh)


def rehide_ascend(value: bytes, old_secret: bytes, old_vector: bytes, new_secret: bytes, new_vector: bytes) -> bytes:
    """An Ascend-Send-Secret or -Receive-Secret for the other hop: 16 octets, one digest over vector and secret.

    As FreeRADIUS hides it (``encrypt=3``). Raises Malformed (bad-hidden-attribute) unless the value is 16 octets.
    """
    if len(value) != 16:
        raise Malformed(DropReason.BAD_HIDDEN_ATTRIBUTE)
    return _xor(_xor(value, md5(old_vector + old_secret).digest()), md5(new_vector + new_secret).digest())


def rehidden(
    value: bytes, how: Hidden, old_secret: bytes, old_vector: bytes, new_secret: bytes, new_vector: bytes, salt: int
) -> bytes:
    """The value of a hidden attribute, without its tag, for the other hop; raises Malformed as its scheme does."""
    if how.scheme == SALTED:
        return rehide_salted(value, old_secret, old_vector, new_secret, new_vector, salt)
    if how.scheme == CHAINED:
        return rehide(value, old_secret, old_vector, new_secret, new_vector)
    return rehide_ascend(value, old_secret, old_vector, new_secret, new_vector)

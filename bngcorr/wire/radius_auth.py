"""Authenticators and hidden attributes of RADIUS: verify, sign, hide, reveal. Secrets are arguments.

Response and Accounting authenticators are MD5 over packet and secret (RFC 2865 §3, RFC 2866 §3); the
Message-Authenticator is HMAC-MD5 keyed with the secret over the packet with its own 16 octets zeroed (RFC 3579 §3.2),
for a reply with the authenticator of the request in the header, for an Accounting-Request with zeros there
(RFC 2866 §3 computes over zeros; FreeRADIUS and radsecproxy do the same).
"""

from __future__ import annotations

import hmac
from hashlib import md5
from typing import Final

from bngcorr.errors import Malformed
from bngcorr.model.vocabulary import DropReason
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import HEADER_OCTETS, PacketView

ZEROS: Final = bytes(16)
EMPTY_MESSAGE_AUTHENTICATOR: Final = bytes((a.MESSAGE_AUTHENTICATOR, 18)) + ZEROS  # goes first, filled when signed


def accounting_authenticator_fits(view: PacketView, secret: bytes) -> bool:
    """Request Authenticator of an Accounting-Request (RFC 2866 §3)."""
    octets = view.octets
    digest = md5(octets[:4] + ZEROS + octets[HEADER_OCTETS:] + secret).digest()
    return hmac.compare_digest(digest, view.authenticator)


def response_authenticator_fits(view: PacketView, request_authenticator: bytes, secret: bytes) -> bool:
    """Response Authenticator (RFC 2865 §3)."""
    octets = view.octets
    digest = md5(octets[:4] + request_authenticator + octets[HEADER_OCTETS:] + secret).digest()
    return hmac.compare_digest(digest, view.authenticator)


def message_authenticator_fits(view: PacketView, secret: bytes, header_authenticator: bytes) -> bool:
    """Whether the packet's Message-Authenticator is right; False if it has none.

    `header_authenticator` stands in the header while computing: the packet's own for an Access-Request, the request's
    for a reply, zeros for an Accounting-Request.
    """
    span = view.span(a.MESSAGE_AUTHENTICATOR)
    if span is None:
        return False
    octets = view.octets
    covered = b"".join(
        (octets[:4], header_authenticator, octets[HEADER_OCTETS : span.start + 2], ZEROS, octets[span.end :])
    )
    return hmac.compare_digest(hmac.digest(secret, covered, "md5"), octets[span.start + 2 : span.end])


def sign_access_request(identifier: int, authenticator: bytes, attributes: bytes, secret: bytes) -> bytes:
    """Access-Request with a Message-Authenticator in front of `attributes`."""
    length = HEADER_OCTETS + 18 + len(attributes)
    head = bytes((a.Code.ACCESS_REQUEST, identifier, length >> 8, length & 0xFF)) + authenticator
    digest = hmac.digest(secret, head + EMPTY_MESSAGE_AUTHENTICATOR + attributes, "md5")
    return head + EMPTY_MESSAGE_AUTHENTICATOR[:2] + digest + attributes


def sign_accounting_request(identifier: int, attributes: bytes, secret: bytes, *, with_message: bool) -> bytes:
    """Accounting-Request; `with_message` puts a Message-Authenticator in front of `attributes`."""
    length = HEADER_OCTETS + (18 if with_message else 0) + len(attributes)
    head = bytes((a.Code.ACCOUNTING_REQUEST, identifier, length >> 8, length & 0xFF))
    if with_message:
        digest = hmac.digest(secret, head + ZEROS + EMPTY_MESSAGE_AUTHENTICATOR + attributes, "md5")
        attributes = EMPTY_MESSAGE_AUTHENTICATOR[:2] + digest + attributes
    return head + md5(head + ZEROS + attributes + secret).digest() + attributes


def sign_reply(
    code: int, identifier: int, request_authenticator: bytes, attributes: bytes, secret: bytes, *, with_message: bool
) -> bytes:
    """Reply to the request that carried `request_authenticator`; `with_message` as for requests."""
    length = HEADER_OCTETS + (18 if with_message else 0) + len(attributes)
    head = bytes((code, identifier, length >> 8, length & 0xFF))
    if with_message:
        # no RFC tells of an Accounting-Response; FreeRADIUS computes it over zeros, as for the request
        vector = ZEROS if code == a.Code.ACCOUNTING_RESPONSE else request_authenticator
        covered = head + vector + EMPTY_MESSAGE_AUTHENTICATOR + attributes
        attributes = EMPTY_MESSAGE_AUTHENTICATOR[:2] + hmac.digest(secret, covered, "md5") + attributes
    return head + md5(head + request_authenticator + attributes + secret).digest() + attributes


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
    """A User-Password (or ``encrypt=1`` attribute) for the other hop: same plain octets, other secret and vector.

    Raises Malformed unless the value is a multiple of 16 octets.
    """
    if len(value) % 16 or not value:
        raise Malformed(DropReason.BAD_HIDDEN_ATTRIBUTE)
    return hide(reveal(value, old_secret, old_vector), new_secret, new_vector)


def rehide_salted(
    value: bytes, old_secret: bytes, old_vector: bytes, new_secret: bytes, new_vector: bytes, salt: bytes
) -> bytes:
    """A salt-hidden value (RFC 2868 §3.5 without the tag, RFC 2548 §2.4.2) for the other hop.

        +--------+--------+-- … multiple of 16 octets
        |1  Salt          | hidden: length(1), data, zero padding
        +--------+--------+-- …

    `salt` is two fresh random octets; their top bit is set here. Raises Malformed if the value is too short or no
    multiple of 16 octets behind the salt.
    """
    if len(value) < 18 or (len(value) - 2) % 16:
        raise Malformed(DropReason.BAD_HIDDEN_ATTRIBUTE)
    plain = reveal(value[2:], old_secret, old_vector + value[:2])
    salt = bytes((salt[0] | 0x80, salt[1]))
    return salt + hide(plain, new_secret, new_vector + salt)

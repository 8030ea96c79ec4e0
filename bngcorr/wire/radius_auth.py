"""Authenticators of RADIUS packets: verify and sign. Secrets are arguments; hidden attributes are in `hiding`.

Response and Accounting authenticators are MD5 over packet and secret (RFC 2865 §3, RFC 2866 §3); the
Message-Authenticator is HMAC-MD5 keyed with the secret over the packet with its own 16 octets zeroed (RFC 3579 §3.2),
for a reply with the authenticator of the request in the header, for an Accounting-Request with zeros there
(RFC 2866 §3 computes over zeros; FreeRADIUS and radsecproxy do the same). What is signed here has it in front of all
other attributes: nobody who would forge a reply by collisions of MD5 can then know what its digest begins with.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from bngcorr.wire import attributes as a
from bngcorr.wire.md5 import Digest, md5
from bngcorr.wire.radius import HEADER_OCTETS, PacketView

ZEROS: Final = bytes(16)
MESSAGE_OCTETS: Final = 18  # of a Message-Authenticator
EMPTY_MESSAGE_AUTHENTICATOR: Final = bytes((a.MESSAGE_AUTHENTICATOR, MESSAGE_OCTETS)) + ZEROS
_MESSAGE_AUTHENTICATOR: Final = int(a.MESSAGE_AUTHENTICATOR)
_ACCESS_REQUEST: Final = int(a.Code.ACCESS_REQUEST)
_ACCOUNTING_REQUEST: Final = int(a.Code.ACCOUNTING_REQUEST)
_ACCOUNTING_RESPONSE: Final = int(a.Code.ACCOUNTING_RESPONSE)

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


def hmac_md5(secret: bytes, octets: bytes) -> bytes:
    """HMAC-MD5 (RFC 2104), 16 octets."""
    pads = _STARTED.get(secret)
    if pads is None:
        pads = _start(secret)
    inner = pads[0].copy()
    inner.update(octets)
    outer = pads[1].copy()
    outer.update(inner.digest())
    return outer.digest()


def accounting_authenticator_fits(view: PacketView, secret: bytes) -> bool:
    """Request Authenticator of an Accounting-Request (RFC 2866 §3), or of a CoA- or Disconnect-Request (RFC 5176)."""
    octets = view.octets
    return compare_digest(md5(octets[:4] + ZEROS + octets[HEADER_OCTETS:] + secret).digest(), view.authenticator)


def response_authenticator_fits(view: PacketView, request_authenticator: bytes, secret: bytes) -> bool:
    """Response Authenticator (RFC 2865 §3)."""
    octets = view.octets
    digest = md5(octets[:4] + request_authenticator + octets[HEADER_OCTETS:] + secret).digest()
    return compare_digest(digest, view.authenticator)


def message_authenticator_fits(view: PacketView, secret: bytes, header_authenticator: bytes) -> bool:
    """Whether the packet's Message-Authenticator is right; False if it has none.

    `header_authenticator` stands in the header while computing: the packet's own for an Access-Request, the request's
    for a reply, zeros for an Accounting-Request.
    """
    span = view.first_spans.get(_MESSAGE_AUTHENTICATOR)
    if span is None:
        return False
    octets, start, end = view.octets, span.start + 2, span.end
    covered = octets[:4] + header_authenticator + octets[HEADER_OCTETS:start] + ZEROS + octets[end:]
    return compare_digest(hmac_md5(secret, covered), octets[start:end])


def sign_access_request(identifier: int, authenticator: bytes, attributes: bytes, secret: bytes) -> bytes:
    """Access-Request with a Message-Authenticator in front of `attributes`."""
    return sign_request(_ACCESS_REQUEST, identifier, authenticator, attributes, secret)


def sign_request(code: int, identifier: int, authenticator: bytes, attributes: bytes, secret: bytes) -> bytes:
    """A request whose authenticator is random octets (Access-Request, Status-Server), Message-Authenticator first."""
    length = HEADER_OCTETS + MESSAGE_OCTETS + len(attributes)
    head = bytes((code, identifier, length >> 8, length & 0xFF)) + authenticator
    digest = hmac_md5(secret, head + EMPTY_MESSAGE_AUTHENTICATOR + attributes)
    return head + EMPTY_MESSAGE_AUTHENTICATOR[:2] + digest + attributes


def sign_accounting_request(identifier: int, attributes: bytes, secret: bytes, *, with_message: bool) -> bytes:
    """Accounting-Request; `with_message` puts a Message-Authenticator in front of `attributes`."""
    return sign_computed_request(_ACCOUNTING_REQUEST, identifier, attributes, secret, with_message=with_message)


def sign_computed_request(code: int, identifier: int, attributes: bytes, secret: bytes, *, with_message: bool) -> bytes:
    """A request whose authenticator is a digest over the packet: accounting (RFC 2866 §3), CoA and Disconnect
    (RFC 5176 §2.3); `with_message` puts a Message-Authenticator in front of `attributes`.
    """
    length = HEADER_OCTETS + (MESSAGE_OCTETS if with_message else 0) + len(attributes)
    head = bytes((code, identifier, length >> 8, length & 0xFF))
    if with_message:
        digest = hmac_md5(secret, head + ZEROS + EMPTY_MESSAGE_AUTHENTICATOR + attributes)
        attributes = EMPTY_MESSAGE_AUTHENTICATOR[:2] + digest + attributes
    return head + md5(head + ZEROS + attributes + secret).digest() + attributes


def sign_reply(
    code: int, identifier: int, request_authenticator: bytes, attributes: bytes, secret: bytes, *, with_message: bool
) -> bytes:
    """Reply to the request that carried `request_authenticator`; `with_message` as for requests.

    No RFC tells what the Message-Authenticator of an Accounting-Response covers; FreeRADIUS computes it over zeros, as
    for the request, and so does this.
    """
    vector = ZEROS if code == _ACCOUNTING_RESPONSE else request_authenticator
    return _sign_reply(code, identifier, request_authenticator, vector, attributes, secret, with_message)


def sign_status_reply(
    code: int, identifier: int, request_authenticator: bytes, attributes: bytes, secret: bytes
) -> bytes:
    """Reply to a Status-Server (RFC 5997 §3), Message-Authenticator first and over the request's authenticator: of an
    Accounting-Response too, as FreeRADIUS computes it.
    """
    return _sign_reply(code, identifier, request_authenticator, request_authenticator, attributes, secret, True)


def _sign_reply(
    code: int,
    identifier: int,
    request_authenticator: bytes,
    vector: bytes,
    attributes: bytes,
    secret: bytes,
    with_message: bool,
) -> bytes:
    length = HEADER_OCTETS + (MESSAGE_OCTETS if with_message else 0) + len(attributes)
    head = bytes((code, identifier, length >> 8, length & 0xFF))
    if with_message:
        digest = hmac_md5(secret, head + vector + EMPTY_MESSAGE_AUTHENTICATOR + attributes)
        attributes = EMPTY_MESSAGE_AUTHENTICATOR[:2] + digest + attributes
    return head + md5(head + request_authenticator + attributes + secret).digest() + attributes

"""Authenticators of RADIUS packets: verify and sign. Secrets are arguments; hidden attributes are in `hiding`.

Response and Accounting authenticators are MD5 over packet and secret (RFC 2865 §3, RFC 2866 §3); the
Message-Authenticator is HMAC-MD5 keyed with the secret over the packet with its own 16 octets zeroed (RFC 3579 §3.2),
for a reply with the authenticator of the request in the header, for an Accounting-Request with zeros there
(RFC 2866 §3 computes over zeros; FreeRADIUS and radsecproxy do the same). What is signed here has it in front of all
other attributes: nobody who would forge a reply by collisions of MD5 can then know what its digest begins with.
"""

from __future__ import annotations

from typing import Final

from bngcorr.wire import attributes as a
from bngcorr.wire.core import authenticator_fits, message_fits, signed_over, signed_request
from bngcorr.wire.radius import PacketView

ZEROS: Final = bytes(16)
MESSAGE_OCTETS: Final = 18  # of a Message-Authenticator
_ACCESS_REQUEST: Final = int(a.Code.ACCESS_REQUEST)
_ACCOUNTING_REQUEST: Final = int(a.Code.ACCOUNTING_REQUEST)
_ACCOUNTING_RESPONSE: Final = int(a.Code.ACCOUNTING_RESPONSE)
# bound once: compiled code looks an imported function up at every call
_authenticator_fits: Final = authenticator_fits
_message_fits: Final = message_fits
_signed_over: Final = signed_over
_signed_request: Final = signed_request


def accounting_authenticator_fits(view: PacketView, secret: bytes) -> bool:
    """Request Authenticator of an Accounting-Request (RFC 2866 §3), or of a CoA- or Disconnect-Request (RFC 5176)."""
    return _authenticator_fits(view.octets, ZEROS, secret)


def response_authenticator_fits(view: PacketView, request_authenticator: bytes, secret: bytes) -> bool:
    """Response Authenticator (RFC 2865 §3)."""
    return _authenticator_fits(view.octets, request_authenticator, secret)


def message_authenticator_fits(view: PacketView, secret: bytes, header_authenticator: bytes) -> bool:
    """Whether the packet's Message-Authenticator is right; False if it has none.

    `header_authenticator` stands in the header while computing: the packet's own for an Access-Request, the request's
    for a reply, zeros for an Accounting-Request.
    """
    span = view.layout.message_authenticator
    return span is not None and _message_fits(view.octets, span.start + 2, header_authenticator, secret)


def sign_access_request(identifier: int, authenticator: bytes, attributes: bytes, secret: bytes) -> bytes:
    """Access-Request with a Message-Authenticator in front of `attributes`."""
    return _signed_request(_ACCESS_REQUEST, identifier, authenticator, attributes, secret)


def sign_request(code: int, identifier: int, authenticator: bytes, attributes: bytes, secret: bytes) -> bytes:
    """A request whose authenticator is random octets (Access-Request, Status-Server), Message-Authenticator first."""
    return _signed_request(code, identifier, authenticator, attributes, secret)


def sign_accounting_request(identifier: int, attributes: bytes, secret: bytes, *, with_message: bool) -> bytes:
    """Accounting-Request; `with_message` puts a Message-Authenticator in front of `attributes`."""
    return sign_computed_request(_ACCOUNTING_REQUEST, identifier, attributes, secret, with_message=with_message)


def sign_computed_request(code: int, identifier: int, attributes: bytes, secret: bytes, *, with_message: bool) -> bytes:
    """A request whose authenticator is a digest over the packet: accounting (RFC 2866 §3), CoA and Disconnect
    (RFC 5176 §2.3); `with_message` puts a Message-Authenticator in front of `attributes`.
    """
    return _signed_over(code, identifier, ZEROS, ZEROS, attributes, secret, with_message)


def sign_reply(
    code: int, identifier: int, request_authenticator: bytes, attributes: bytes, secret: bytes, *, with_message: bool
) -> bytes:
    """Reply to the request that carried `request_authenticator`; `with_message` as for requests.

    No RFC tells what the Message-Authenticator of an Accounting-Response covers; FreeRADIUS computes it over zeros, as
    for the request, and so does this.
    """
    vector = ZEROS if code == _ACCOUNTING_RESPONSE else request_authenticator
    return _signed_over(code, identifier, request_authenticator, vector, attributes, secret, with_message)


def sign_status_reply(
    code: int, identifier: int, request_authenticator: bytes, attributes: bytes, secret: bytes
) -> bytes:
    """Reply to a Status-Server (RFC 5997 §3), Message-Authenticator first and over the request's authenticator: of an
    Accounting-Response too, as FreeRADIUS computes it.
    """
    return _signed_over(code, identifier, request_authenticator, request_authenticator, attributes, secret, True)

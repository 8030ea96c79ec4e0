"""What leaves on each side of the proxy, signed; whether AAA may be believed. Pure: randomness is an argument."""

from __future__ import annotations

from collections.abc import Mapping

from bngcorr.accountant.spool.delay import ADDED_OCTETS
from bngcorr.errors import Malformed, Unauthentic
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy import rewrite
from bngcorr.proxy.request import Request
from bngcorr.proxy.rewrite import Edit, Hop
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.dictionary import Hidden
from bngcorr.wire.radius import PacketView


def to_aaa(request: Request, secret: bytes, identifier: int, edits: list[Edit], appended: bytes, fresh: bytes) -> bytes:
    """The request as AAA gets it; `request.aaa` is set to that side of the proxy.

    `secret` is shared with AAA, `fresh` are 16 random octets for the Request Authenticator. Raises Malformed.
    """
    view, nas = request.view, request.nas
    if request.accounting:
        request.aaa = Hop(secret, b"")
        attributes = rewrite.to_upstream(
            view, Hop(nas.secret, view.authenticator), request.aaa,
            edits=edits, appended=appended, proxy_state=request.proxy_state,
        )  # fmt: skip
        octets = radius_auth.sign_accounting_request(
            identifier, attributes, secret, with_message=view.has(a.MESSAGE_AUTHENTICATOR)
        )
        request.aaa = Hop(secret, octets[4:20])
        return octets
    # CHAP without CHAP-Challenge is computed over the Request Authenticator, which must then stay (RFC 2865 §2.3)
    keep = view.has(a.CHAP_PASSWORD) and not view.has(a.CHAP_CHALLENGE)
    authenticator = view.authenticator if keep else fresh
    request.aaa = Hop(secret, authenticator)
    attributes = rewrite.to_upstream(
        view, Hop(nas.secret, view.authenticator), request.aaa,
        edits=edits, appended=appended, proxy_state=request.proxy_state,
    )  # fmt: skip
    return radius_auth.sign_access_request(identifier, authenticator, attributes, secret)


def accounting_attributes(view: PacketView, edits: list[Edit], appended: bytes) -> bytes:
    """What AAA gets of an Accounting-Request however often it is sent: no octet of it depends on a secret.

    There is room for what each sending adds. Raises Malformed (too-long).
    """
    return rewrite.to_upstream(view, _NOWHERE, _NOWHERE, edits=edits, appended=appended, proxy_state=_ROOM)[
        : -len(_ROOM) - 2
    ]


def spooled_to_aaa(attributes: bytes, secret: bytes, identifier: int, proxy_state: bytes, *, signed: bool) -> bytes:
    """An Accounting-Request from the spool. `signed`: it came with a Message-Authenticator, so AAA gets one."""
    attributes += radius.attribute(a.PROXY_STATE, proxy_state)
    return radius_auth.sign_accounting_request(identifier, attributes, secret, with_message=signed)


def acknowledgement(request: Request) -> bytes:
    """An Accounting-Response of our own, with the BNG's Proxy-States as they came (RFC 2866 §4.2)."""
    view = request.view
    return radius_auth.sign_reply(
        a.Code.ACCOUNTING_RESPONSE, view.identifier, view.authenticator, _states(view), request.nas.secret,
        with_message=view.has(a.MESSAGE_AUTHENTICATOR),
    )  # fmt: skip


def verify(view: PacketView, aaa: Hop | None, codes: frozenset[a.Code], *, require_message_authenticator: bool) -> None:
    """Raises Malformed or Unauthentic unless a reply answers the request as it was sent to AAA (RFC 2865 §3)."""
    if aaa is None:
        raise Malformed(DropReason.UNEXPECTED_REPLY)
    if view.code not in codes:
        raise Malformed(DropReason.BAD_REPLY_CODE)
    if not radius_auth.response_authenticator_fits(view, aaa.authenticator, aaa.secret):
        raise Unauthentic(DropReason.BAD_AUTHENTICATOR)
    if view.has(a.MESSAGE_AUTHENTICATOR):
        accounting = view.code == a.Code.ACCOUNTING_RESPONSE
        vectors = (radius_auth.ZEROS, aaa.authenticator) if accounting else (aaa.authenticator,)
        if not any(radius_auth.message_authenticator_fits(view, aaa.secret, vector) for vector in vectors):
            raise Unauthentic(DropReason.BAD_MESSAGE_AUTHENTICATOR)
    elif require_message_authenticator or view.has(a.EAP_MESSAGE):
        raise Unauthentic(DropReason.MISSING_MESSAGE_AUTHENTICATOR)


def to_bng(view: PacketView, request: Request, hidden: Mapping[int, Hidden], salt: bytes) -> bytes:
    """A verified reply as the BNG gets it. `salt` are 2 random octets. Raises Malformed."""
    nas, original = request.nas, request.view
    if request.aaa is None:
        raise Malformed(DropReason.UNEXPECTED_REPLY)
    attributes = rewrite.to_nas(
        view, Hop(nas.secret, original.authenticator), request.aaa,
        expected_states=[*original.all(a.PROXY_STATE), request.proxy_state], hidden=hidden, salt=salt,
    )  # fmt: skip
    return radius_auth.sign_reply(
        view.code, original.identifier, original.authenticator, attributes, nas.secret,
        with_message=not request.accounting or original.has(a.MESSAGE_AUTHENTICATOR),
    )  # fmt: skip


def reject(request: Request) -> bytes:
    """An Access-Reject of our own, with the BNG's Proxy-States as they came (RFC 2865 §5.33)."""
    view = request.view
    return radius_auth.sign_reply(
        a.Code.ACCESS_REJECT, view.identifier, view.authenticator, _states(view), request.nas.secret, with_message=True
    )


def _states(view: PacketView) -> bytes:
    return b"".join(radius.attribute(a.PROXY_STATE, state) for state in view.all(a.PROXY_STATE))


_NOWHERE = Hop(b"", b"")
_ROOM = bytes(8 + ADDED_OCTETS)  # Proxy-State and Acct-Delay-Time

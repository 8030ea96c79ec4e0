"""What leaves on each side of the proxy, signed; whether AAA may be believed. Pure: randomness is an argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bngcorr.accountant.spool.delay import ADDED_OCTETS
from bngcorr.errors import Malformed, Unauthentic
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy import rewrite
from bngcorr.proxy.request import Request
from bngcorr.proxy.rewrite import Hop
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.hiding import Hidden
from bngcorr.wire.octets import Edit
from bngcorr.wire.radius import PacketView

# named here once: looking a member up in its class costs more than the comparison
_ACCESS_REJECT: Final = int(a.Code.ACCESS_REJECT)
_ACCOUNTING_RESPONSE: Final = int(a.Code.ACCOUNTING_RESPONSE)
_CHAP_PASSWORD: Final = int(a.CHAP_PASSWORD)
_CHAP_CHALLENGE: Final = int(a.CHAP_CHALLENGE)
_EAP_MESSAGE: Final = int(a.EAP_MESSAGE)
_PROXY_STATE: Final = int(a.PROXY_STATE)
_NOTHING: Final[Mapping[int, Hidden]] = {}


def to_aaa(
    request: Request,
    secret: bytes,
    identifier: int,
    edits: list[Edit],
    appended: bytes,
    fresh: bytes,
    hidden: Mapping[int, Hidden],
) -> bytes:
    """The request as AAA gets it; `request.aaa` is set to that side of the proxy.

    `secret` is shared with AAA, `fresh` are 16 random octets for the Request Authenticator, `hidden` tells how
    attributes are hidden. Raises Malformed.
    """
    view, nas = request.view, request.nas
    if request.accounting:
        signed = view.layout.message_authenticator is not None
        attributes = rewrite.to_upstream(
            view, _NOWHERE, _NOWHERE, edits=edits, appended=appended, proxy_state=request.proxy_state, hidden=_NOTHING,
            signed=signed,
        )  # fmt: skip
        octets = radius_auth.sign_accounting_request(identifier, attributes, secret, with_message=signed)
        request.aaa = Hop(secret, octets[4:20])
        return octets
    # CHAP without CHAP-Challenge is computed over the Request Authenticator, which must then stay (RFC 2865 §2.3)
    first = view.first_spans
    keep = _CHAP_PASSWORD in first and _CHAP_CHALLENGE not in first
    authenticator = view.authenticator if keep else fresh
    aaa = request.aaa = Hop(secret, authenticator)
    attributes = rewrite.to_upstream(
        view, Hop(nas.secret, view.authenticator), aaa, edits=edits, appended=appended, proxy_state=request.proxy_state,
        hidden=hidden,
    )  # fmt: skip
    return radius_auth.sign_access_request(identifier, authenticator, attributes, secret)


def accounting_attributes(view: PacketView, edits: list[Edit], appended: bytes) -> bytes:
    """What AAA gets of an Accounting-Request however often it is sent: no octet of it depends on a secret.

    There is room for what each sending adds. Raises Malformed (too-long).
    """
    return rewrite.to_upstream(
        view, _NOWHERE, _NOWHERE, edits=edits, appended=appended, proxy_state=_ROOM, hidden=_NOTHING,
        signed=view.layout.message_authenticator is not None,
    )[: -len(_ROOM) - 2]  # fmt: skip


def spooled_to_aaa(attributes: bytes, secret: bytes, identifier: int, proxy_state: bytes, *, signed: bool) -> bytes:
    """An Accounting-Request from the spool. `signed`: it came with a Message-Authenticator, so AAA gets one."""
    attributes += radius.attribute(_PROXY_STATE, proxy_state)
    return radius_auth.sign_accounting_request(identifier, attributes, secret, with_message=signed)


def acknowledgement(request: Request) -> bytes:
    """An Accounting-Response of our own, with the BNG's Proxy-States as they came (RFC 2866 §4.2)."""
    view = request.view
    return radius_auth.sign_reply(
        _ACCOUNTING_RESPONSE, view.identifier, view.authenticator, states_of(view), request.nas.secret,
        with_message=view.layout.message_authenticator is not None,
    )  # fmt: skip


def verify(view: PacketView, aaa: Hop | None, codes: frozenset[int], *, require_message_authenticator: bool) -> bool:
    """Whether a reply that answers the request as it was sent to AAA is signed with a Message-Authenticator.

    Raises Malformed or Unauthentic for one that does not answer it (RFC 2865 §3), lacks a Message-Authenticator that is
    required, or has a wrong one (RFC 3579 §3.2).
    """
    if aaa is None:
        raise Malformed(DropReason.UNEXPECTED_REPLY)
    if view.code not in codes:
        raise Malformed(DropReason.BAD_REPLY_CODE)
    if not radius_auth.response_authenticator_fits(view, aaa.authenticator, aaa.secret):
        raise Unauthentic(DropReason.BAD_AUTHENTICATOR)
    if view.layout.message_authenticator is None:
        if require_message_authenticator or _EAP_MESSAGE in view.first_spans:
            raise Unauthentic(DropReason.MISSING_MESSAGE_AUTHENTICATOR)
        return False
    if not radius_auth.message_authenticator_fits(view, aaa.secret, aaa.authenticator) and not (
        view.code == _ACCOUNTING_RESPONSE
        and radius_auth.message_authenticator_fits(view, aaa.secret, radius_auth.ZEROS)
    ):
        raise Unauthentic(DropReason.BAD_MESSAGE_AUTHENTICATOR)
    return True


def to_bng(view: PacketView, request: Request, hidden: Mapping[int, Hidden]) -> bytes:
    """A verified reply as the BNG gets it. Raises Malformed."""
    nas, original, aaa = request.nas, request.view, request.aaa
    if aaa is None:
        raise Malformed(DropReason.UNEXPECTED_REPLY)
    signed = not request.accounting or original.layout.message_authenticator is not None
    authenticator = original.authenticator
    attributes = rewrite.to_nas(
        view, Hop(nas.secret, authenticator), aaa, others=original.values(original.layout.proxy_states),
        ours=request.proxy_state, hidden=hidden, signed=signed,
    )  # fmt: skip
    return radius_auth.sign_reply(
        view.code, original.identifier, authenticator, attributes, nas.secret, with_message=signed
    )


def reject(request: Request) -> bytes:
    """An Access-Reject of our own, with the BNG's Proxy-States as they came (RFC 2865 §5.33).

    Raises Malformed (too-long) if they leave no room for a Message-Authenticator.
    """
    view = request.view
    states = rewrite.fitting(states_of(view), signed=True)
    return radius_auth.sign_reply(
        _ACCESS_REJECT, view.identifier, view.authenticator, states, request.nas.secret, with_message=True
    )


def states_of(view: PacketView) -> bytes:
    """The Proxy-States of a request as a reply brings them back."""
    octets = view.octets
    return b"".join([octets[span.start : span.end] for span in view.layout.proxy_states])


_NOWHERE: Final = Hop(b"", b"")
_ROOM: Final = bytes(8 + ADDED_OCTETS)  # Proxy-State and Acct-Delay-Time

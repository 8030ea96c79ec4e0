"""What each side gets of a CoA or Disconnect, signed; whether a BNG's answer may be believed. Pure.

Attributes that are not taken out on purpose stay byte-identical and in order. Request Authenticators are digests over
the packet with zeros in their place (RFC 5176 §2.3), so hidden attributes are hidden with a vector of zeros, as
FreeRADIUS does: no RFC says how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bngcorr.errors import Malformed, Unauthentic
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.dynauth.numbers import ACK, ERROR_CAUSE, NAK, ErrorCause
from bngcorr.proxy.dynauth.route import Refused
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.hiding import SALTED, Hidden, hide, reveal
from bngcorr.wire.radius import HEADER_OCTETS, MAX_OCTETS, PacketView, Span
from bngcorr.wire.radius_auth import MESSAGE_OCTETS, ZEROS

PROXY_STATE_OCTETS: Final = 10  # of ours: type, length and eight octets


def for_bng(
    view: PacketView,
    cut: Sequence[Span],
    session_id: bytes | None,
    *,
    secrets: tuple[bytes, bytes],
    hidden: Mapping[int, Hidden],
    salt: bytes,
) -> bytes | Refused:
    """Attributes for a BNG, without Message-Authenticator and our Proxy-State.

    `cut` is taken out; `session_id` is put in unless the request names a session already. `secrets` are AAA's and the
    BNG's: where they differ, salted attributes are hidden anew, with salts counted up from the two random octets of
    `salt`; what is hidden otherwise is refused.
    """
    if secrets[0] != secrets[1] and (present := [span for span in view.spans if span.key in hidden]):
        fresh = _hidden_anew(view, present, secrets, hidden, salt)
        if isinstance(fresh, Refused):
            return fresh
    else:
        fresh = {}
    own = view.span(a.MESSAGE_AUTHENTICATOR)
    attributes = without(view, [*cut, *([own] if own is not None else [])], fresh)
    if session_id is not None and not view.first(a.ACCT_SESSION_ID):
        attributes += radius.attribute(a.ACCT_SESSION_ID, session_id)
    if HEADER_OCTETS + MESSAGE_OCTETS + len(attributes) + PROXY_STATE_OCTETS > MAX_OCTETS:
        return Refused(ErrorCause.PROXY_PROCESSING_ERROR)
    return attributes


def _hidden_anew(
    view: PacketView, spans: Sequence[Span], secrets: tuple[bytes, bytes], hidden: Mapping[int, Hidden], salt: bytes
) -> dict[int, bytes] | Refused:
    """Hidden (sub-)attributes by where they start, as the BNG can read them."""
    fresh: dict[int, bytes] = {}
    number = int.from_bytes(salt, "big")
    for span in spans:
        how = hidden[span.key]
        if how.scheme != SALTED:
            return Refused(ErrorCause.UNSUPPORTED_ATTRIBUTE)
        tag = 1 if how.tagged else 0
        value = view.value(span)
        plain = _revealed(value[tag:], secrets[0])
        if plain is None:  # hidden with another vector, or with another secret: the BNG would read noise
            return Refused(ErrorCause.INVALID_ATTRIBUTE_VALUE)
        own_salt = bytes((number >> 8 & 0x7F | 0x80, number & 0xFF))
        number += 1
        value = value[:tag] + own_salt + hide(plain, secrets[1], ZEROS + own_salt)
        fresh[span.start] = view.octets[span.start : span.start + 2] + value
    return fresh


def _revealed(value: bytes, secret: bytes) -> bytes | None:
    """Length, data and padding of a salted value; None if it is not what that scheme makes (RFC 2868 §3.5)."""
    if len(value) < 18 or (len(value) - 2) % 16:
        return None
    plain = reveal(value[2:], secret, ZEROS + value[:2])
    used = 1 + plain[0]
    return plain if used <= len(plain) < used + 16 and not any(plain[used:]) else None


def without(view: PacketView, cut: Sequence[Span], fresh: Mapping[int, bytes]) -> bytes:
    """All attributes but those of `cut`; those whose start is a key of `fresh` as they stand there.

    A VSA loses single sub-attributes and has its length mended; it goes if nothing is left of it.
    """
    gone = {span.start for span in cut}
    touched = gone | set(fresh)
    out = []
    at = HEADER_OCTETS
    octets = view.octets
    for span in view.spans:
        if span.outer_start < at or not touched.intersection(range(span.outer_start, span.outer_end)):
            continue  # seen with a sub-attribute in front of it, or untouched
        out.append(octets[at : span.outer_start])
        inside = [one for one in view.spans if one.outer_start == span.outer_start and one.start not in gone]
        joined = b"".join(fresh.get(one.start) or octets[one.start : one.end] for one in inside)
        if joined and span.start != span.outer_start:
            joined = (
                bytes((a.VENDOR_SPECIFIC, len(joined) + 6))
                + octets[span.outer_start + 2 : span.outer_start + 6]
                + joined
            )
        out.append(joined)
        at = span.outer_end
    out.append(octets[at:])
    return b"".join(out)


def verify(view: PacketView, code: int, authenticator: bytes, states: Sequence[bytes], secret: bytes) -> None:
    """Raises Malformed or Unauthentic unless a BNG's datagram answers the request that was sent to it.

    `states` are the Proxy-States that it got; they come back all and in order, or none does: a BNG is known by socket
    and Identifier, and old ones return nothing.
    """
    if view.code not in (ACK[a.Code(code)], NAK[a.Code(code)]):
        raise Malformed(DropReason.BAD_REPLY_CODE)
    if not radius_auth.response_authenticator_fits(view, authenticator, secret):
        raise Unauthentic(DropReason.BAD_AUTHENTICATOR)
    if view.has(a.MESSAGE_AUTHENTICATOR) and not radius_auth.message_authenticator_fits(view, secret, authenticator):
        raise Unauthentic(DropReason.BAD_MESSAGE_AUTHENTICATOR)
    back = view.all(a.PROXY_STATE)
    if back and back != list(states):
        raise Malformed(DropReason.FOREIGN_PROXY_STATE)


def decisive(code: int, answers: Sequence[PacketView]) -> PacketView:
    """Which of the answers for the sessions of one line AAA gets: an ACK if all are, else the worst NAK.

    A session that is not found is the mildest: of a Disconnect it is what was asked for if another was acknowledged,
    for there are BNGs that end all sessions of a line with its first.
    """
    acks = [answer for answer in answers if answer.code == ACK[a.Code(code)]]
    naks = [answer for answer in answers if answer.code != ACK[a.Code(code)]]
    grave = [answer for answer in naks if answer.integer(ERROR_CAUSE) != ErrorCause.SESSION_CONTEXT_NOT_FOUND]
    if grave:
        return grave[0]
    if naks and not (acks and code == a.Code.DISCONNECT_REQUEST):
        return naks[0]
    return acks[0]


def passed_on(asked: PacketView, reply: PacketView, secret: bytes) -> bytes:
    """A BNG's answer for AAA: its attributes, and AAA's own Proxy-States as they came (RFC 5176 §3.1)."""
    cut = [span for span in reply.spans if span.key in (a.PROXY_STATE, a.MESSAGE_AUTHENTICATOR)]
    return _answer(asked, reply.code, without(reply, cut, {}), secret)


def refusal(asked: PacketView, cause: ErrorCause, secret: bytes) -> bytes:
    """A NAK of our own."""
    return _answer(asked, NAK[a.Code(asked.code)], radius.attribute(ERROR_CAUSE, cause.to_bytes(4, "big")), secret)


def _answer(asked: PacketView, code: int, attributes: bytes, secret: bytes) -> bytes:
    states = b"".join(radius.attribute(a.PROXY_STATE, state) for state in asked.all(a.PROXY_STATE))
    signed = asked.has(a.MESSAGE_AUTHENTICATOR)
    if HEADER_OCTETS + MESSAGE_OCTETS + len(attributes) + len(states) > MAX_OCTETS:
        attributes = b""  # the answer itself matters more than what the BNG adds to it
    return radius_auth.sign_reply(
        code, asked.identifier, asked.authenticator, attributes + states, secret, with_message=signed
    )

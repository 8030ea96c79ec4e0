"""Edits to a packet on its way through, as octets: everything that is not touched on purpose stays as it came.

Attributes are cut out, replaced in place or appended; order, unknown attributes, RFC 6929 attributes and the grouping
of sub-attributes in their VSA survive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bngcorr.errors import Malformed
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import DropReason
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.dictionary import Hidden
from bngcorr.wire.radius import HEADER_OCTETS, MAX_OCTETS, PacketView, Span


@dataclass(frozen=True, slots=True)
class Hop:
    """One side of the proxy: its shared secret and the Request Authenticator in force there."""

    secret: bytes
    authenticator: bytes

    def __repr__(self) -> str:
        return "Hop(secret not shown)"


def _spliced(octets: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The attributes with each ``(start, end, new octets)`` put in; edits do not overlap."""
    parts = []
    at = HEADER_OCTETS
    for start, end, new in sorted(edits):
        parts.append(octets[at:start])
        parts.append(new)
        at = end
    parts.append(octets[at:])
    return b"".join(parts)


def _vendor_edits(view: PacketView, strips: Sequence[Span], drops: Sequence[Span]) -> Iterable[tuple[int, int, bytes]]:
    """One edit for each VSA in which sub-attributes lose their first 4 octets (`strips`) or go altogether (`drops`)."""
    touched = {(span.outer_start, span.outer_end) for span in (*strips, *drops)}
    for start, end in touched:
        body = []
        for span in view.spans:
            if span.outer_start != start or span in drops:
                continue
            sub = view.octets[span.start : span.end]
            if span in strips:
                sub = bytes((sub[0], len(sub) - 4)) + sub[6:]
            body.append(sub)
        joined = b"".join(body)
        head = bytes((a.VENDOR_SPECIFIC, len(joined) + 6)) + view.octets[start + 2 : start + 6]
        yield start, end, head + joined if joined else b""


def line_edits(
    view: PacketView, strips: Sequence[Span], inject: LineIds | None
) -> tuple[list[tuple[int, int, bytes]], bytes]:
    """What makes a request name its line the v4 way: edits in place, and octets to append.

    `strips` shortens sub-attribute, VSA and packet by 4 octets each. `inject` writes 3561.1 and 3561.2 of a matched
    line; an id that the request carries already stays, an empty one gives way.
    """
    drops: list[Span] = []
    appended = b""
    if inject is not None:
        for key, value in ((a.AGENT_CIRCUIT_ID, inject.circuit_id), (a.AGENT_REMOTE_ID, inject.remote_id)):
            if value is None or any(view.all(key)):
                continue
            drops.extend(span for span in view.spans if span.key == key)
            appended += radius.vendor_attribute(key, value)
    return list(_vendor_edits(view, strips, drops)), appended


def to_upstream(
    view: PacketView, nas: Hop, aaa: Hop, *, edits: list[tuple[int, int, bytes]], appended: bytes, proxy_state: bytes
) -> bytes:
    """Attributes for AAA: without the BNG's Message-Authenticator, User-Password hidden anew, Proxy-State last.

    Raises Malformed (bad-hidden-attribute, too-long).
    """
    span = view.span(a.MESSAGE_AUTHENTICATOR)
    if span is not None:
        edits.append((span.start, span.end, b""))
    if view.code == a.Code.ACCESS_REQUEST:
        for span in view.spans:
            if span.key == a.USER_PASSWORD:
                value = radius_auth.rehide(
                    view.value(span), nas.secret, nas.authenticator, aaa.secret, aaa.authenticator
                )
                edits.append((span.start + 2, span.end, value))
    attributes = _spliced(view.octets, edits) + appended + radius.attribute(a.PROXY_STATE, proxy_state)
    if HEADER_OCTETS + 18 + len(attributes) > MAX_OCTETS:
        raise Malformed(DropReason.TOO_LONG)
    return attributes


def to_nas(
    view: PacketView, nas: Hop, aaa: Hop, *, expected_states: Sequence[bytes], hidden: Mapping[int, Hidden], salt: bytes
) -> bytes:
    """Attributes for the BNG: our Proxy-State and AAA's Message-Authenticator gone, hidden attributes hidden anew.

    `expected_states` are the Proxy-States that we sent, ours last (RFC 2865 §5.33: they come back all and in order).
    `salt` is two random octets; each salted attribute gets its own, counted up from there (RFC 2868 §3.5: unique within
    a packet). Raises Malformed: foreign-proxy-state, bad-hidden-attribute, too-long.
    """
    states = [span for span in view.spans if span.key == a.PROXY_STATE]
    silent = not states and len(expected_states) == 1  # a server that drops ours loses nobody else's
    if not silent and [view.value(span) for span in states] != list(expected_states):
        raise Malformed(DropReason.FOREIGN_PROXY_STATE)
    edits = [] if silent else [(states[-1].start, states[-1].end, b"")]
    span = view.span(a.MESSAGE_AUTHENTICATOR)
    if span is not None:
        edits.append((span.start, span.end, b""))
    next_salt = int.from_bytes(salt, "big")
    for span in view.spans:
        how = hidden.get(span.key)
        if how is None:
            continue
        start = span.start + (3 if how.tagged else 2)
        value = view.octets[start : span.end]
        if how.scheme == 1:
            new = radius_auth.rehide(value, aaa.secret, aaa.authenticator, nas.secret, nas.authenticator)
        else:
            fresh = (next_salt & 0xFFFF).to_bytes(2, "big")
            next_salt += 1
            new = radius_auth.rehide_salted(value, aaa.secret, aaa.authenticator, nas.secret, nas.authenticator, fresh)
        edits.append((start, span.end, new))
    attributes = _spliced(view.octets, edits)
    if HEADER_OCTETS + 18 + len(attributes) > MAX_OCTETS:
        raise Malformed(DropReason.TOO_LONG)
    return attributes

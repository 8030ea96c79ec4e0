"""Edits to a packet on its way through, as octets: everything that is not touched on purpose stays as it came.

Attributes are cut out, replaced in place or appended; order, unknown attributes, RFC 6929 attributes and the grouping
of sub-attributes in their VSA survive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bngcorr.errors import Malformed
from bngcorr.model.vocabulary import DropReason
from bngcorr.profiles.profile import Write
from bngcorr.proxy.line_id import Change
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.dictionary import Hidden
from bngcorr.wire.radius import HEADER_OCTETS, MAX_OCTETS, PacketView, Span


@dataclass(slots=True)  # not frozen: one is made for every request, and that costs a call a field
class Hop:
    """One side of the proxy: its shared secret and the Request Authenticator in force there."""

    secret: bytes
    authenticator: bytes

    def __repr__(self) -> str:
        return "Hop(secret not shown)"


def _spliced(octets: bytes, edits: Iterable[Edit]) -> bytes:
    """The attributes with each ``(start, end, new octets)`` put in; edits do not overlap."""
    parts = []
    at = HEADER_OCTETS
    for start, end, new in sorted(edits):
        parts.append(octets[at:start])
        parts.append(new)
        at = end
    parts.append(octets[at:])
    return b"".join(parts)


Edit = tuple[int, int, bytes]  # octets from … to … of the packet give way to these


def change_edits(view: PacketView, changes: Sequence[Change], drops: Sequence[Span]) -> list[Edit]:
    """Edits that put `changes` into their attributes, lengths mended, and take `drops` out.

    In a Vendor-Specific attribute, sub-attribute, VSA and packet change by the same number of octets, wherever the
    sub-attribute stands among others. Raises Malformed (too-long) if an attribute would outgrow its length octet.
    """
    edits: list[Edit] = []
    touched = {(span.outer_start, span.outer_end) for span in (*(change.span for change in changes), *drops)}
    for start, end in touched:
        inside = [span for span in view.spans if span.outer_start == start and span not in drops]
        joined = b"".join(_changed(view, span, changes) for span in inside)
        if view.octets[start] != a.VENDOR_SPECIFIC:
            edits.append((start, end, joined))
            continue
        if len(joined) + 6 > 255:
            raise Malformed(DropReason.TOO_LONG, start)
        head = bytes((a.VENDOR_SPECIFIC, len(joined) + 6)) + view.octets[start + 2 : start + 6]
        edits.append((start, end, head + joined if joined else b""))
    return edits


def _changed(view: PacketView, span: Span, changes: Sequence[Change]) -> bytes:
    octets = view.octets
    for change in changes:
        if change.span is span:
            value = octets[span.start + 2 : change.start] + change.octets + octets[change.end : span.end]
            if len(value) + 2 > 255:
                raise Malformed(DropReason.TOO_LONG, span.start)
            return bytes((octets[span.start], len(value) + 2)) + value
    return octets[span.start : span.end]


def line_edits(
    view: PacketView,
    changes: Sequence[Change],
    writes: Sequence[tuple[Write, bytes]],
    kept: bytes,
    out: Sequence[Span] = (),
) -> tuple[list[Edit], bytes]:
    """What makes a request name its line the v4 way: edits in place, and octets to append.

    `writes` are attributes and the octets to write; one that is there already stays unless the write is `always`, and
    an empty one gives way. Attributes that share a name with others (AV pairs) are told apart by the text in front of
    the template's first field. `kept` is appended as it is, the attributes of `out` are taken out first. Raises
    Malformed (too-long).
    """
    changes = list(changes)
    drops: list[Span] = list(out)
    appended = []
    for write, value in writes:
        head = write.template.partition("{")[0].encode()
        there = [
            span
            for span in view.spans
            if span.key == write.key and span not in out and view.value(span).startswith(head)
        ]
        full = [span for span in there if len(view.value(span)) > len(head)]
        if full and not write.always:
            continue
        if full:
            changes = [change for change in changes if change.span is not full[0]]
            changes.append(Change(full[0], full[0].start + 2, full[0].end, value))
            drops.extend(span for span in there if span is not full[0])
            continue
        drops.extend(there)
        appended.append(attribute_octets(write.key, value))
    return change_edits(view, changes, drops), b"".join((*appended, kept))


def most_octets(key: int) -> int:
    """The longest value that the attribute can hold (RFC 2865 §5, §5.26)."""
    return 247 if key > 255 else 253


def attribute_octets(key: int, value: bytes) -> bytes:
    """A standard attribute or a VSA. Raises Malformed (too-long) for a value that does not fit."""
    if len(value) > most_octets(key):
        raise Malformed(DropReason.TOO_LONG)
    return radius.vendor_attribute(key, value) if key > 255 else radius.attribute(key, value)


def to_upstream(
    view: PacketView, nas: Hop, aaa: Hop, *, edits: list[Edit], appended: bytes, proxy_state: bytes
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

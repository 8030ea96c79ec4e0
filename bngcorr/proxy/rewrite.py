"""Edits to a packet on its way through, as octets: everything that is not touched on purpose stays as it came.

Attributes are cut out, replaced in place or appended; order, unknown attributes, RFC 6929 attributes and the grouping
of sub-attributes in their VSA survive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bngcorr.errors import Malformed
from bngcorr.model.vocabulary import DropReason
from bngcorr.profiles.profile import Write
from bngcorr.proxy.line_id import Change
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.core import spliced
from bngcorr.wire.hiding import Hidden, rehidden, rehide
from bngcorr.wire.octets import Edit
from bngcorr.wire.radius import HEADER_OCTETS, MAX_OCTETS, PacketView, Span
from bngcorr.wire.radius_auth import MESSAGE_OCTETS

# named here once: looking a member up in its class costs more than the comparison
_ACCESS_REQUEST: Final = int(a.Code.ACCESS_REQUEST)
_VENDOR_SPECIFIC: Final = int(a.VENDOR_SPECIFIC)
_PROXY_STATE: Final = int(a.PROXY_STATE)
_LUCENT: Final = 4846  # type in two octets, length in one
_WIMAX: Final = 24757  # type, length and an octet whose top bit says that the value goes on in the next attribute
# bound once: compiled code looks an imported function up at every call
_attribute: Final = radius.attribute
_vendor_attribute: Final = radius.vendor_attribute
_spliced: Final = spliced
_OCTETS: Final = [bytes((octet,)) for octet in range(256)]


class Hop:
    """One side of the proxy: its shared secret and the Request Authenticator in force there."""

    __slots__ = ("authenticator", "secret")

    def __init__(self, secret: bytes, authenticator: bytes) -> None:
        self.secret = secret
        self.authenticator = authenticator

    def __repr__(self) -> str:
        return "Hop(secret not shown)"


def change_edits(view: PacketView, changes: Sequence[Change], drops: Sequence[Span]) -> list[Edit]:
    """Edits that put `changes` into their attributes, lengths mended, and take `drops` out.

    In a Vendor-Specific attribute, sub-attribute, VSA and packet change by the same number of octets, wherever the
    sub-attribute stands among others. Raises Malformed (too-long) if an attribute would outgrow its length octet.
    """
    if not drops and len(changes) == 1:
        return [_one_edit(view.octets, changes[0])]
    edits: list[Edit] = []
    touched = {(span.outer_start, span.outer_end) for span in (*(change.span for change in changes), *drops)}
    for start, end in touched:
        inside = [span for span in view.spans if span.outer_start == start and span not in drops]
        joined = b"".join(_changed(view, span, changes) for span in inside)
        if view.octets[start] != _VENDOR_SPECIFIC:
            edits.append((start, end, joined))
            continue
        if len(joined) + 6 > 255:
            raise Malformed(DropReason.TOO_LONG, start)
        head = bytes((_VENDOR_SPECIFIC, len(joined) + 6)) + view.octets[start + 2 : start + 6]
        edits.append((start, end, head + joined if joined else b""))
    return edits


def _one_edit(octets: bytes, change: Change) -> Edit:
    """From the first length octet that changes to the end of the change."""
    span = change.span
    start, outer = span.start, span.outer_start
    grown = len(change.octets) - (change.end - change.start)
    size = octets[start + 1] + grown
    outer_size = octets[outer + 1] + grown
    if outer_size > 255:
        raise Malformed(DropReason.TOO_LONG, outer)
    tail = octets[start + 2 : change.start] + change.octets
    if outer == start:
        return start + 1, change.end, _OCTETS[size] + tail
    return outer + 1, change.end, _OCTETS[outer_size] + octets[outer + 2 : start + 1] + _OCTETS[size] + tail


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
    if not writes and not out:
        return change_edits(view, changes, ()) if changes else [], kept
    changes = list(changes)
    drops: list[Span] = list(out)
    appended = []
    for write, value in writes:
        if write.key not in view.first_spans:
            appended.append(attribute_octets(write.key, value))
            continue
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
    appended.append(kept)
    return change_edits(view, changes, drops) if changes or drops else [], b"".join(appended)


def most_octets(key: int) -> int:
    """The longest value that the attribute can hold (RFC 2865 §5, §5.26)."""
    return 247 if key > 255 else 253


def attribute_octets(key: int, value: bytes) -> bytes:
    """A standard attribute or a VSA. Raises Malformed (too-long) for a value that does not fit."""
    if len(value) > most_octets(key):
        raise Malformed(DropReason.TOO_LONG)
    return _vendor_attribute(key, value) if key > 255 else _attribute(key, value)


def to_upstream(
    view: PacketView,
    nas: Hop,
    aaa: Hop,
    *,
    edits: Sequence[Edit],
    appended: bytes,
    proxy_state: bytes,
    hidden: Mapping[int, Hidden],
    signed: bool = True,
) -> bytes:
    """Attributes for AAA: without the BNG's Message-Authenticator, hidden ones hidden anew, Proxy-State last.

    `hidden` tells what is hidden in an Access-Request beside User-Password; in an Accounting-Request nothing is, by any
    RFC. `signed`: there must be room for a Message-Authenticator. Raises Malformed (bad-hidden-attribute, too-long).
    """
    every = list(edits)
    layout = view.layout
    message = layout.message_authenticator
    if message is not None:
        every.append((message.start, message.end, b""))
    if view.code == _ACCESS_REQUEST:
        for span in layout.passwords:
            value = rehide(view.value(span), nas.secret, nas.authenticator, aaa.secret, aaa.authenticator)
            every.append((span.start + 2, span.end, value))
        _hide_anew(view, nas, aaa, hidden, proxy_state, every, strict=False)
    attributes = _spliced(view.octets, every, appended + _attribute(_PROXY_STATE, proxy_state))
    return fitting(attributes, signed=signed)


def to_nas(
    view: PacketView,
    nas: Hop,
    aaa: Hop,
    *,
    others: Sequence[bytes],
    ours: bytes,
    hidden: Mapping[int, Hidden],
    signed: bool = True,
) -> bytes:
    """Attributes for the BNG: our Proxy-State and AAA's Message-Authenticator gone, hidden attributes hidden anew.

    `others` and `ours` are the Proxy-States that AAA was sent: they come back all and in order (RFC 2865 §5.33). A
    server that drops ours loses nobody else's. `ours` also counts requests, which tells where the salts of this packet
    begin (RFC 2868 §3.5: unique within a packet). `signed` as for requests. Raises Malformed: foreign-proxy-state,
    bad-hidden-attribute, too-long.
    """
    edits: list[Edit] = []
    spans = view.layout.proxy_states
    if spans or others:
        if len(spans) != len(others) + 1 or view.value(spans[-1]) != ours:
            raise Malformed(DropReason.FOREIGN_PROXY_STATE)
        for at, other in enumerate(others):
            if view.value(spans[at]) != other:
                raise Malformed(DropReason.FOREIGN_PROXY_STATE)
        span = spans[-1]
        edits.append((span.start, span.end, b""))
    message = view.layout.message_authenticator
    if message is not None:
        edits.append((message.start, message.end, b""))
    _hide_anew(view, aaa, nas, hidden, ours, edits, strict=True)
    return fitting(_spliced(view.octets, edits, b""), signed=signed)


def fitting(attributes: bytes, *, signed: bool) -> bytes:
    """They, if there is room for what goes in front of them (RFC 2865 §3); raises Malformed (too-long) if not.

    `signed`: a Message-Authenticator does.
    """
    if HEADER_OCTETS + (MESSAGE_OCTETS if signed else 0) + len(attributes) > MAX_OCTETS:
        raise Malformed(DropReason.TOO_LONG)
    return attributes


def _hide_anew(
    view: PacketView, old: Hop, new: Hop, hidden: Mapping[int, Hidden], ours: bytes, edits: list[Edit], *, strict: bool
) -> None:
    """Add the edits that hide every hidden attribute for the other hop; salts count up from the end of `ours`.

    What can't be taken apart is refused if `strict` (bad-hidden-attribute), else it stays as it came: nobody could have
    read it, and the request matters more.
    """
    if not view.has_any(hidden) and _VENDOR_SPECIFIC not in view.first_spans:
        return
    if old.secret == new.secret and old.authenticator == new.authenticator:
        return
    salt = int.from_bytes(ours[-2:], "big")
    octets = view.octets
    for span in view.spans:
        how = hidden.get(span.key)
        if how is not None:
            found = [(span.start + (3 if how.tagged else 2), span.end, how)]
        elif span.key == _VENDOR_SPECIFIC:
            found = _in_other_layout(octets, span, hidden, strict=strict)
        else:
            continue
        for start, end, scheme in found:
            value = octets[start:end] if start <= end else b""  # there is not even a tag
            try:
                value = rehidden(
                    value, scheme, old.secret, old.authenticator, new.secret, new.authenticator, salt & 0x7FFF
                )
            except Malformed:
                if strict:
                    raise
                continue
            salt += 1
            edits.append((start, end, value))


def _in_other_layout(
    octets: bytes, span: Span, hidden: Mapping[int, Hidden], *, strict: bool
) -> list[tuple[int, int, Hidden]]:
    """Where hidden values lie in the VSA of a vendor whose sub-attributes have three octets in front.

    A value in several pieces is refused if `strict` (Malformed, bad-hidden-attribute), else left out.
    """
    vendor = int.from_bytes(octets[span.start + 2 : span.start + 6], "big")
    found: list[tuple[int, int, Hidden]] = []
    if vendor != _WIMAX and vendor != _LUCENT:
        return found
    at = span.start + 6
    while at + 3 <= span.end:
        kind, size, more = octets[at], octets[at + 1], octets[at + 2] & 0x80
        if vendor == _LUCENT:
            kind, size, more = kind << 8 | size, octets[at + 2], 0
        if size < 3 or at + size > span.end:
            break
        how = hidden.get(vendor << 8 | kind) if kind < 256 else None
        if how is not None:
            if more and strict:
                raise Malformed(DropReason.BAD_HIDDEN_ATTRIBUTE, at)
            if not more:
                found.append((at + 3, at + size, how))
        at += size
    return found

"""What octets from the network run through, end to end and without sockets: each accepted, or refused by a name.

A WireError is the only thing that may be raised; what leaves decodes again, is authentic, and is untouched wherever
nothing was to be changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from typing import Final

from bngcorr.errors import WireError
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import DropReason, Mode
from bngcorr.profiles.catalogue import packaged
from bngcorr.proxy import hops
from bngcorr.proxy.admit import authenticate, describe, own_verdict
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.status import StatusServer
from bngcorr.wire import attributes as a
from bngcorr.wire import radius_auth
from bngcorr.wire.hiding import reveal
from bngcorr.wire.radius import PacketView, decode
from tests.lab_parts import SECRET as BNG_SECRET
from tests.lab_parts import nas
from tests.proxy.families import dictionary, profile

AAA_SECRET: Final = b"between-proxy-and-aaa"
FRESH: Final = bytes(range(200, 216))
OURS: Final = b"\xaa\xbb\xcc\xdd\x00\x00\x00\x01"
HOST: Final = "192.0.2.1"
KINDS: Final = frozenset((a.Code.ACCESS_ACCEPT, a.Code.ACCESS_REJECT, a.Code.ACCESS_CHALLENGE))
NUMBERS: Final = Numbers()


@cache
def _bngs() -> tuple[Nas, ...]:
    """One of each profile."""
    return tuple(nas(name, profile(name)) for name in packaged())


def _named(error: WireError) -> None:
    assert isinstance(error.reason, DropReason)


def received(octets: bytes, choice: int) -> None:
    """A datagram from a BNG, on its way to AAA. `choice` 0 … 255: whose profile, and what is changed."""
    bngs = _bngs()
    bng = bngs[choice % len(bngs)]
    changed = bool(choice & 0x80)
    try:
        StatusServer().answer(octets, HOST, [bng], [], 1, 0.0)
    except WireError as error:
        _named(error)
    try:
        view = decode(octets)
        if view.code not in (1, 4):
            return
        authentic = _authentic(view, bng)
        request = describe(bng, view, HOST, at_ms=0, authentic=authentic, numbers=NUMBERS)
        own_verdict(request)
        inherited = LineIds(b"remote", b"circuit") if choice & 0x40 else None
        mode = Mode.FULL if changed else Mode.OBSERVE
        edits, appended = normalised(view, bng.profile, mode, request.identity, inherited, bng.name)
        request.proxy_state = OURS
        sent = hops.to_aaa(request, AAA_SECRET, 9, edits, appended, FRESH, dictionary().hidden)
        kept = hops.accounting_attributes(view, edits, appended) if view.code == 4 else b""
    except WireError as error:
        _named(error)
        return
    got = decode(sent)
    assert got.all(a.PROXY_STATE)[-1] == OURS
    assert request.aaa is not None
    if view.code == 4:
        assert radius_auth.accounting_authenticator_fits(got, AAA_SECRET)
        assert kept in sent
    else:
        assert got.spans[0].key == a.MESSAGE_AUTHENTICATOR
        assert radius_auth.message_authenticator_fits(got, AAA_SECRET, got.authenticator)
        _same_passwords(view, got)
    if not edits and not appended:
        _same(view, got, ours_at_the_end=True)


def answered(body: bytes, code: int, octets: bytes) -> None:
    """A reply from AAA with these attributes, rightly signed, on its way to a BNG; and any octets as a reply."""
    request = _asked()
    assert request.aaa is not None
    try:
        hops.verify(decode(octets), request.aaa, KINDS, require_message_authenticator=False)
        raise AssertionError("nobody can sign that")
    except WireError as error:
        _named(error)
    signed = radius_auth.sign_reply(code, 9, request.aaa.authenticator, body[:4000], AAA_SECRET, with_message=True)
    try:
        view = decode(signed)
        hops.verify(view, request.aaa, KINDS, require_message_authenticator=True)
        reply = hops.to_bng(view, request, dictionary().hidden)
    except WireError as error:
        _named(error)
        return
    got = decode(reply)
    assert got.spans[0].key == a.MESSAGE_AUTHENTICATOR
    assert radius_auth.message_authenticator_fits(got, BNG_SECRET, request.view.authenticator)
    assert radius_auth.response_authenticator_fits(got, request.view.authenticator, BNG_SECRET)
    _same(view, got, ours_at_the_end=False)


@cache
def _asked() -> Request:
    """A request that waits for AAA's answer."""
    octets = radius_auth.sign_access_request(7, bytes(range(16)), b"\x01\x05cpe", BNG_SECRET)
    request = describe(_bngs()[0], decode(octets), HOST, at_ms=0, authentic=True, numbers=NUMBERS)
    request.proxy_state = OURS
    hops.to_aaa(request, AAA_SECRET, 9, [], b"", FRESH, dictionary().hidden)
    return request


def _authentic(view: PacketView, bng: Nas) -> bool:
    try:
        return authenticate(view, bng, a.Code(view.code))
    except WireError as error:
        _named(error)
        return False


def _attributes(view: PacketView) -> Iterator[bytes]:
    """Each attribute of the packet but Message-Authenticator, as octets."""
    at, octets = 20, view.octets
    while at < len(octets):
        end = at + octets[at + 1]
        if octets[at] != a.MESSAGE_AUTHENTICATOR:
            yield octets[at:end]
        at = end


def _same(before: PacketView, after: PacketView, *, ours_at_the_end: bool) -> None:
    """Nothing but Message-Authenticator, our Proxy-State, and the octets of hidden values is another."""
    ours = bytes((a.PROXY_STATE, len(OURS) + 2)) + OURS
    one, other = list(_attributes(before)), list(_attributes(after))
    if ours_at_the_end:
        assert other.pop() == ours
    elif before.has(a.PROXY_STATE):
        assert one.count(ours) == 1
        one.remove(ours)
    for came, left in zip_longest(one, other, fillvalue=b""):
        assert came[:2] == left[:2]
        if came != left:
            assert came[0] in (a.USER_PASSWORD, 69, a.VENDOR_SPECIFIC)
            assert came[:6] == left[:6] or came[0] != a.VENDOR_SPECIFIC


def _same_passwords(before: PacketView, after: PacketView) -> None:
    """What is hidden is the same."""
    one = [reveal(value, BNG_SECRET, before.authenticator) for value in before.all(a.USER_PASSWORD)]
    assert one == [reveal(value, AAA_SECRET, after.authenticator) for value in after.all(a.USER_PASSWORD)]

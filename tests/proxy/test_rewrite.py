"""A packet on its way through: what is not changed on purpose leaves as it came, octet for octet."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyrad.packet import AuthPacket
from pyrad.packet import Packet as PyradPacket

from bngcorr.errors import Malformed
from bngcorr.model.line import LineIds
from bngcorr.profiles.profile import Write
from bngcorr.proxy import rewrite
from bngcorr.proxy.line_id import Change
from bngcorr.proxy.rewrite import Hop
from bngcorr.proxy.template import fill
from bngcorr.wire import attributes as a
from bngcorr.wire import hiding, radius_auth
from bngcorr.wire.radius import PacketView, decode
from tests.wire.radius_packets import Piece, packet, passwords, pieces, plain, signatures, tlv, vsa

from .families import dictionary

NAS = Hop(b"between-bng-and-proxy", bytes(range(16)))
AAA = Hop(b"between-proxy-and-aaa", bytes(range(200, 216)))
WRITES = (
    Write(key=a.AGENT_CIRCUIT_ID, template="{circuit_id}"),
    Write(key=a.AGENT_REMOTE_ID, template="{remote_id}"),
)
OURS = b"\xaa\xbb\xcc\xdd\x00\x00\x00\x01"


def _join(parts: list[Piece]) -> bytes:
    return b"".join(part.octets for part in parts)


def _view(code: int, parts: list[Piece]) -> PacketView:
    authenticator = NAS.authenticator if code in (1, 4) else AAA.authenticator
    return decode(packet(code, 77, authenticator, tuple(parts)).octets)


def _upstream(view: PacketView, inject: LineIds | None = None, *, strip: bool = False) -> bytes:
    """Attributes for AAA; `strip`: every Remote-Id is to lose its number."""
    spans = [span for span in view.spans if span.key == a.AGENT_REMOTE_ID] if strip else []
    strips = [Change(span, span.start + 2, span.start + 6, b"") for span in spans]
    filled = [(write, fill(write.template, inject or LineIds(), None, None, "bng")) for write in WRITES]
    edits, appended = rewrite.line_edits(view, strips, [(write, value) for write, value in filled if value], b"")
    return rewrite.to_upstream(view, NAS, AAA, edits=edits, appended=appended, proxy_state=OURS, hidden={})


proxy_states = st.builds(plain, st.just(a.PROXY_STATE), st.binary(max_size=8))


@st.composite
def requests(draw: st.DrawFn) -> list[Piece]:
    """Attributes of a valid Access-Request, in any order, with up to one password and signature."""
    parts = draw(st.lists(pieces | proxy_states, max_size=12))
    for extra in (signatures, passwords):
        if draw(st.booleans()):
            parts.insert(draw(st.integers(0, len(parts))), draw(extra))
    return parts


def _is(part: Piece, kind: int) -> bool:
    return part.octets[0] == kind


# ---- to AAA


@settings(max_examples=100, deadline=None)
@given(requests(), st.integers(0, 255))
def test_an_access_request_goes_on_unchanged(parts: list[Piece], identifier: int) -> None:
    """Only identifier, length, authenticator, User-Password, Message-Authenticator and our Proxy-State differ."""
    view = _view(1, parts)
    signed = radius_auth.sign_access_request(identifier, AAA.authenticator, _upstream(view), AAA.secret)
    sent = decode(signed)
    aaa: Any = AuthPacket(secret=AAA.secret, authenticator=AAA.authenticator)
    expected = []
    for part in parts:
        if _is(part, a.MESSAGE_AUTHENTICATOR):
            continue
        if _is(part, a.USER_PASSWORD):
            plain_octets = hiding.reveal(part.seen[0][1], NAS.secret, NAS.authenticator)
            expected.append(plain(a.USER_PASSWORD, aaa.PwCrypt(plain_octets)))
        else:
            expected.append(part)

    assert _join([*expected, plain(a.PROXY_STATE, OURS)]) == sent.octets[20 + 18 :]
    assert (1, identifier, AAA.authenticator) == (sent.code, sent.identifier, sent.authenticator)
    assert a.MESSAGE_AUTHENTICATOR == sent.spans[0].key  # first, as BlastRADIUS wants it
    assert 1 == sum(span.key == a.MESSAGE_AUTHENTICATOR for span in sent.spans)
    assert radius_auth.message_authenticator_fits(sent, AAA.secret, AAA.authenticator)


@settings(max_examples=60, deadline=None)
@given(requests(), st.integers(0, 255), st.booleans())
def test_an_accounting_request_goes_on_unchanged(parts: list[Piece], identifier: int, signed: bool) -> None:
    """Attribute 2 is no password there and stays; all else but signature and Proxy-State leaves as it came."""
    view = _view(4, parts)
    octets = radius_auth.sign_accounting_request(identifier, _upstream(view), AAA.secret, with_message=signed)
    sent = decode(octets)
    expected = [part for part in parts if not _is(part, a.MESSAGE_AUTHENTICATOR)]

    assert _join([*expected, plain(a.PROXY_STATE, OURS)]) == sent.octets[20 + 18 * signed :]
    assert radius_auth.accounting_authenticator_fits(sent, AAA.secret)


@settings(max_examples=100, deadline=None)
@given(requests())
def test_our_proxy_state_comes_last(parts: list[Piece]) -> None:
    """Proxy-States of others keep their order and place, ours is added behind them (RFC 2865 §5.33)."""
    before = [part.seen[0][1] for part in parts if _is(part, a.PROXY_STATE)]
    sent = decode(radius_auth.sign_access_request(0, AAA.authenticator, _upstream(_view(1, parts)), AAA.secret))

    assert [*before, OURS] == sent.all(a.PROXY_STATE)
    assert a.PROXY_STATE == sent.spans[-1].key


# ---- the strip

remote_ids = st.binary(min_size=5, max_size=40)
siblings = st.lists(st.tuples(st.integers(0, 255).filter(lambda kind: kind != 2), st.binary(max_size=20)), max_size=4)


@settings(max_examples=100, deadline=None)
@given(requests(), remote_ids, siblings, siblings, st.data())
def test_a_strip_shortens_one_sub_attribute_its_vsa_and_the_packet_by_four(
    parts: list[Piece],
    value: bytes,
    before: list[tuple[int, bytes]],
    after: list[tuple[int, bytes]],
    data: st.DataObject,
) -> None:
    """Wherever the Remote-Id stands among others in its VSA, it alone loses four octets; its neighbours stay."""
    at = data.draw(st.integers(0, len(parts)))
    assume(not any(key == a.AGENT_REMOTE_ID for part in parts for key, _ in part.seen))
    whole = vsa(3561, *before, (2, value), *after)
    cut = vsa(3561, *before, (2, value[4:]), *after)
    with_whole = _view(1, [*parts[:at], whole, *parts[at:]])
    with_cut = _view(1, [*parts[:at], cut, *parts[at:]])

    assert _upstream(with_cut) == _upstream(with_whole, strip=True)
    assert len(_upstream(with_whole)) - 4 == len(_upstream(with_whole, strip=True))
    assert len(whole.octets) - 4 == len(cut.octets)
    assert whole.octets[1] - 4 == cut.octets[1]


def test_two_copies_in_one_vsa_and_one_in_another_are_all_stripped() -> None:
    """Each Remote-Id that carries the number is shortened, two of them in one VSA included."""
    pen = (2011).to_bytes(4, "big")
    view = _view(
        1, [vsa(3561, (2, pen + b"A"), (1, b"c"), (2, pen + b"A")), plain(1, b"cpe"), vsa(3561, (2, pen + b"A"))]
    )
    sent = [vsa(3561, (2, b"A"), (1, b"c"), (2, b"A")), plain(1, b"cpe"), vsa(3561, (2, b"A"))]

    assert _join([*sent, plain(a.PROXY_STATE, OURS)]) == _upstream(view, strip=True)


# ---- the injection

ids = st.none() | st.binary(min_size=1, max_size=60)


def _carries(part: Piece, key: int) -> bool:
    return any(value for other, value in part.seen if other == key)


@settings(max_examples=100, deadline=None)
@given(requests(), ids, ids)
def test_an_injection_leaves_the_other_octets_alone(
    parts: list[Piece], remote: bytes | None, circuit: bytes | None
) -> None:
    """The line's ids are appended in front of our Proxy-State; everything that was there stays as it was."""
    assume(not any(key in (a.AGENT_REMOTE_ID, a.AGENT_CIRCUIT_ID) for part in parts for key, _ in part.seen))
    view = _view(1, parts)
    added = [vsa(3561, (1, circuit))] if circuit is not None else []
    added += [vsa(3561, (2, remote))] if remote is not None else []
    plainly = _upstream(view)

    assert plainly.removesuffix(tlv(a.PROXY_STATE, OURS)) + _join(added) + tlv(a.PROXY_STATE, OURS) == _upstream(
        view, LineIds(remote, circuit)
    )


@settings(max_examples=80, deadline=None)
@given(requests(), siblings, siblings, st.data())
def test_an_injection_takes_the_place_of_empty_ids(
    parts: list[Piece], before: list[tuple[int, bytes]], after: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    """An empty Remote-Id gives way to the line's; its neighbours in the VSA stay, and a VSA left empty goes."""
    assume(not any(key in (a.AGENT_REMOTE_ID, a.AGENT_CIRCUIT_ID) for part in parts for key, _ in part.seen))
    at = data.draw(st.integers(0, len(parts)))
    left = [vsa(3561, *before, *after)] if before or after else []
    with_empty = _view(1, [*parts[:at], vsa(3561, *before, (2, b""), *after), *parts[at:]])
    without = _view(1, [*parts[:at], *left, *parts[at:]])

    assert _upstream(without, LineIds(b"LINE-17")) == _upstream(with_empty, LineIds(b"LINE-17"))


def test_an_id_that_the_request_has_is_not_replaced() -> None:
    """An injection never overwrites: the request's own Circuit-Id stays, only the Remote-Id is added."""
    parts = [vsa(3561, (1, b"its own"))]
    expected = [*parts, vsa(3561, (2, b"LINE-17")), plain(a.PROXY_STATE, OURS)]

    assert _join(expected) == _upstream(_view(1, parts), LineIds(b"LINE-17", b"another"))


def test_an_empty_copy_next_to_a_real_id_stays() -> None:
    """Where a real id stands, nothing is touched, not even an empty second copy."""
    parts = [vsa(3561, (2, b"")), vsa(3561, (2, b"LINE-1"))]

    assert _join([*parts, plain(a.PROXY_STATE, OURS)]) == _upstream(_view(1, parts), LineIds(b"LINE-17"))


def test_the_longest_id_fits() -> None:
    """An id of 247 octets, the most a VSA can carry, is written whole."""
    view = _view(1, [])
    sent = decode(
        radius_auth.sign_access_request(0, AAA.authenticator, _upstream(view, LineIds(bytes(247))), AAA.secret)
    )

    assert bytes(247) == sent.first(a.AGENT_REMOTE_ID)


# ---- limits


def _filled(octets: int) -> list[Piece]:
    """Sixteen attributes of so many octets in all, 3827 to 4080."""
    return [*[plain(25, bytes(253))] * 15, plain(25, bytes(octets - 15 * 255 - 2))]


@pytest.mark.parametrize(("room", "fits"), [(0, True), (-1, False)])
def test_a_packet_that_would_grow_too_long_is_refused(room: int, fits: bool) -> None:
    """With Message-Authenticator and Proxy-State a packet may have 4096 octets; one more is too-long."""
    parts = _filled(4096 - 20 - 18 - (2 + len(OURS)) - room)
    view = _view(1, parts)
    if fits:
        assert 4096 == len(radius_auth.sign_access_request(0, AAA.authenticator, _upstream(view), AAA.secret))
        return
    with pytest.raises(Malformed) as refusal:
        _upstream(view)

    assert "too-long" == refusal.value.reason


def test_an_injection_that_does_not_fit_is_refused() -> None:
    """The line's ids count towards the 4096 octets."""
    view = _view(1, _filled(4096 - 20 - 18 - (2 + len(OURS))))
    with pytest.raises(Malformed) as refusal:
        _upstream(view, LineIds(b"LINE-17"))

    assert "too-long" == refusal.value.reason


def test_secrets_are_not_shown() -> None:
    """The representation of a hop, as in a traceback, holds no secret."""
    assert "between" not in repr(NAS)
    assert "between" not in repr([NAS, AAA])


# ---- to the BNG


def _to_nas(view: PacketView, states: list[bytes]) -> bytes:
    """`states` were sent to AAA, ours the last of them."""
    return rewrite.to_nas(view, NAS, AAA, others=states[:-1], ours=states[-1], hidden={})


@st.composite
def replies(draw: st.DrawFn) -> tuple[list[Piece], list[Piece], list[bytes]]:
    """Attributes of a reply, the same without our Proxy-State and AAA's signature, and the states that we sent."""
    parts = draw(st.lists(pieces | proxy_states, max_size=12))
    last = max((at for at, part in enumerate(parts) if _is(part, a.PROXY_STATE)), default=-1)
    states = [part.seen[0][1] for part in parts if _is(part, a.PROXY_STATE)]
    ours = draw(st.integers(last + 1, len(parts)))
    whole = [*parts[:ours], plain(a.PROXY_STATE, OURS), *parts[ours:]]
    if draw(st.booleans()):
        whole.insert(draw(st.integers(0, len(whole))), draw(signatures))
    return whole, parts, [*states, OURS]


@settings(max_examples=100, deadline=None)
@given(replies(), st.sampled_from((2, 3, 5, 11)), st.integers(0, 255), st.booleans())
def test_a_reply_goes_back_unchanged(
    reply: tuple[list[Piece], list[Piece], list[bytes]], code: int, identifier: int, signed: bool
) -> None:
    """Only identifier, length, authenticator and signature differ, and our Proxy-State is gone."""
    whole, parts, states = reply
    octets = radius_auth.sign_reply(
        code, identifier, NAS.authenticator, _to_nas(_view(code, whole), states), NAS.secret, with_message=signed
    )
    sent = decode(octets)

    assert _join(parts) == sent.octets[20 + 18 * signed :]
    assert (code, identifier) == (sent.code, sent.identifier)
    assert radius_auth.response_authenticator_fits(sent, NAS.authenticator, NAS.secret)
    assert states[:-1] == sent.all(a.PROXY_STATE)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=6), max_size=3), st.lists(st.binary(max_size=6), max_size=4))
def test_proxy_states_that_are_not_ours_are_refused(others: list[bytes], returned: list[bytes]) -> None:
    """A reply must bring back every Proxy-State that was sent, in order; anything else is foreign-proxy-state."""
    view = _view(2, [plain(a.PROXY_STATE, state) for state in returned])
    sent = [*others, OURS]
    assume(returned != sent)
    if not returned and not others:
        assert b"" == _to_nas(view, sent)  # a server that drops ours alone loses nobody else's
        return
    with pytest.raises(Malformed) as refusal:
        _to_nas(view, sent)

    assert "foreign-proxy-state" == refusal.value.reason


def test_proxy_states_out_of_order_are_refused() -> None:
    """Ours in front of the BNG's is not what was sent."""
    view = _view(2, [plain(a.PROXY_STATE, OURS), plain(a.PROXY_STATE, b"bng")])
    with pytest.raises(Malformed) as refusal:
        _to_nas(view, [b"bng", OURS])

    assert "foreign-proxy-state" == refusal.value.reason


# ---- hidden attributes of replies


def _salted(value: bytes) -> bytes:
    aaa: Any = PyradPacket(secret=AAA.secret, authenticator=AAA.authenticator)
    return bytes(aaa.SaltCrypt(value))


def _unsalted(value: bytes) -> bytes:
    bng: Any = PyradPacket(secret=NAS.secret, authenticator=NAS.authenticator)
    return bytes(bng.SaltDecrypt(value))


values = st.binary(max_size=40)
counts = st.binary(min_size=2, max_size=2)  # the end of our Proxy-State, where salts begin


@settings(max_examples=80, deadline=None)
@given(st.lists(pieces, max_size=8), values, values, st.integers(0, 31), counts)
def test_hidden_attributes_reach_the_bng(
    parts: list[Piece], password: bytes, key: bytes, tag: int, count: bytes
) -> None:
    """Tunnel-Password and MS-MPPE keys are hidden anew with the BNG's secret; tag and neighbours stay as they were."""
    hidden = dictionary().hidden
    assume(not any(other in hidden or other >> 8 == 311 for part in parts for other, _ in part.seen))
    assume(not any(_is(part, a.PROXY_STATE) for part in parts))
    tunnel = plain(69, bytes((tag,)) + _salted(password))
    mppe = vsa(311, (99, b"left"), (16, _salted(key)), (17, _salted(key)), (98, b"right"))
    view = _view(2, [tunnel, *parts, mppe, plain(a.PROXY_STATE, count)])
    attributes = rewrite.to_nas(view, NAS, AAA, others=[], ours=count, hidden=hidden)
    sent = decode(packet(2, 1, NAS.authenticator, (Piece(attributes, ()),)).octets)
    for_bng = sent.first(69)
    send_key, receive_key = sent.first(311 << 8 | 16), sent.first(311 << 8 | 17)

    assert for_bng is not None
    assert send_key is not None
    assert receive_key is not None
    assert (tag, password) == (for_bng[0], _unsalted(for_bng[1:]))
    assert key == _unsalted(send_key) == _unsalted(receive_key)
    assert 3 == len({for_bng[1:3], send_key[:2], receive_key[:2]})  # RFC 2868 §3.5: each its own salt
    middle = attributes[len(tunnel.octets) : -len(mppe.octets)]
    assert _join(parts) == middle
    assert (b"left", b"right") == (sent.first(311 << 8 | 99), sent.first(311 << 8 | 98))


def test_a_chained_attribute_reaches_the_bng() -> None:
    """An attribute that is hidden like a password (MS-CHAP-MPPE-Keys) is hidden anew with the BNG's secret."""
    aaa: Any = AuthPacket(secret=AAA.secret, authenticator=AAA.authenticator)
    keys = bytes(range(32))
    view = _view(2, [vsa(311, (12, aaa.PwCrypt(keys))), plain(a.PROXY_STATE, OURS)])
    attributes = rewrite.to_nas(view, NAS, AAA, others=[], ours=OURS, hidden=dictionary().hidden)
    sent = decode(packet(2, 1, NAS.authenticator, (Piece(attributes, ()),)).octets).first(311 << 8 | 12)

    assert sent is not None
    assert keys == hiding.reveal(sent, NAS.secret, NAS.authenticator)


@pytest.mark.parametrize(
    "broken",
    [
        plain(69, b""),
        plain(69, b"\x01"),
        plain(69, b"\x01ab" + bytes(15)),
        vsa(311, (16, bytes(19))),
        vsa(311, (12, b"")),
    ],
    ids=["no tag", "tag only", "short block", "long block", "empty chain"],
)
def test_a_broken_hidden_attribute_is_refused(broken: Piece) -> None:
    """A hidden value that can't be taken apart is bad-hidden-attribute: passed on it would be a wrong key."""
    view = _view(2, [broken, plain(a.PROXY_STATE, OURS)])
    with pytest.raises(Malformed) as refusal:
        rewrite.to_nas(view, NAS, AAA, others=[], ours=OURS, hidden=dictionary().hidden)

    assert "bad-hidden-attribute" == refusal.value.reason

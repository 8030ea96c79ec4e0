"""Both hops of a request and of its reply: what is signed, hidden anew, believed, refused."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from typing import Any, Final

import pytest
from pyrad.packet import AuthPacket
from pyrad.packet import Packet as PyradPacket

from bngcorr.errors import Malformed, Unauthentic, WireError
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy import hops
from bngcorr.proxy.admit import describe
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.rewrite import Hop
from bngcorr.wire import attributes as a
from bngcorr.wire import radius_auth
from bngcorr.wire.radius import PacketView, decode
from tests.lab_parts import SECRET as BNG_SECRET
from tests.lab_parts import nas
from tests.wire.radius_packets import Piece, packet, plain, tlv, vsa

from .families import NOKIA, dictionary, profile

AAA_SECRET: Final = b"between-proxy-and-aaa"
FRESH: Final = bytes(range(200, 216))
OURS: Final = b"\xaa\xbb\xcc\xdd\x00\x00\x00\x01"
ACCESS_REPLIES: Final = frozenset((a.Code.ACCESS_ACCEPT, a.Code.ACCESS_REJECT, a.Code.ACCESS_CHALLENGE))
ACCOUNTING_REPLIES: Final = frozenset((a.Code.ACCOUNTING_RESPONSE,))
BNG: Final = nas("bng1", profile(NOKIA))
HIDDEN: Final = dictionary().hidden


def received(*pieces: Piece, code: int = 1) -> Request:
    """A request of the BNG's, admitted and judged."""
    octets = packet(code, 7, bytes(range(16)), pieces).octets
    request = describe(BNG, decode(octets), "192.0.2.1", at_ms=0, authentic=True, numbers=Numbers())
    request.proxy_state = OURS
    return request


def forwarded(request: Request) -> PacketView:
    """What AAA gets of it."""
    return decode(hops.to_aaa(request, AAA_SECRET, 9, [], b"", FRESH, HIDDEN))


def _join(*pieces: Piece) -> bytes:
    return b"".join(piece.octets for piece in pieces)


def answered(request: Request, *pieces: Piece, code: int = 2, signed: bool = True) -> PacketView:
    """AAA's reply to what it got, with our Proxy-State."""
    sent = forwarded(request)
    body = _join(*pieces, plain(a.PROXY_STATE, OURS))
    return decode(radius_auth.sign_reply(code, 9, sent.authenticator, body, AAA_SECRET, with_message=signed))


def returned(request: Request, *pieces: Piece) -> PacketView:
    """What the BNG gets of AAA's Access-Accept."""
    return decode(hops.to_bng(answered(request, *pieces), request, HIDDEN))


def _salted(secret: bytes, authenticator: bytes, value: bytes) -> bytes:
    theirs: Any = PyradPacket(secret=secret, authenticator=authenticator)
    return bytes(theirs.SaltCrypt(value))


def _unsalted(secret: bytes, authenticator: bytes, value: bytes | None) -> bytes:
    theirs: Any = PyradPacket(secret=secret, authenticator=authenticator)
    return bytes(theirs.SaltDecrypt(value))


def _ascend(secret: bytes, authenticator: bytes, value: bytes) -> bytes:
    """FreeRADIUS' `make_secret`: it hides and reveals."""
    return bytes(one ^ other for one, other in zip(md5(authenticator + secret).digest(), value, strict=True))


def other_layout(vendor: int, head: bytes, value: bytes) -> Piece:
    """A VSA whose attribute has three octets in front of its value."""
    return Piece(tlv(26, vendor.to_bytes(4, "big") + head + value), ())


# ---- hidden attributes


def test_hidden_attributes_of_a_request_are_readable_for_aaa() -> None:
    """Not User-Password alone: the chain, the salt with and without tag, and Ascend's scheme, wherever they stand."""
    vector = bytes(range(16))
    theirs: Any = AuthPacket(secret=BNG_SECRET, authenticator=vector)
    request = received(
        plain(1, b"cpe"),
        vsa(311, (11, b"challenge"), (12, theirs.PwCrypt(bytes(range(1, 25))))),
        vsa(14823, (44, _salted(BNG_SECRET, vector, b"passphrase"))),
        vsa(2356, (19, b"\x05" + _salted(BNG_SECRET, vector, b"local"))),
        vsa(529, (214, _ascend(BNG_SECRET, vector, b"sixteen octets..")), (1, b"")),
    )
    sent = forwarded(request)
    ours: Any = AuthPacket(secret=AAA_SECRET, authenticator=FRESH)

    assert bytes(range(1, 25)).decode() == ours.PwDecrypt(sent.first(311 << 8 | 12))
    assert b"passphrase" == _unsalted(AAA_SECRET, FRESH, sent.first(14823 << 8 | 44))
    tagged = sent.first(2356 << 8 | 19)
    assert tagged is not None
    assert (5, b"local") == (tagged[0], _unsalted(AAA_SECRET, FRESH, tagged[1:]))
    assert b"sixteen octets.." == _ascend(AAA_SECRET, FRESH, sent.first(529 << 8 | 214) or b"")
    assert (b"cpe", b"challenge", b"") == tuple(sent.first(key) for key in (1, 311 << 8 | 11, 529 << 8 | 1))


def test_several_tunnel_passwords_of_any_length_are_readable_at_the_bng() -> None:
    """Up to 239 octets, which is what fits; each under a salt of its own and with its tag."""
    request = received(plain(1, b"cpe"))
    passwords = [bytes(1 + at % 255 for at in range(size)) for size in (0, 15, 16, 127, 128, 200, 239)]
    pieces = [plain(69, bytes((at,)) + _salted(AAA_SECRET, FRESH, each)) for at, each in enumerate(passwords)]
    got = returned(request, *pieces).all(69)

    assert list(range(len(passwords))) == [value[0] for value in got]
    assert passwords == [_unsalted(BNG_SECRET, request.view.authenticator, value[1:]) for value in got]
    assert len(passwords) == len({value[1:3] for value in got})


def test_the_same_reply_to_a_repeated_request_is_hidden_otherwise() -> None:
    """Two Accepts to one Request Authenticator share no key stream: the salt counts on with our Proxy-State."""
    request = received(plain(1, b"cpe"))
    reply = answered(request, vsa(311, (16, _salted(AAA_SECRET, FRESH, b"key"))))
    again = received(plain(1, b"cpe"))
    again.aaa, again.proxy_state = request.aaa, OURS[:-1] + b"\x02"
    reply_again = decode(reply.octets.replace(OURS, again.proxy_state))
    one, other = hops.to_bng(reply, request, HIDDEN), hops.to_bng(reply_again, again, HIDDEN)

    assert decode(one).first(311 << 8 | 16) != decode(other).first(311 << 8 | 16)


@pytest.mark.parametrize(
    ("vendor", "head"),
    [(4846, b"\x00\xd6\x13"), (24757, b"\x05\x25\x00")],
    ids=["Lucent-Send-Secret", "WiMAX-MSK"],
)
def test_vendors_with_another_layout_are_no_exception(vendor: int, head: bytes) -> None:
    """Their type, length and flags stay, what is hidden behind them is hidden anew."""
    request = received(plain(1, b"cpe"))
    secret = b"sixteen octets.." if vendor == 4846 else b"seventeen octets."
    hide = _ascend if vendor == 4846 else _salted
    value = hide(AAA_SECRET, FRESH, secret)
    (got,) = returned(request, other_layout(vendor, head, value)).all(26)
    reveal: Callable[[bytes, bytes, bytes], bytes] = _ascend if vendor == 4846 else _unsalted

    assert vendor.to_bytes(4, "big") + head == got[:7]
    assert secret == reveal(BNG_SECRET, request.view.authenticator, got[7:])


def test_a_hidden_value_in_pieces_is_refused() -> None:
    """A WiMAX key that goes on in the next attribute can't be hidden anew: passed on it would be a wrong key."""
    request = received(plain(1, b"cpe"))
    reply = answered(request, other_layout(24757, b"\x05\x15\x80", bytes(18)))
    with pytest.raises(Malformed) as refusal:
        hops.to_bng(reply, request, HIDDEN)

    assert DropReason.BAD_HIDDEN_ATTRIBUTE == refusal.value.reason


@pytest.mark.parametrize(
    "body",
    [b"", b"\x05", b"\x05\x02\x00", b"\x05\x23\x00", b"\x63\x03\x00\x05\xff\x00", b"\x00" * 40],
    ids=["nothing", "type only", "length 2", "too long", "second too long", "zeros"],
)
def test_a_broken_vsa_of_another_layout_passes_as_it_came(body: bytes) -> None:
    """Where no hidden value can be found nothing is touched."""
    piece = other_layout(24757, b"", body)
    request = received(piece)

    assert [piece.octets[2:]] == forwarded(request).all(26)


# ---- attributes that nobody knows


def test_attributes_of_rfc_6929_pass_octet_for_octet() -> None:
    """Vendor-specific ones, long ones in several fragments and empty ones, in a request and in its reply."""
    pieces = [
        plain(241, b"\x1a" + (6527).to_bytes(4, "big") + b"\x2f" + b"vlan"),
        plain(245, b"\x1a\x80" + (6527).to_bytes(4, "big") + b"\x50" + bytes(240)),
        plain(245, b"\x1a\x00" + b"the rest"),
        plain(246, b"\x01\x80"),
        plain(241, b""),
        vsa(6527, (200, b""), (201, b"x"), (200, b"")),
        plain(250, b"\x50\x12" + bytes(16)),
    ]
    request = received(*pieces)
    sent = forwarded(request)
    got = returned(request, *pieces)

    assert _join(*pieces, plain(a.PROXY_STATE, OURS)) == sent.octets[38:]
    assert _join(*pieces) == got.octets[38:]


@pytest.mark.parametrize("status", [a.AcctStatus.ON, a.AcctStatus.OFF])
def test_accounting_on_and_off_go_to_aaa(status: a.AcctStatus) -> None:
    """No User-Name, no session, no port: it is AAA's to answer, and gets it as it came."""
    pieces = [plain(a.ACCT_STATUS_TYPE, status.to_bytes(4, "big")), plain(a.NAS_IP_ADDRESS, bytes(4))]
    sent = forwarded(received(*pieces, code=4))

    assert _join(*pieces, plain(a.PROXY_STATE, OURS)) == sent.octets[20:]
    assert radius_auth.accounting_authenticator_fits(sent, AAA_SECRET)


def test_a_signed_accounting_request_is_signed_anew() -> None:
    """Its Message-Authenticator goes first, over zeros and with AAA's secret; an unsigned one stays unsigned."""
    body = plain(a.ACCT_STATUS_TYPE, b"\0\0\0\x01")
    sent = forwarded(received(body, plain(a.MESSAGE_AUTHENTICATOR, bytes(range(16))), code=4))

    assert a.MESSAGE_AUTHENTICATOR == sent.spans[0].key
    assert radius_auth.message_authenticator_fits(sent, AAA_SECRET, bytes(16))
    assert radius_auth.accounting_authenticator_fits(sent, AAA_SECRET)
    assert not forwarded(received(body, code=4)).has(a.MESSAGE_AUTHENTICATOR)


def test_a_vendor_attribute_80_is_no_message_authenticator() -> None:
    """It is neither taken out nor written over, in either direction, and proves nothing."""
    lookalike = vsa(6527, (80, bytes(range(16))))
    request = received(lookalike)
    unsigned = answered(request, lookalike, signed=False)

    assert [lookalike.seen[0][1]] == forwarded(request).all(6527 << 8 | 80)
    assert [lookalike.seen[0][1]] == returned(request, lookalike).all(6527 << 8 | 80)
    with pytest.raises(Unauthentic):
        hops.verify(unsigned, request.aaa, ACCESS_REPLIES, require_message_authenticator=True)


# ---- length


@pytest.mark.parametrize(("code", "signed", "most"), [(1, True, 4068), (4, False, 4086), (4, True, 4068)])
def test_a_request_that_outgrows_4096_octets_is_refused(code: int, signed: bool, most: int) -> None:
    """Our Proxy-State always counts, the Message-Authenticator where one is added."""

    def filled(octets: int) -> Request:
        octets -= 20
        whole, rest = divmod(octets - 2, 255)
        fill = [plain(25, bytes(253))] * whole + [plain(25, bytes(rest))]
        return received(*fill, *([plain(80, bytes(16))] if signed and code == 4 else []), code=code)

    assert 4096 == len(forwarded(filled(most)).octets)
    with pytest.raises(Malformed) as refusal:
        forwarded(filled(most + 1))
    assert DropReason.TOO_LONG == refusal.value.reason


def test_a_reply_that_outgrows_4096_octets_is_refused() -> None:
    """AAA did not sign it, and with a Message-Authenticator, which the BNG gets always, it is too long."""
    request = received(plain(1, b"cpe"))
    whole = [plain(25, bytes(253))] * 15
    fits = answered(request, *whole, plain(25, bytes(231)), signed=False)
    too_long = answered(request, *whole, plain(25, bytes(232)), signed=False)

    assert 4096 == len(hops.to_bng(fits, request, HIDDEN))
    with pytest.raises(Malformed) as refusal:
        hops.to_bng(too_long, request, HIDDEN)
    assert DropReason.TOO_LONG == refusal.value.reason


# ---- whether AAA may be believed


def _refused(reply: PacketView, request: Request, codes: frozenset[a.Code], *, require: bool = False) -> str | None:
    try:
        hops.verify(reply, request.aaa, codes, require_message_authenticator=require)
    except WireError as error:
        return str(error.reason)
    return None


@pytest.mark.parametrize("code", [1, 4, 5, 12, 40, 41, 43, 44])
def test_a_signed_reply_of_a_wrong_code_is_refused(code: int) -> None:
    """Only Accept, Reject and Challenge answer an Access-Request, however well anything else is signed."""
    request = received(plain(1, b"cpe"))

    assert "bad-reply-code" == _refused(answered(request, code=code), request, ACCESS_REPLIES)


def test_a_reply_without_message_authenticator_is_refused_where_it_is_required() -> None:
    """By the operator, or because it carries EAP (RFC 3579 §3.1); else it is taken, and told to be unsigned."""
    request = received(plain(1, b"cpe"))
    signed, unsigned = answered(request), answered(request, signed=False)
    eap = answered(request, plain(a.EAP_MESSAGE, b"\x03\x01\x00\x04"), signed=False)

    assert "missing-message-authenticator" == _refused(unsigned, request, ACCESS_REPLIES, require=True)
    assert "missing-message-authenticator" == _refused(eap, request, ACCESS_REPLIES)
    assert hops.verify(signed, request.aaa, ACCESS_REPLIES, require_message_authenticator=True)
    assert not hops.verify(unsigned, request.aaa, ACCESS_REPLIES, require_message_authenticator=False)


@pytest.mark.parametrize("zeros", [True, False], ids=["over zeros", "over the request's authenticator"])
def test_a_signed_accounting_response_has_to_fit(zeros: bool) -> None:
    """Servers differ in what they compute it over; either is taken, a wrong one is not."""
    request = received(plain(a.ACCT_STATUS_TYPE, b"\0\0\0\x01"), code=4)
    sent = forwarded(request)
    sign = radius_auth.sign_reply if zeros else _over_authenticator
    reply = decode(sign(5, 9, sent.authenticator, b"", AAA_SECRET, with_message=True))
    head, body = reply.octets[:4], b"\x50\x12" + bytes(15) + b"\x01"
    wrong = decode(head + md5(head + sent.authenticator + body + AAA_SECRET).digest() + body)

    assert hops.verify(reply, request.aaa, ACCOUNTING_REPLIES, require_message_authenticator=False)
    assert "bad-message-authenticator" == _refused(wrong, request, ACCOUNTING_REPLIES)


def _over_authenticator(
    code: int, identifier: int, authenticator: bytes, body: bytes, secret: bytes, *, with_message: bool
) -> bytes:
    return radius_auth.sign_status_reply(code, identifier, authenticator, body, secret)


def test_a_reply_of_another_hop_is_refused() -> None:
    """Signed with the BNG's secret, or for another request, it is not AAA's answer."""
    request = received(plain(1, b"cpe"))
    reply = answered(request)
    request.aaa = Hop(BNG_SECRET, FRESH)
    assert "bad-authenticator" == _refused(reply, request, ACCESS_REPLIES)
    request.aaa = Hop(AAA_SECRET, bytes(16))
    assert "bad-authenticator" == _refused(reply, request, ACCESS_REPLIES)
    request.aaa = None
    assert "unexpected-reply" == _refused(reply, request, ACCESS_REPLIES)


# ---- answers of our own


def test_our_own_answers_are_signed_first_and_bring_back_proxy_states() -> None:
    """A Reject always carries a Message-Authenticator; an Accounting-Response where its request did."""
    states = [plain(a.PROXY_STATE, b"one"), plain(a.PROXY_STATE, b""), plain(a.PROXY_STATE, b"one")]
    request = received(plain(1, b"cpe"), *states)
    record = received(*states, plain(a.MESSAGE_AUTHENTICATOR, bytes(16)), code=4)
    reject, acknowledged = decode(hops.reject(request)), decode(hops.acknowledgement(record))

    assert (3, 5) == (reject.code, acknowledged.code)
    for answer, asked, vector in ((reject, request, request.view.authenticator), (acknowledged, record, bytes(16))):
        assert a.MESSAGE_AUTHENTICATOR == answer.spans[0].key
        assert radius_auth.message_authenticator_fits(answer, BNG_SECRET, vector)
        assert radius_auth.response_authenticator_fits(answer, asked.view.authenticator, BNG_SECRET)
        assert _join(*states) == answer.octets[38:]
    assert b"" == hops.acknowledgement(received(code=4))[20:]


def test_a_reject_of_our_own_that_would_be_no_packet_is_refused() -> None:
    """Proxy-States that fill the whole request leave no room for a Message-Authenticator."""
    states = [plain(a.PROXY_STATE, bytes(253))] * 15
    fits, too_long = (received(*states, plain(a.PROXY_STATE, bytes(octets))) for octets in (231, 232))

    assert 4096 == len(hops.reject(fits))
    with pytest.raises(Malformed) as caught:
        hops.reject(too_long)
    assert "too-long" == caught.value.reason

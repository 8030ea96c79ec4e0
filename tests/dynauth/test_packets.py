"""What each side gets, octet by octet."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.errors import WireError
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.dynauth import packets
from bngcorr.proxy.dynauth.numbers import ErrorCause
from bngcorr.proxy.dynauth.route import Refused, operator_nas_identifiers
from bngcorr.wire.hiding import hide
from bngcorr.wire.radius import PacketView, Span
from tests.dynauth.parts import (
    AAA_SECRET,
    BNG_SECRET,
    COA,
    COA_ACK,
    COA_NAK,
    DISCONNECT,
    DISCONNECT_ACK,
    DISCONNECT_NAK,
    ERROR_CAUSE,
    PROXY_STATE,
    SESSION_ID,
    dictionary,
    reply,
    request,
    signed,
    values,
    view,
)
from tests.service.radius import (
    REMOTE_ID,
    USER_NAME,
    Packet,
    attribute,
    message_authenticator_fits,
    reply_fits,
    vendor,
)
from tests.wire.radius_packets import Packet as AnyPacket
from tests.wire.radius_packets import valid_packets

TUNNEL_PASSWORD, NOKIA = 69, 6527


def for_bng(
    octets: PacketView, cut: Sequence[Span] = (), session_id: bytes | None = None, bng_secret: bytes = BNG_SECRET
) -> bytes | Refused:
    """As the service asks for it."""
    return packets.for_bng(
        octets, cut, session_id, secrets=(AAA_SECRET, bng_secret), hidden=dictionary().hidden, salt=b"\x01\x02"
    )


@settings(max_examples=25)
@given(valid_packets())
def test_what_is_not_touched_on_purpose_passes_byte_by_byte(one: AnyPacket) -> None:
    """Unknown attributes, empty ones, VSAs with several sub-attributes and RFC 6929 ones included."""
    decoded = view(one.octets)
    signatures = [span for span in decoded.spans if span.key == 80]

    rest = b"".join(piece.octets for piece in one.pieces if piece.octets[0] != 80)
    assert rest == packets.without(decoded, signatures, {})


def test_one_sub_attribute_leaves_its_vsa_and_lengths_are_mended() -> None:
    """What stands beside it in the same VSA stays there; a VSA that is left empty goes."""
    body = (3561).to_bytes(4, "big") + attribute(1, "circuit") + attribute(REMOTE_ID, "remote") + attribute(9, b"")
    octets = view(request(attribute(26, body) + vendor(NOKIA, 11, "sub") + attribute(USER_NAME, "u")))
    gone = [span for span in octets.spans if span.key in (3561 << 8 | 2, NOKIA << 8 | 11)]

    left = (3561).to_bytes(4, "big") + attribute(1, "circuit") + attribute(9, b"")
    assert attribute(26, left) + attribute(USER_NAME, "u") == for_bng(octets, gone)


def test_the_session_is_named_unless_aaa_did() -> None:
    """Acct-Session-Id is what every BNG knows its sessions by (RFC 5176 §3)."""
    named = view(request(attribute(SESSION_ID, "theirs")))

    assert attribute(SESSION_ID, "ours") == for_bng(view(request()), session_id=b"ours")
    assert attribute(SESSION_ID, "theirs") == for_bng(named, session_id=b"ours")


def test_the_proxies_name_for_the_nas_stays_with_the_proxies() -> None:
    """The BNG has never seen its Operator-NAS-Identifier; other extended attributes pass (RFC 8559 §3.4)."""
    octets = view(request(attribute(241, b"\x08bng1") + attribute(241, b"\x1a\0\0\x19\x7f\x2fx")))

    assert attribute(241, b"\x1a\0\0\x19\x7f\x2fx") == for_bng(octets, operator_nas_identifiers(octets))


def salted(plain: bytes, secret: bytes, salt: bytes = b"\x80\x01") -> bytes:
    """A salt-hidden value with a vector of zeros, as FreeRADIUS hides it in a CoA-Request (RFC 2868 §3.5)."""
    padded = (bytes((len(plain),)) + plain).ljust((len(plain) + 16) // 16 * 16, b"\0")
    return salt + hide(padded, secret, bytes(16) + salt)


def test_hidden_attributes_pass_if_both_sides_share_one_secret() -> None:
    """Then the BNG reads them as they are."""
    octets = view(request(attribute(TUNNEL_PASSWORD, b"\1" + salted(b"pw", AAA_SECRET)), code=COA))

    assert octets.octets[20:] == for_bng(octets, bng_secret=AAA_SECRET)


def test_salted_attributes_are_hidden_anew_for_the_bng() -> None:
    """Tag and length stay; in a VSA too. Each gets a salt of its own."""
    mine = attribute(TUNNEL_PASSWORD, b"\1" + salted(b"pw", AAA_SECRET)) + vendor(NOKIA, 123, salted(b"li", AAA_SECRET))
    octets = view(request(mine, code=COA))

    theirs = attribute(TUNNEL_PASSWORD, b"\1" + salted(b"pw", BNG_SECRET, b"\x81\x02"))
    assert theirs + vendor(NOKIA, 123, salted(b"li", BNG_SECRET, b"\x81\x03")) == for_bng(octets)


@pytest.mark.parametrize(
    ("attributes", "cause"),
    [
        (attribute(TUNNEL_PASSWORD, b"\1" + salted(b"pw", b"another")), 407),
        (attribute(TUNNEL_PASSWORD, b"\1\x80\1short"), 407),
        (vendor(311, 12, bytes(32)), 401),
    ],
    ids=["another secret", "no length of that scheme", "chained"],
)
def test_what_the_bng_could_not_read_is_refused(attributes: bytes, cause: int) -> None:
    """Noise in place of a key would be worse than an error."""
    assert Refused(ErrorCause(cause)) == for_bng(view(request(attributes, code=COA)))


def test_a_request_that_would_be_too_long_is_refused() -> None:
    """With Proxy-State and Message-Authenticator a packet has 4096 octets at most (RFC 2865 §3)."""
    full = attribute(18, bytes(253)) * 15 + attribute(18, bytes(221))

    assert isinstance(for_bng(view(request(full))), bytes)
    assert Refused(ErrorCause.PROXY_PROCESSING_ERROR) == for_bng(view(request(full)), session_id=b"s")


STATES = (b"theirs", b"ours")
BOTH = attribute(PROXY_STATE, b"theirs") + attribute(PROXY_STATE, b"ours")
SENT = request(BOTH, secret=BNG_SECRET)


@pytest.mark.parametrize(
    "answer",
    [reply(SENT, DISCONNECT_ACK, BOTH), reply(SENT, DISCONNECT_ACK), reply(SENT, DISCONNECT_NAK, BOTH)],
    ids=["ack", "no states", "nak"],
)
def test_an_answer_that_proves_its_bng_is_believed(answer: bytes) -> None:
    """Proxy-States come back as they were sent, or not at all from old boxes."""
    packets.verify(view(answer), DISCONNECT, SENT[4:20], STATES, BNG_SECRET)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply(SENT, DISCONNECT_ACK, secret=b"other"), DropReason.BAD_AUTHENTICATOR),
        (reply(SENT, COA_ACK), DropReason.BAD_REPLY_CODE),
        (reply(SENT, DISCONNECT), DropReason.BAD_REPLY_CODE),
        (reply(SENT, DISCONNECT_ACK, attribute(PROXY_STATE, b"ours")), DropReason.FOREIGN_PROXY_STATE),
        (reply(SENT, DISCONNECT_ACK, attribute(80, bytes(16))), DropReason.BAD_MESSAGE_AUTHENTICATOR),
    ],
    ids=["secret", "coa", "request", "states", "message authenticator"],
)
def test_any_other_is_dropped_by_name(answer: bytes, reason: DropReason) -> None:
    """A forged ACK must not make AAA believe that a session has ended."""
    with pytest.raises(WireError) as caught:
        packets.verify(view(answer), DISCONNECT, SENT[4:20], STATES, BNG_SECRET)

    assert reason is caught.value.reason


def test_aaa_gets_its_own_proxy_states_and_what_the_bng_said() -> None:
    """Signed if the request was; ours is not among them (RFC 5176 §3.1)."""
    asked = view(signed(attribute(PROXY_STATE, b"one") + attribute(PROXY_STATE, b"two")))
    said = attribute(ERROR_CAUSE, 503) + attribute(PROXY_STATE, b"ours") + attribute(SESSION_ID, "s")

    answer = view(packets.passed_on(asked, view(reply(SENT, DISCONNECT_NAK, said)), AAA_SECRET))

    assert reply_fits_for(asked, answer)
    assert (DISCONNECT_NAK, 7) == (answer.code, answer.identifier)
    kept = [(ERROR_CAUSE, (503).to_bytes(4, "big")), (SESSION_ID, b"s"), (PROXY_STATE, b"one"), (PROXY_STATE, b"two")]
    assert kept == [one for one in values(answer.octets[20:]) if one[0] != 80]
    assert message_authenticator_fits(Packet(answer.octets), asked.authenticator, AAA_SECRET)


def test_a_refusal_of_ours_says_why() -> None:
    """A NAK with its Error-Cause, unsigned as the request was."""
    asked = view(request(code=COA))

    answer = view(packets.refusal(asked, ErrorCause.PROXY_REQUEST_NOT_ROUTABLE, AAA_SECRET))

    assert reply_fits_for(asked, answer)
    assert COA_NAK == answer.code
    assert [(ERROR_CAUSE, (502).to_bytes(4, "big"))] == values(answer.octets[20:])


def reply_fits_for(asked: PacketView, answer: PacketView) -> bool:
    """Whether AAA can believe it, by the tests' own reckoning."""
    return reply_fits(Packet(answer.octets), Packet(asked.octets), AAA_SECRET)


@pytest.mark.parametrize(
    ("code", "answers", "decides"),
    [
        (DISCONNECT, [(DISCONNECT_ACK, 0), (DISCONNECT_ACK, 0)], 0),
        (DISCONNECT, [(DISCONNECT_NAK, 503), (DISCONNECT_ACK, 0)], 1),
        (DISCONNECT, [(DISCONNECT_NAK, 503), (DISCONNECT_NAK, 506)], 1),
        (DISCONNECT, [(DISCONNECT_ACK, 0), (DISCONNECT_NAK, 504)], 1),
        (COA, [(COA_ACK, 0), (COA_NAK, 503)], 1),
        (COA, [(COA_NAK, 503), (COA_ACK, 0)], 0),
    ],
    ids=["all", "gone with the first", "worst", "one refuses", "coa", "coa reversed"],
)
def test_of_several_answers_the_worst_counts(code: int, answers: list[tuple[int, int]], decides: int) -> None:
    """But a session that went with the line's other one is gone, as was asked."""
    given_ = [view(reply(SENT, kind, attribute(ERROR_CAUSE, cause))) for kind, cause in answers]

    assert given_[decides] is packets.decisive(code, given_)


@settings(max_examples=25)
@given(st.binary(max_size=80), st.binary(min_size=1, max_size=20))
def test_any_octets_for_a_salted_value_are_hidden_anew_or_refused(value: bytes, secret: bytes) -> None:
    """What AAA's side sends can't break us."""
    octets = view(request(attribute(TUNNEL_PASSWORD, b"\1" + value), code=COA))

    found = for_bng(octets, bng_secret=secret)

    assert isinstance(found, Refused) or len(found) == len(octets.octets) - 20

"""The first stages of a request: what it is asked about, how long it may wait, whose words count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bngcorr.correlator.question import Rules
from bngcorr.errors import Malformed, Unauthentic
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import CONFLICT, UNMATCHED
from bngcorr.model.vocabulary import DropReason, Key, LineIdPolicy, Mode, Outcome, Trigger, VlanModel
from bngcorr.proxy.admit import authenticate, describe, own_verdict
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from tests.lab_parts import SECRET, nas
from tests.wire.radius_packets import Piece, plain, vsa

from .families import DHCPV4_PROOF, DHCPV6_PROOF, NOKIA, PPP_PROOF, circuit_id, profile, remote_id, request

NOW = 1_800_000_000_000
HOST = "192.0.2.1"
CPE = vsa(6527, (27, b"3c:a6:2f:00:00:17"))
PORT = plain(87, b"1/1/4:100.20")
SESSION = plain(44, b"s1")
PEN = (2011).to_bytes(4, "big")
BNG = nas("bng1", profile(NOKIA), vlan_model=VlanModel.PER_LINE)


def described(*pieces: Piece, of: Nas = BNG, code: int = 1) -> Request:
    """A request as it leaves the first stages."""
    return describe(of, request(*pieces, code=code), HOST, at_ms=NOW, authentic=True, numbers=Numbers())


# ---- what is asked


def test_a_v4_request_with_an_id_asks_nobody() -> None:
    """It names its line, and nothing but itself has to be known: it never waits for the store."""
    for pieces in ((DHCPV4_PROOF, remote_id(b"olt7/12")), (remote_id(b"olt7/12"),), (PPP_PROOF, remote_id(b"olt7/12"))):
        told = described(CPE, PORT, *pieces)
        verdict = own_verdict(told)

        assert told.question.own is None
        assert verdict is not None
        assert Outcome.OWN is verdict.outcome


def test_a_v6_request_with_an_id_is_checked_where_its_port_is_known() -> None:
    """What it says of itself is compared with what is live there; without a port there is nothing to compare."""
    told = described(CPE, PORT, DHCPV6_PROOF, remote_id(PEN + b"olt7/12"))
    elsewhere = described(CPE, DHCPV6_PROOF, remote_id(PEN + b"olt7/12"))

    assert LineIds(b"olt7/12") == told.question.own
    assert own_verdict(told) is None
    assert elsewhere.question.own is None
    assert (verdict := own_verdict(elsewhere)) is not None
    assert Outcome.OWN is verdict.outcome


def test_an_id_that_may_hold_a_number_is_only_put_to_the_self_verifying_test() -> None:
    """Nothing says that the request is v6: it may be v4, whose own word is not weighed against what is live there."""
    told = described(CPE, PORT, remote_id(PEN + b"\x00\x07\x01"))
    marked = described(CPE, PORT, DHCPV6_PROOF, remote_id(PEN + b"olt7/12"))

    assert LineIds(PEN + b"\x00\x07\x01") == told.question.own
    assert (False, True) == (told.question.checked, marked.question.checked)


def test_a_request_without_an_id_climbs() -> None:
    """Whatever its family: its keys, the rules of its BNG, and its session are the question."""
    rules = Rules(window_ms=7_000)
    for pieces in ((), (DHCPV4_PROOF,), (DHCPV6_PROOF,)):
        told = described(CPE, PORT, SESSION, *pieces, of=replace(BNG, rules=rules))

        assert own_verdict(told) is None
        assert (None, rules, NOW, told.session, True) == (
            told.question.own,
            told.question.rules,
            told.question.at_ms,
            told.question.session,
            told.question.begins,
        )


def test_a_request_that_shows_nothing_is_nobodys() -> None:
    """Neither MAC nor port nor session: there is nothing to ask."""
    assert UNMATCHED == own_verdict(described(DHCPV6_PROOF))
    assert own_verdict(described(SESSION)) is None
    assert own_verdict(described(plain(87, b"1/1/4"))) is None  # the plan may know the port


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.OBSERVE, Mode.STRIP])
def test_mode_strip_asks_nobody(mode: Mode) -> None:
    """Observing asks as full does; taking enterprise numbers off needs no store."""
    told = described(CPE, PORT, DHCPV6_PROOF, of=replace(BNG, mode=mode))

    assert (UNMATCHED if mode is Mode.STRIP else None) == own_verdict(told)


def test_what_contradicts_itself_is_a_conflict() -> None:
    """Two Remote-Ids, or proofs of two protocols."""
    assert CONFLICT == own_verdict(described(CPE, PORT, remote_id(b"olt7/12"), remote_id(b"olt7/13")))
    assert CONFLICT == own_verdict(described(CPE, PORT, DHCPV4_PROOF, DHCPV6_PROOF))


def test_keys_that_are_switched_off_are_not_asked() -> None:
    """`keys` leaves them out of the question, the session's included."""
    told = described(CPE, PORT, SESSION, plain(50, b"m1"), of=replace(BNG, keys=frozenset({Key.ATTACHMENT_MAC})))

    assert [Key.ATTACHMENT_MAC] == [one.key for one in told.question.keyring.handles]
    assert told.question.session is None
    assert told.session is not None  # accounting goes on to be kept by it


def test_a_request_proved_v4_is_matched_by_v6_only_if_the_profile_says_so() -> None:
    """Its own Option 82 should have been there; all others may be matched by a v6 sighting."""
    asks = replace(BNG, profile=replace(profile(NOKIA), v4_matched_by_v6=True))

    assert [False, True, True, True] == [
        described(CPE, PORT, DHCPV4_PROOF).question.match_v6,
        described(CPE, PORT, DHCPV4_PROOF, of=asks).question.match_v6,
        described(CPE, PORT, DHCPV6_PROOF).question.match_v6,
        described(CPE, PORT).question.match_v6,
    ]


def test_ports_are_a_boxs_own_unless_they_are_shared() -> None:
    """Two boxes of one entry have ports of their own; a pair with shared ports has the same keys on both."""
    network = replace(BNG, one_box=False)
    boxes = [
        describe(of, request(CPE, PORT), host, at_ms=NOW, authentic=True, numbers=Numbers())
        for of in (network, replace(network, ports="~metro"))
        for host in ("192.0.2.1", "192.0.2.2")
    ]
    keys = [one.keyring.hash_of(Key.ATTACHMENT) for one in boxes]

    assert keys[0] != keys[1]
    assert keys[2] == keys[3]
    assert ["bng1|192.0.2.1", "bng1|192.0.2.2"] * 2 == [one.box for one in boxes]


# ---- the hold


@pytest.mark.parametrize(
    ("pieces", "v4_always_has_id", "held"),
    [
        ((DHCPV6_PROOF,), True, True),
        ((DHCPV6_PROOF,), False, True),
        ((), True, True),  # not v4, for that would have an id
        ((), False, False),
        ((DHCPV4_PROOF,), True, False),
        ((PPP_PROOF,), True, False),
    ],
)
def test_only_v6_is_held(pieces: tuple[Piece, ...], v4_always_has_id: bool, held: bool) -> None:
    """By proof, or because DHCPv4 always brings an id here."""
    of = replace(BNG, profile=replace(profile(NOKIA), v4_always_has_id=v4_always_has_id))

    assert (0.3 if held else 0.0) == described(CPE, PORT, *pieces, of=of).hold_s


def test_a_hold_is_bounded() -> None:
    """A third of the BNG's timeout at most; none where a DISCOVER waits behind it, while observing, for accounting."""
    slow = replace(BNG, hold_s=60.0)
    serial = replace(BNG, profile=replace(profile(NOKIA), serialises_stacks=True))

    assert pytest.approx(5 / 3) == described(CPE, PORT, DHCPV6_PROOF, of=slow).hold_s
    assert 0.0 == described(CPE, PORT, DHCPV6_PROOF, of=serial).hold_s
    assert 0.0 == described(CPE, PORT, DHCPV6_PROOF, of=replace(BNG, mode=Mode.OBSERVE)).hold_s
    assert 0.0 == described(CPE, PORT, DHCPV6_PROOF, code=4).hold_s
    assert 0.0 == described(CPE, PORT, DHCPV6_PROOF, of=replace(BNG, hold_s=0.0)).hold_s


# ---- ids that only the customer can have written


@pytest.mark.parametrize(
    ("proof", "family"), [(DHCPV4_PROOF, Trigger.DHCPV4), (DHCPV6_PROOF, Trigger.DHCPV6), (PPP_PROOF, Trigger.PPP)]
)
def test_untrusted_ids_are_neither_believed_nor_forwarded(proof: Piece, family: Trigger) -> None:
    """Of that family only: the request climbs, and AAA finds the ids of the matched line, or none."""
    pieces = (CPE, PORT, proof, vsa(3561, (1, b"eth 1"), (129, b"rate"), (2, b"olt7/12")))
    for other in (Trigger.DHCPV4, Trigger.DHCPV6, Trigger.PPP):
        told = described(*pieces, of=replace(BNG, untrusted=frozenset({other})))
        believed = other is not family

        assert (LineIds(b"olt7/12", b"eth 1") if believed else LineIds()) == told.identity.ids
        assert believed == (told.question.own is not None or own_verdict(told) is not None)
        assert (b"olt7/12" if believed else None, b"eth 1" if believed else None) == _shown(told, None)
        assert b"rate" == _sent(told, None).first(3561 << 8 | 129)
        if not believed:
            assert (b"olt7/66", b"eth 6") == _shown(told, LineIds(b"olt7/66", b"eth 6"))


def test_an_untrusted_id_that_contradicts_itself_is_no_conflict() -> None:
    """Two made-up Remote-Ids are as good as none."""
    told = described(
        CPE,
        PORT,
        DHCPV6_PROOF,
        remote_id(b"a"),
        remote_id(b"b"),
        of=replace(BNG, untrusted=frozenset({Trigger.DHCPV6})),
    )

    assert own_verdict(told) is None
    assert (None, None) == _shown(told, None)


def test_an_untrusted_id_is_not_kept_as_it_came() -> None:
    """`identity.keep_raw` shows AAA what was changed, not what the customer made up."""
    kept = 77  # Connect-Info
    of = replace(BNG, profile=replace(profile(NOKIA), keep_raw=kept))
    pieces = (CPE, PORT, DHCPV6_PROOF, remote_id(PEN + b"olt7/12"))

    assert PEN + b"olt7/12" == _sent(described(*pieces, of=of), None).first(kept)
    untrusted = replace(of, untrusted=frozenset({Trigger.DHCPV6}))
    assert None is _sent(described(*pieces, of=untrusted), None).first(kept)


def test_an_id_that_does_not_name_a_line_by_the_profile_is_not_checked() -> None:
    """Under `line_id: circuit` a lone Remote-Id names no line: the request climbs."""
    of = replace(BNG, profile=replace(profile(NOKIA), line_id=LineIdPolicy.CIRCUIT))

    assert described(CPE, PORT, DHCPV6_PROOF, remote_id(PEN + b"olt7/12"), of=of).question.own is None
    assert described(CPE, PORT, DHCPV6_PROOF, circuit_id(b"eth 1"), of=of).question.own == LineIds(None, b"eth 1")


def _sent(told: Request, inherited: LineIds | None) -> radius.PacketView:
    edits, appended = normalised(told.view, told.nas.profile, told.nas.mode, told.identity, inherited, "bng1")
    octets = told.view.octets
    for start, end, new in sorted(edits, reverse=True):
        octets = octets[:start] + new + octets[end:]
    octets += appended
    return radius.decode(octets[:2] + len(octets).to_bytes(2, "big") + octets[4:])


def _shown(told: Request, inherited: LineIds | None) -> tuple[bytes | None, bytes | None]:
    view = _sent(told, inherited)
    return view.first(a.AGENT_REMOTE_ID), view.first(a.AGENT_CIRCUIT_ID)


# ---- authentic or not


def test_a_message_authenticator_is_proof_or_refusal() -> None:
    """With a right one the request is the BNG's, with none it may be anybody's, with a wrong one it is dropped."""
    attributes = CPE.octets + PORT.octets
    signed = radius.decode(radius_auth.sign_access_request(7, bytes(16), attributes, SECRET))
    forged = radius.decode(radius_auth.sign_access_request(7, bytes(16), attributes, b"guessed"))
    strict = replace(BNG, require_message_authenticator=True)

    assert authenticate(signed, BNG, a.Code.ACCESS_REQUEST)
    assert not authenticate(request(CPE, PORT), BNG, a.Code.ACCESS_REQUEST)
    for view, of, reason in (
        (forged, BNG, DropReason.BAD_MESSAGE_AUTHENTICATOR),
        (request(CPE), strict, DropReason.MISSING_MESSAGE_AUTHENTICATOR),
        (request(CPE, plain(79, b"eap")), BNG, DropReason.MISSING_MESSAGE_AUTHENTICATOR),
    ):
        with pytest.raises(Unauthentic) as refused:
            authenticate(view, of, a.Code.ACCESS_REQUEST)
        assert reason == refused.value.reason


def test_accounting_is_authentic_or_dropped() -> None:
    """Its Request Authenticator is computed with the secret (RFC 2866 §3); on the other port it is no request."""
    signed = radius.decode(radius_auth.sign_accounting_request(7, SESSION.octets, SECRET, with_message=False))
    forged = radius.decode(radius_auth.sign_accounting_request(7, SESSION.octets, b"guessed", with_message=False))

    assert authenticate(signed, BNG, a.Code.ACCOUNTING_REQUEST)
    with pytest.raises(Unauthentic) as refused:
        authenticate(forged, BNG, a.Code.ACCOUNTING_REQUEST)
    assert DropReason.BAD_AUTHENTICATOR == refused.value.reason
    with pytest.raises(Malformed) as misplaced:
        authenticate(signed, BNG, a.Code.ACCESS_REQUEST)
    assert DropReason.BAD_CODE == misplaced.value.reason

"""Which protocol made the BNG ask: every signal of every profile, and how signals are weighed."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.vocabulary import Strength, Trigger
from bngcorr.profiles.catalogue import packaged
from bngcorr.profiles.profile import Evidence, RawCarrier, Signal
from bngcorr.proxy.trigger import Classification, weigh
from tests.wire.radius_packets import Piece, plain, vsa

from .families import (
    DHCPV4_PROOF,
    DHCPV6_PROOF,
    GENERIC,
    NOKIA,
    PPP_PROOF,
    classified,
    dictionary,
    profile,
    remote_id,
)

FAMILIES = sorted(packaged())
SIGNALS = [(family, signal) for family in FAMILIES for signal in profile(family).signals]
RAW = [(family, carrier) for family in FAMILIES for carrier in profile(family).raw]


def _piece(key: int, value: bytes) -> Piece:
    return plain(key, value) if key < 256 else vsa(key >> 8, (key & 0xFF, value))


def _values(signal: Signal) -> list[bytes]:
    return [signal.prefix + rest for rest in [v.to_bytes(4, "big") for v in sorted(signal.values)] or [b"x"]]


@pytest.mark.parametrize(("family", "signal"), [case for case in SIGNALS if case[1].pattern is None])
def test_a_signal_alone_names_its_family(family: str, signal: Signal) -> None:
    """A request with one signal is of that signal's family, as strongly, and the evidence says why."""
    for value in _values(signal):
        found = classified(_piece(signal.key, value), family=family)

        assert (signal.evidence.family, signal.evidence.strength) == (found.trigger, found.strength)
        assert (signal.evidence,) == found.evidence


@pytest.mark.parametrize(("family", "carrier"), RAW)
def test_raw_options_alone_prove_their_family(family: str, carrier: RawCarrier) -> None:
    """Raw DHCP options prove the protocol by being there, whatever their octets."""
    for value in (b"", b"\x00", b"\x35\x01\x01", bytes(200)):
        found = classified(_piece(carrier.key, value), family=family)

        assert (carrier.form.family, Strength.PROOF) == (found.trigger, found.strength)


@pytest.mark.parametrize(("family", "signal"), [case for case in SIGNALS if case[1].values or case[1].prefix])
def test_a_signal_with_another_value_says_nothing(family: str, signal: Signal) -> None:
    """Where only some values of an attribute count, other values and values of another size are no signal."""
    for value in ((4_000_000).to_bytes(4, "big"), b"", b"\x01", bytes(3)):
        assert Trigger.UNKNOWN is classified(_piece(signal.key, value), family=family).trigger


@pytest.mark.parametrize("family", [NOKIA, GENERIC])
def test_a_request_without_signals_is_unknown(family: str) -> None:
    """The packet that SR OS sends for a SOLICIT without LDRA carries no family mark, and none is invented."""
    found = classified(
        plain(1, b"02:00:01:00:00:01"),
        plain(4, bytes((10, 0, 0, 1))),
        plain(61, (15).to_bytes(4, "big")),
        plain(87, b"1/1/c2/1:201.100"),
        vsa(6527, (27, b"02:00:01:00:00:01")),
        plain(44, b"181007000001C267FBD27E"),
        family=family,
    )

    assert Classification(Trigger.UNKNOWN, None) == found


def test_the_signals_of_the_profiles_are_those_of_the_manuals() -> None:
    """Raw DHCP options, Framed-Protocol and CHAP are proofs on SR OS; elsewhere CHAP is only strong."""
    key = dictionary().key
    nokia = {one.key: (one.evidence.family, one.evidence.strength) for one in profile(NOKIA).signals}
    nokia |= {one.key: (one.evidence.family, one.evidence.strength) for one in profile(NOKIA).raw}
    generic = {one.key: (one.evidence.family, one.evidence.strength) for one in profile(GENERIC).signals}

    assert (Trigger.DHCPV4, Strength.PROOF) == nokia[key("Alc-ToServer-Dhcp-Options")]
    assert (Trigger.DHCPV6, Strength.PROOF) == nokia[key("Alc-ToServer-Dhcp6-Options")]
    assert (Trigger.PPP, Strength.PROOF) == nokia[key("Framed-Protocol")] == generic[key("Framed-Protocol")]
    assert (Trigger.PPP, Strength.PROOF) == nokia[key("CHAP-Password")]
    assert (Trigger.PPP, Strength.STRONG) == generic[key("CHAP-Password")]
    assert (Trigger.PPP, Strength.HINT) == nokia[key("NAS-Port-Type")] == generic[key("NAS-Port-Type")]


@pytest.mark.parametrize(
    "proofs",
    [*permutations((DHCPV4_PROOF, DHCPV6_PROOF, PPP_PROOF), 2), (DHCPV4_PROOF, DHCPV6_PROOF, PPP_PROOF)],
)
def test_proofs_that_disagree_are_a_conflict(proofs: tuple[Piece, ...]) -> None:
    """A request that proves two families proves that something is wrong: conflict, with all the evidence kept."""
    found = classified(*proofs)

    assert (Trigger.CONFLICT, Strength.PROOF) == (found.trigger, found.strength)
    assert len(proofs) == len(found.evidence)


def test_two_proofs_of_one_family_agree() -> None:
    """Framed-Protocol PPP and CHAP-Password are two proofs of the same thing."""
    found = classified(PPP_PROOF, plain(3, bytes(17)))

    assert (Trigger.PPP, Strength.PROOF) == (found.trigger, found.strength)
    assert 2 == len(found.evidence)


def test_one_proof_outweighs_everything_weaker() -> None:
    """Raw DHCPv6 options decide over a vendor class of DHCPv4 and a port type of PPPoE."""
    found = classified(vsa(6527, (36, b"MSFT 5.0")), plain(61, (34).to_bytes(4, "big")), DHCPV6_PROOF)

    assert (Trigger.DHCPV6, Strength.PROOF) == (found.trigger, found.strength)
    assert 3 == len(found.evidence)


def test_equally_strong_families_leave_it_unknown() -> None:
    """A vendor class of DHCPv4 next to a Remote-Id that looks prefixed is no guess but unknown."""
    found = classified(vsa(6527, (36, b"MSFT 5.0")), remote_id((2011).to_bytes(4, "big") + b"0/3/0"))

    assert (Trigger.UNKNOWN, None) == (found.trigger, found.strength)
    assert 2 == len(found.evidence)


@pytest.mark.parametrize("family", [NOKIA, GENERIC])
def test_a_remote_id_testifies_by_its_shape(family: str) -> None:
    """A printable rest behind an acceptable number is strong evidence, a binary one and a MAC-sized one are hints."""
    pen = (6527).to_bytes(4, "big")

    assert (Trigger.DHCPV6, Strength.STRONG) == _verdict(classified(remote_id(pen + b"olt7"), family=family))
    assert (Trigger.DHCPV6, Strength.HINT) == _verdict(classified(remote_id(pen + b"\x01\x02\x03"), family=family))
    assert (Trigger.DHCPV6, Strength.HINT) == _verdict(classified(remote_id(pen + b"12"), family=family))
    assert (Trigger.UNKNOWN, None) == _verdict(classified(remote_id(b"olt7/12"), family=family))
    assert (Trigger.UNKNOWN, None) == _verdict(classified(remote_id(b""), family=family))


def _verdict(found: Classification) -> tuple[Trigger, Strength | None]:
    return found.trigger, found.strength


# ---- the rule alone

evidence = st.lists(
    st.builds(
        Evidence,
        st.sampled_from((Trigger.DHCPV4, Trigger.DHCPV6, Trigger.PPP)),
        st.sampled_from(Strength),
        st.just("because"),
    ),
    max_size=6,
)


@settings(max_examples=160, deadline=None)
@given(evidence)
def test_the_strongest_family_wins_if_it_is_one(found: list[Evidence]) -> None:
    """The best strength present decides: one family wins, two proofs are a conflict, two of anything else unknown."""
    verdict = weigh(found)
    ranked = [{e.family for e in found if e.strength is s} for s in (Strength.PROOF, Strength.STRONG, Strength.HINT)]
    best = next((families for families in ranked if families), set())

    if not best:
        assert (Trigger.UNKNOWN, None, ()) == (verdict.trigger, verdict.strength, verdict.evidence)
        return
    assert tuple(found) == verdict.evidence
    if len(best) == 1:
        assert verdict.trigger in best
        assert any(e.family is verdict.trigger and e.strength is verdict.strength for e in found)
    else:
        assert verdict.trigger is (Trigger.CONFLICT if best == ranked[0] else Trigger.UNKNOWN)


@settings(max_examples=80, deadline=None)
@given(evidence, st.data())
def test_the_order_of_signals_does_not_matter(found: list[Evidence], data: st.DataObject) -> None:
    """The same evidence in another order gives the same verdict."""
    shuffled = data.draw(st.permutations(found))

    assert _verdict(weigh(found)) == _verdict(weigh(shuffled))

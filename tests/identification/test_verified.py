"""The self-verifying test: four octets are an enterprise number if what follows is known here from DHCPv4."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from bngcorr.correlator.ladder import climb
from bngcorr.correlator.question import Rules
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, LineIdPolicy, Mode, Outcome, PenPolicy, VlanModel
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.admit import describe, own_verdict
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.rewrite import line_edits
from bngcorr.proxy.settle import verified
from bngcorr.store.recollection import Candidate, KeyRecord, Recollection
from bngcorr.wire import radius

from .test_settings import settled
from .vectors import encoded, packet

NUMBERS: Final = Numbers()
NOW: Final = 1_800_000_000_000
REMOTE: Final = "ADSL-Agent-Remote-Id"
BINARY: Final = bytes.fromhex("800102030405")
PREFIXED: Final = bytes.fromhex("000007db") + BINARY
PLACE: Final = ("NAS-Port-Id=1/1/4:501.1001", "Alc-Client-Hardware-Addr=00:0c:29:11:22:33")


def arrived(
    *attributes: str, profile: Profile | None = None, mode: Mode = Mode.FULL, vlan_model: VlanModel = VlanModel.PER_LINE
) -> Request:
    """A request as it leaves the first stage."""
    view = radius.decode(packet(1, [encoded(one) for one in attributes]))
    profile = profile or settled()
    nas = Nas(
        name="bng1", domain="bng1", secret=b"s", profile=profile, mode=mode, vlan_model=vlan_model,
        rules=Rules(line_id=profile.line_id), hold_s=0.3, require_message_authenticator=False, one_box=True,
    )  # fmt: skip
    return describe(nas, view, "192.0.2.1", at_ms=NOW, authentic=True, numbers=NUMBERS)


def suspicious(**changes: object) -> Request:
    """A request with a binary id that looks prefixed, and nothing that proves DHCPv6."""
    return arrived(*PLACE, f"{REMOTE}:={PREFIXED.hex()}", **changes)  # type: ignore[arg-type]


def known(remote_id: bytes, *, v4_evident: bool = True, at: int = NOW - 3_600_000) -> Candidate:
    """A line that the store remembers."""
    ids = LineIds(remote_id, None)
    return Candidate(line="l", ids=ids, sighted_ms=at, sighted_v6_ms=0, attached=True, v4_evident=v4_evident)


def verdict(request: Request, *candidates: Candidate, on: tuple[Key, ...] = tuple(Key)) -> Verdict:
    """The store's word, if it knows these lines on the request's keys."""
    records = {
        handle.hash: KeyRecord(candidates=candidates if handle.key in on else ())
        for handle in request.question.keyring.handles
    }
    return climb(request.question, Recollection(records=records, mac_lines=0, session=None, epochs={}), NOW)


def remote_ids(request: Request) -> list[bytes]:
    """The Remote-Ids that AAA gets."""
    edits, _ = line_edits(request.view, request.identity.aliases, (), b"")
    octets = request.view.octets
    for start, end, new in sorted(edits, reverse=True):
        octets = octets[:start] + new + octets[end:]
    whole = octets[:2] + len(octets).to_bytes(2, "big") + octets[4:]
    return radius.decode(whole).all(3561 << 8 | 2)


def test_a_binary_id_that_looks_prefixed_is_asked_about() -> None:
    """Without proof nothing is taken off, but the store is asked what is known of the rest on this attachment."""
    request = suspicious()

    assert own_verdict(request) is None
    assert (BINARY, PREFIXED) == (request.question.suspect, request.question.value)
    assert [PREFIXED] == remote_ids(request)


def test_a_rest_that_is_known_here_from_v4_proves_the_number() -> None:
    """The rest is a line of this attachment, learned by DHCPv4: the request is DHCPv6, and the number goes."""
    request = suspicious()
    said = verdict(request, known(BINARY))
    verified(request, NUMBERS)

    assert (Outcome.OWN, True) == (said.outcome, said.verified)
    assert ("dhcpv6", "proof") == (request.classification.trigger, request.classification.strength)
    assert (BINARY, 2011) == (request.identity.ids.remote_id, request.identity.enterprise_number)
    assert [BINARY] == remote_ids(request)
    assert "known on this attachment" in request.classification.evidence[-1].reason


@pytest.mark.parametrize(
    "candidates",
    [
        (),
        (known(b"another"),),
        (known(BINARY, v4_evident=False),),
        (known(PREFIXED),),
        (known(PREFIXED), known(BINARY)),
        (known(BINARY), known(PREFIXED)),
        (known(BINARY[1:]),),
        (known(PREFIXED + b"x"),),
    ],
    ids=["nothing", "another line", "not by v4", "whole", "whole and rest", "rest and whole", "part", "more"],
)
def test_anything_else_proves_nothing(candidates: tuple[Candidate, ...]) -> None:
    """The whole value known from DHCPv4, another id, or one that DHCPv4 did not teach: nothing is taken off."""
    said = verdict(suspicious(), *candidates)

    assert (Outcome.OWN, False) == (said.outcome, said.verified)


def test_the_same_cpe_elsewhere_proves_nothing() -> None:
    """A line known for the MAC alone was seen somewhere on the BNG, not here."""
    assert not verdict(suspicious(), known(BINARY), on=(Key.BNG_MAC,)).verified


@pytest.mark.parametrize("key", [Key.ATTACHMENT, Key.ATTACHMENT_MAC])
def test_either_key_of_the_attachment_will_do(key: Key) -> None:
    """The VLAN pair that is the line, or the CPE on this port."""
    assert verdict(suspicious(), known(BINARY), on=(key,)).verified


def test_without_an_attachment_nothing_is_asked() -> None:
    """Where the port is not known there is nothing to compare with: the request goes on as it came."""
    request = arrived(PLACE[1], f"{REMOTE}:={PREFIXED.hex()}")
    said = own_verdict(request)

    assert request.question.suspect is None
    assert said is not None
    assert Outcome.OWN is said.outcome


@pytest.mark.parametrize(
    "attributes",
    [
        ["Alc-ToServer-Dhcp-Options:=v4 53[01]", f"{REMOTE}:={PREFIXED.hex()}"],
        ["Framed-Protocol:=00000001", f"{REMOTE}:={PREFIXED.hex()}"],
        [f"{REMOTE}=LINE-000017"],
        [f"{REMOTE}:=000007db"],
        [f"{REMOTE}:=0006001cf09d7167"],
    ],
    ids=["v4", "PPP", "text", "four octets", "above the ceiling"],
)
def test_a_value_that_needs_no_test_is_not_asked_about(attributes: list[str]) -> None:
    """Another protocol, or a value that cannot be prefixed: the request is its own witness."""
    request = arrived(*PLACE, *attributes)
    said = own_verdict(request)

    assert request.question.suspect is None
    assert said is not None
    assert Outcome.OWN is said.outcome


def test_a_request_proved_v6_needs_no_test_but_is_checked() -> None:
    """Its number goes without the test; what is left is compared with what is live here before it is believed."""
    request = arrived(*PLACE, "Alc-ToServer-Dhcp6-Options:=v6 8[0000]", f"{REMOTE}:={PREFIXED.hex()}")
    said = verdict(request, known(BINARY))

    assert request.question.suspect is None
    assert LineIds(BINARY) == request.question.own
    assert own_verdict(request) is None
    assert (Outcome.OWN, False) == (said.outcome, said.verified)


def test_mode_strip_asks_nobody() -> None:
    """In mode strip the store is not asked, so nothing is verified."""
    said = own_verdict(suspicious(mode=Mode.STRIP))

    assert said is not None
    assert not said.verified


def test_never_strip_means_no_test() -> None:
    """With `enterprise_number: never` there is nothing to prove."""
    assert suspicious(profile=replace(settled(), pen=PenPolicy.NEVER)).question.suspect is None


def test_a_verified_number_goes_even_from_six_octets() -> None:
    """A value as long as a MAC is stripped, too, once its rest is known here from DHCPv4."""
    request = arrived(*PLACE, f"{REMOTE}:=000007db 8001")

    assert verdict(request, known(b"\x80\x01")).verified
    verified(request, NUMBERS)
    assert [b"\x80\x01"] == remote_ids(request)


def test_a_suspicious_id_that_names_no_line_climbs() -> None:
    """Where the Circuit-Id names the line, a lone Remote-Id is no line of its own, whatever stands in front of it."""
    request = suspicious(profile=replace(settled(), line_id=LineIdPolicy.CIRCUIT))

    assert request.question.suspect is None
    assert own_verdict(request) is None
    assert Outcome.UNMATCHED is verdict(request).outcome

"""Profiles: data files that name attributes of the dictionaries, and what an operator may change in them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from bngcorr.model.vocabulary import LineIdPolicy, PenPolicy, Strength, Trigger
from bngcorr.profiles.catalogue import ProfileData, ProfileFault, compile_profile, overridden, packaged
from bngcorr.profiles.profile import Encoding
from bngcorr.proxy import port_id
from bngcorr.resources import resource
from bngcorr.wire import attributes as a
from bngcorr.wire.dictionary import Dictionary

DICTIONARY = Dictionary(resource("dictionaries") / "dictionary")
FAMILIES = sorted(packaged())
WRITTEN = """
name: test
title: a test
documented: nothing
assumed: nothing
signals:
  - {attribute: Framed-Protocol, values: [PPP], family: ppp, strength: proof, reason: it is PPP}
raw_options:
  - {attribute: Alc-ToServer-Dhcp6-Options, form: options6}
mac:
  - {attribute: Calling-Station-Id, source: seen}
remote_id:
  - {attribute: ADSL-Agent-Remote-Id}
circuit_id:
  - {attribute: ADSL-Agent-Circuit-Id}
port:
  - {attribute: NAS-Port-Id, grammar: plain}
"""


def _written(**changes: object) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(WRITTEN)
    data.update(changes)
    return data


def test_the_families_of_the_field_are_there() -> None:
    """A profile for each BNG family that the documentation names, and one for any other."""
    assert {"generic", "nokia-sros", "nokia-magc", "juniper-mx", "cisco", "huawei-ne", "ericsson-se"} <= set(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_profile_of_the_package_compiles(name: str) -> None:
    """Every data file names only attributes that the dictionaries define, and grammars that there are."""
    profile = compile_profile(packaged()[name], DICTIONARY)

    assert name == profile.name
    assert profile.remote_ids
    assert profile.circuit_ids
    assert profile.macs
    assert profile.ports
    assert 2 == len(profile.writes)  # where AAA finds Circuit- and Remote-Id
    assert all("_id" in write.template for write in profile.writes)
    for port in profile.ports:
        assert port.grammar in port_id.GRAMMARS or port.grammar.startswith("*")


@pytest.mark.parametrize("name", FAMILIES)
def test_every_profile_says_what_is_documented_and_what_assumed(name: str) -> None:
    """Facts and assumptions of each profile stand apart, and every signal has its reason."""
    data = packaged()[name]

    assert len(data.documented) > 40
    assert len(data.assumed) > 40
    assert all(len(signal.reason) > 10 for signal in data.signals)


def test_a_profile_becomes_numbers() -> None:
    """Names become keys and values numbers; what is left out has its default."""
    profile = compile_profile(ProfileData.model_validate(_written()), DICTIONARY)
    (signal,), (raw,), (remote,) = profile.signals, profile.raw, profile.remote_ids

    assert (7, frozenset({1})) == (signal.key, signal.values)
    assert (Trigger.PPP, Strength.PROOF, "Framed-Protocol: it is PPP") == (
        signal.evidence.family,
        signal.evidence.strength,
        signal.evidence.reason,
    )
    assert (6527 << 8 | 191, Trigger.DHCPV6, Strength.PROOF) == (raw.key, raw.form.family, raw.evidence.strength)
    assert (a.AGENT_REMOTE_ID, b"", Encoding.OCTETS, None) == (
        remote.key,
        remote.prefix,
        remote.encoding,
        remote.pen,
    )
    assert (LineIdPolicy.BOTH, PenPolicy.AUTO, False, False) == (
        profile.line_id,
        profile.pen,
        profile.v4_always_has_id,
        profile.v4_matched_by_v6,
    )


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"remote_id": [{"attribute": "No-Such-Attribute"}]}, "remote_id[0].attribute"),
        ({"mac": [{"attribute": "No-Such-Attribute", "source": "seen"}]}, "mac[0].attribute"),
        ({"signals": [{"attribute": "Nothing", "family": "ppp"}]}, "signals[0].attribute"),
        ({"signals": [{"attribute": "Framed-Protocol", "values": ["X"], "family": "ppp"}]}, "signals[0].values"),
        ({"signals": [{"attribute": "User-Name", "matches": "(", "family": "ppp"}]}, "signals[0].matches"),
        ({"raw_options": [{"attribute": "Nothing", "form": "options4"}]}, "raw_options[0].attribute"),
        ({"write": [{"attribute": "User-Name", "template": "{line}"}]}, "write[0].template"),
        ({"write": [{"attribute": "User-Name", "template": "{remote_id"}]}, "write[0].template"),
    ],
)
def test_a_name_that_nobody_knows_is_a_fault_with_its_place(changes: dict[str, object], key: str) -> None:
    """A typing error in a profile is told with the key, not found as a signal that never comes."""
    with pytest.raises(ProfileFault) as refusal:
        compile_profile(ProfileData.model_validate(_written(**changes)), DICTIONARY)

    assert key == refusal.value.key
    assert refusal.value.got
    assert refusal.value.expected


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"name": None},
        {"line_id": "some"},
        {"signals": [{"attribute": "Framed-Protocol", "family": "arp"}]},
        {"signals": [{"attribute": "Framed-Protocol", "family": "ppp", "strength": "sure"}]},
        {"mac": [{"attribute": "User-Name", "source": "guessed"}]},
        {"remote_id": ["ADSL-Agent-Remote-Id"]},
    ],
)
def test_a_profile_that_is_none_is_refused(changes: dict[str, object]) -> None:
    """Unknown keys, families, strengths and sources are refused when the file is read."""
    with pytest.raises(ValidationError):
        ProfileData.model_validate(_written(**changes))


# ---- the operator's own


def test_an_operators_profile_says_only_what_differs() -> None:
    """What is not written comes from the profile that is extended; the base itself stays as it was."""
    own = overridden(packaged(), "ours", {"extends": "nokia-sros", "v4_always_has_id": False, "title": "ours"})
    base = packaged()["nokia-sros"]

    assert ("ours", "ours", False) == (own.name, own.title, own.v4_always_has_id)
    assert (base.signals, base.mac, base.port) == (own.signals, own.mac, own.port)
    assert base.v4_always_has_id


def test_a_packaged_profile_may_be_changed_under_its_own_name() -> None:
    """Without `extends`, a profile of a packaged name is that one, changed."""
    own = overridden(packaged(), "generic", {"line_id": "remote"})

    assert (LineIdPolicy.REMOTE, packaged()["generic"].signals) == (own.line_id, own.signals)


def test_a_list_may_be_lengthened_or_replaced() -> None:
    """`mac` replaces the base's list, `mac+` stands in front of it and is asked first."""
    row = {"attribute": "Called-Station-Id", "source": "seen"}
    base = packaged()["generic"]
    replaced, longer = (overridden(packaged(), "generic", {key: [row]}) for key in ("mac", "mac+"))

    assert ["Called-Station-Id"] == [carrier.attribute for carrier in replaced.mac]
    assert ["Called-Station-Id", *(carrier.attribute for carrier in base.mac)] == [
        carrier.attribute for carrier in longer.mac
    ]


@pytest.mark.parametrize(
    ("name", "changes", "key"),
    [
        ("ours", {}, "extends"),  # nothing of that name to start from
        ("ours", {"extends": "acme"}, "extends"),
        ("ours", {"extends": ["generic"]}, "extends"),
        ("generic", {"colour": "red"}, "colour"),
        ("generic", {"line_id": "some"}, "line_id"),
        ("generic", {"mac+": "User-Name"}, "mac+"),
        ("generic", {"title+": ["x"]}, "title+"),
        ("generic", {7: "x"}, "7"),
    ],
)
def test_an_override_that_makes_no_sense_is_a_fault(name: str, changes: dict[Any, object], key: str) -> None:
    """An unknown base, key or value is told with its place in the profile."""
    with pytest.raises(ProfileFault) as refusal:
        overridden(packaged(), name, changes)

    assert key == refusal.value.key

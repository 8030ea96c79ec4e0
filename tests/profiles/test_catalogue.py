"""Profiles: data files that name attributes of the dictionaries, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from bngcorr.model.vocabulary import LineIdPolicy, PenPolicy
from bngcorr.profiles.catalogue import ProfileData, ProfileFault, compile_profile, overridden, packaged
from bngcorr.proxy.port_id import GRAMMARS
from bngcorr.resources import resource
from bngcorr.wire import attributes as a
from bngcorr.wire.dictionary import Dictionary

DICTIONARY = Dictionary(resource("dictionaries") / "dictionary")
WRITTEN = """
name: test
title: a test
documented: nothing
assumed: nothing
signals:
  - {attribute: Framed-Protocol, values: [PPP], family: ppp, strength: proof, reason: it is PPP}
mac:
  - {attribute: Calling-Station-Id, source: seen}
remote_id:
  - attribute: ADSL-Agent-Remote-Id
circuit_id:
  - attribute: ADSL-Agent-Circuit-Id
port:
  - {attribute: NAS-Port-Id, grammar: plain}
"""


def _written(**changes: object) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(WRITTEN)
    data.update(changes)
    return data


@pytest.mark.parametrize("name", packaged())
def test_every_profile_of_the_package_compiles(name: str) -> None:
    """Every data file is valid, names only attributes that the dictionaries define, and knows ids, MACs and ports."""
    profile = compile_profile(packaged()[name], DICTIONARY)

    assert name == profile.name
    assert a.AGENT_REMOTE_ID in [carrier.key for carrier in profile.remote_ids]
    assert a.AGENT_CIRCUIT_ID in [carrier.key for carrier in profile.circuit_ids]
    assert profile.macs
    assert profile.writes
    assert {carrier.grammar for carrier in profile.ports} <= set(GRAMMARS)


@pytest.mark.parametrize("data", packaged().values(), ids=lambda data: data.name)
def test_every_profile_says_what_is_documented_and_what_assumed(data: ProfileData) -> None:
    """Facts and assumptions of each profile stand apart, and every signal has its reason."""
    assert len(data.documented) > 40
    assert len(data.assumed) > 40
    assert all(signal.reason != "the operator says so" for signal in data.signals)


def test_a_profile_of_the_operators_starts_from_another() -> None:
    """What it says replaces the base's; a list under a key with a plus goes in front of the base's."""
    known = packaged()
    changes = {"extends": "cisco", "line_id": "both", "mac+": [{"attribute": "User-Name", "source": "claimed"}]}
    data = overridden(known, "ours", changes)

    assert ("ours", LineIdPolicy.BOTH, PenPolicy.AUTO) == (data.name, data.line_id, data.enterprise_number)
    assert ["User-Name", *[row.attribute for row in known["cisco"].mac]] == [row.attribute for row in data.mac]
    assert known["cisco"].signals == data.signals


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"extends": "nobody"}, "extends"),
        ({"colour": "red"}, "colour"),
        ({"mac+": {}}, "mac+"),
        ({"line_id": 7}, "line_id"),
    ],
)
def test_a_profile_that_can_not_be_says_where(changes: dict[str, object], key: str) -> None:
    """A fault names the key."""
    with pytest.raises(ProfileFault) as fault:
        overridden(packaged(), "cisco", changes)

    assert key == fault.value.key


def test_a_profile_becomes_numbers() -> None:
    """Names become keys and values numbers; what is left out has its default."""
    profile = compile_profile(ProfileData.model_validate(_written()), DICTIONARY)

    assert (7, frozenset({1})) == (profile.signals[0].key, profile.signals[0].values)
    assert (a.CALLING_STATION_ID,) == tuple(carrier.key for carrier in profile.macs)
    assert [a.AGENT_REMOTE_ID] == [carrier.key for carrier in profile.remote_ids]
    assert [a.AGENT_CIRCUIT_ID] == [carrier.key for carrier in profile.circuit_ids]
    assert (LineIdPolicy.BOTH, PenPolicy.AUTO, False, False) == (
        profile.line_id,
        profile.pen,
        profile.v4_always_has_id,
        profile.v4_matched_by_v6,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"remote_id": [{"attribute": "No-Such-Attribute"}]},
        {"signals": [{"attribute": "Nothing", "family": "ppp", "strength": "hint", "reason": "r"}]},
        {
            "signals": [
                {"attribute": "Framed-Protocol", "values": ["X"], "family": "ppp", "strength": "hint", "reason": "r"}
            ]
        },
    ],
)
def test_a_name_that_no_dictionary_has_is_refused(changes: dict[str, object]) -> None:
    """A typing error in a profile is a fault that names it, not a signal that never comes."""
    with pytest.raises(ProfileFault):
        compile_profile(ProfileData.model_validate(_written(**changes)), DICTIONARY)


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"name": None},
        {"line_id": "some"},
        {"signals": [{"attribute": "Framed-Protocol", "family": "arp", "strength": "proof", "reason": "r"}]},
        {"signals": [{"attribute": "Framed-Protocol", "family": "ppp", "strength": "sure", "reason": "r"}]},
        {"mac": [{"attribute": "User-Name", "source": "guessed"}]},
    ],
)
def test_a_profile_that_is_none_is_refused(changes: dict[str, object]) -> None:
    """Unknown keys, families, strengths and sources are refused when the file is read."""
    with pytest.raises(ValidationError):
        ProfileData.model_validate(_written(**changes))

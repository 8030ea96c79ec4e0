"""Profiles: data files that name attributes of the dictionaries, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from bngcorr.model.vocabulary import LineIdPolicy, PenPolicy
from bngcorr.profiles import Catalogue
from bngcorr.profiles.catalogue import ProfileData, compile_profile, profile_names
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
remote_id: [ADSL-Agent-Remote-Id]
circuit_id: [ADSL-Agent-Circuit-Id]
nas_port_id: [NAS-Port-Id]
"""


def _written(**changes: object) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(WRITTEN)
    data.update(changes)
    return data


def test_every_profile_of_the_package_compiles() -> None:
    """Every data file is valid, names only attributes that the dictionaries define, and is called like its file."""
    catalogue = Catalogue(DICTIONARY)

    assert set(profile_names()) == set(catalogue.names)
    for name in catalogue.names:
        profile = catalogue[name]
        assert name == profile.name
        assert a.AGENT_REMOTE_ID in profile.remote_ids
        assert a.AGENT_CIRCUIT_ID in profile.circuit_ids
        assert profile.macs
        assert profile.port_ids


def test_every_profile_says_what_is_documented_and_what_assumed() -> None:
    """Facts and assumptions of each profile stand apart, and every signal has its reason."""
    folder = resource("dictionaries").parent / "bngcorr" / "profiles" / "data"
    for name in profile_names():
        data = ProfileData.model_validate(yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")))
        assert len(data.documented) > 40
        assert len(data.assumed) > 40
        assert all(signal.reason for signal in data.signals)


def test_a_profile_becomes_numbers() -> None:
    """Names become keys and values numbers; what is left out has its default."""
    profile = compile_profile(ProfileData.model_validate(_written()), DICTIONARY)

    assert (7, frozenset({1})) == (profile.signals[0].key, profile.signals[0].values)
    assert (a.CALLING_STATION_ID,) == tuple(carrier.key for carrier in profile.macs)
    assert ((a.AGENT_REMOTE_ID,), (a.AGENT_CIRCUIT_ID,)) == (profile.remote_ids, profile.circuit_ids)
    assert (LineIdPolicy.BOTH, PenPolicy.AUTO, False, False) == (
        profile.line_id,
        profile.pen,
        profile.v4_always_has_id,
        profile.v4_matched_by_v6,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"remote_id": ["No-Such-Attribute"]},
        {"signals": [{"attribute": "Nothing", "family": "ppp", "strength": "hint", "reason": "r"}]},
        {
            "signals": [
                {"attribute": "Framed-Protocol", "values": ["X"], "family": "ppp", "strength": "hint", "reason": "r"}
            ]
        },
    ],
)
def test_a_name_that_no_dictionary_has_is_refused(changes: dict[str, object]) -> None:
    """A typing error in a profile is a KeyError that names it, not a signal that never comes."""
    with pytest.raises(KeyError):
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

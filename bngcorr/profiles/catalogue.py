"""The profiles of this installation, read from the package's data files and checked."""

from __future__ import annotations

from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bngcorr.model.vocabulary import LineIdPolicy, MacSource, PenPolicy, Strength, Trigger
from bngcorr.profiles.profile import MacCarrier, Profile, Signal
from bngcorr.wire.dictionary import Dictionary


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignalData(_Model):
    """One row of a profile's table of signals."""

    attribute: str
    values: tuple[str, ...] = ()
    family: Literal["dhcpv4", "dhcpv6", "ppp"]
    strength: Strength
    reason: str


class MacData(_Model):
    """Where a MAC may stand."""

    attribute: str
    source: MacSource


class ProfileData(_Model):
    """A profile file as written."""

    name: str
    title: str
    documented: str = Field(description="what the sources say, with the sources")
    assumed: str = Field(description="what nobody could confirm")
    signals: tuple[SignalData, ...]
    mac: tuple[MacData, ...]
    remote_id: tuple[str, ...]
    circuit_id: tuple[str, ...]
    nas_port_id: tuple[str, ...]
    line_id: LineIdPolicy = LineIdPolicy.BOTH
    enterprise_number: PenPolicy = PenPolicy.AUTO
    v4_always_has_id: bool = False
    v4_matched_by_v6: bool = False


def compile_profile(data: ProfileData, dictionary: Dictionary) -> Profile:
    """Names to keys. Raises KeyError naming the attribute or value that the dictionaries do not define."""
    return Profile(
        name=data.name,
        signals=tuple(
            Signal(
                key=dictionary.key(row.attribute),
                name=row.attribute,
                values=frozenset(dictionary.value(row.attribute, value) for value in row.values),
                family=Trigger(row.family),
                strength=row.strength,
                reason=row.reason,
            )
            for row in data.signals
        ),
        macs=tuple(MacCarrier(key=dictionary.key(row.attribute), source=row.source) for row in data.mac),
        remote_ids=tuple(dictionary.key(name) for name in data.remote_id),
        circuit_ids=tuple(dictionary.key(name) for name in data.circuit_id),
        port_ids=tuple(dictionary.key(name) for name in data.nas_port_id),
        line_id=data.line_id,
        pen=data.enterprise_number,
        v4_always_has_id=data.v4_always_has_id,
        v4_matched_by_v6=data.v4_matched_by_v6,
    )


class Catalogue:
    """All profiles by name."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Read every ``data/*.yaml`` of the package. A broken file there is a bug of ours and raises."""
        self._profiles: dict[str, Profile] = {}
        for entry in sorted(resources.files("bngcorr.profiles").joinpath("data").iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".yaml"):
                data = ProfileData.model_validate(yaml.safe_load(entry.read_text("utf-8")))
                self._profiles[data.name] = compile_profile(data, dictionary)

    @property
    def names(self) -> tuple[str, ...]:
        """Names an operator may write in ``profile:``."""
        return tuple(self._profiles)

    def __getitem__(self, name: str) -> Profile:
        return self._profiles[name]


def profile_names() -> tuple[str, ...]:
    """Names of the data files, without reading them: for checking a config before dictionaries are loaded."""
    folder = resources.files("bngcorr.profiles").joinpath("data")
    return tuple(sorted(e.name.removesuffix(".yaml") for e in folder.iterdir() if e.name.endswith(".yaml")))

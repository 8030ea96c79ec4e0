"""The profiles of this installation and of the operator's file: read, overridden, checked, compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bngcorr.model.vocabulary import LineIdPolicy, MacSource, PenPolicy, Strength, Trigger
from bngcorr.profiles.profile import (
    Encoding,
    Evidence,
    IdCarrier,
    MacCarrier,
    PortCarrier,
    Profile,
    RawCarrier,
    RawForm,
    Relay,
    Signal,
    Write,
)
from bngcorr.wire.dictionary import Dictionary


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignalData(_Model):
    """An attribute that says which protocol asked."""

    attribute: str
    """Dictionary name."""
    prefix: str = ""
    """What the value starts with, for AV pairs: "dhcpv6-interface-id="."""
    values: tuple[str, ...] = ()
    """Named or decimal values of a 4-octet attribute that count. Empty: any."""
    matches: str | None = None
    """Regular expression that is found in the value, behind the prefix. None: any."""
    family: Literal["dhcpv4", "dhcpv6", "ppp"]
    """What it speaks for."""
    strength: Strength = Strength.STRONG
    """proof decides alone, strong beats hints, a hint only ever breaks a tie of nothing."""
    reason: str = "the operator says so"
    """One sentence for people."""


class IdData(_Model):
    """An attribute that may hold an id."""

    attribute: str
    """Dictionary name."""
    prefix: str = ""
    """What the value starts with, for AV pairs: "remote-id-tag="."""
    encoding: Encoding = Encoding.OCTETS
    """octets: as it is. hex: two hexadecimal digits an octet."""
    enterprise_number: PenPolicy | None = None
    """auto, always or never strip in this attribute. None: the profile's policy."""


class MacData(_Model):
    """An attribute that may hold the MAC of the CPE."""

    attribute: str
    """Dictionary name."""
    prefix: str = ""
    """What the value starts with, for AV pairs."""
    source: MacSource
    """seen: the BNG's own observation. claimed: the customer's device says so."""


class RawData(_Model):
    """An attribute that holds DHCP options as they were on the wire."""

    attribute: str
    """Dictionary name."""
    form: RawForm
    """options4, option82, options6 or message6."""


class PortData(_Model):
    """An attribute that tells port and VLANs."""

    attribute: str
    """Dictionary name."""
    prefix: str = ""
    """What the value starts with, for AV pairs."""
    grammar: str
    """sros, junos, cisco, huawei or plain; for NAS-Port a bit layout such as "*12o*10i*3s*2m*5p"."""


class WriteData(_Model):
    """An attribute in which AAA is to find the line."""

    attribute: str
    """Dictionary name."""
    template: str
    """{remote_id}, {circuit_id}, the same with .hex, {mac}, {port}, {outer}, {inner}, {bng}, with text in between."""
    when: Literal["absent", "always"] = "absent"
    """absent: only where the attribute is missing or empty. always: replace it."""


class ProfileData(_Model):
    """A profile file as written."""

    name: str
    """Name to write in `profile:`."""
    title: str
    """Which boxes it is for."""
    documented: str
    """What the sources say, with the sources."""
    assumed: str
    """What nobody could confirm."""
    signals: tuple[SignalData, ...] = ()
    """Which attributes prove or suggest which protocol."""
    raw_options: tuple[RawData, ...] = ()
    """Where raw DHCP options are; their presence is proof."""
    relay: Relay = Relay.OUTERMOST
    """Which of nested DHCPv6 relays names the line, among those that carry an id."""
    mac: tuple[MacData, ...] = ()
    """Where the MAC is, best first."""
    remote_id: tuple[IdData, ...] = ()
    """Where the Remote-Id is."""
    circuit_id: tuple[IdData, ...] = ()
    """Where the Circuit-Id is."""
    port: tuple[PortData, ...] = ()
    """Where port and VLANs are, best first."""
    line_id: LineIdPolicy = LineIdPolicy.BOTH
    """Which ids name a line."""
    enterprise_number: PenPolicy = PenPolicy.AUTO
    """When the enterprise number is stripped."""
    write: tuple[WriteData, ...] = (
        WriteData(attribute="ADSL-Agent-Circuit-Id", template="{circuit_id}"),
        WriteData(attribute="ADSL-Agent-Remote-Id", template="{remote_id}"),
    )
    """Where AAA finds the line of a request that lacked it."""
    v4_always_has_id: bool = False
    """DHCPv4 always brings a line id, so an id-less request is worth a hold even without a family mark."""
    v4_matched_by_v6: bool = False
    """A request proved v4 may be matched by a v6 sighting."""
    radius_timeout: float = Field(default=5.0, gt=0)
    """Seconds after which the BNG sends again."""
    serialises_stacks: bool = False
    """It parks the DISCOVER while the SOLICIT waits for AAA: nothing is held then."""
    first_host_only: bool = False
    """It sends one Access-Request for all stacks of a session."""
    cost_table: Literal["sros-classic", "sros-r12-shared", "sros-pd-managed-route", "session"] = "sros-classic"
    """How hosts add up to host resources."""


class ProfileFault(Exception):  # what is wrong in a profile; becomes a config fault
    """`key` is the path inside the profile."""

    def __init__(self, key: str, got: str, expected: str) -> None:
        super().__init__(f"{key}: got {got}; expected {expected}")
        self.key = key
        self.got = got
        self.expected = expected


def packaged() -> dict[str, ProfileData]:
    """The profiles in the package, by name. A broken file there is a bug of ours and raises."""
    return dict(_read())


@cache
def _read() -> dict[str, ProfileData]:
    found = {}
    folder = resources.files("bngcorr.profiles").joinpath("data")
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            data = ProfileData.model_validate(yaml.safe_load(entry.read_text("utf-8")))
            found[data.name] = data
    return found


def overridden(known: Mapping[str, ProfileData], name: str, changes: Mapping[str, Any]) -> ProfileData:
    """A profile of the operator's: what `changes` says, the rest from the profile it `extends` (default: itself).

    Lists under a key ending in "+" go in front of the base's, so that they are asked first. Raises ProfileFault.
    """
    base_name = changes.get("extends", name)
    base = known.get(base_name) if isinstance(base_name, str) else None
    if base is None:
        raise ProfileFault("extends", repr(base_name), f"one of {', '.join(map(str, known))}")
    merged = base.model_dump(mode="json")
    for key, value in changes.items():
        if key == "extends":
            continue
        if not isinstance(key, str):
            raise ProfileFault(str(key), "an unknown key", f"one of {', '.join(ProfileData.model_fields)}")
        if key.endswith("+"):
            field = key[:-1]
            if not isinstance(merged.get(field), list) or not isinstance(value, list):
                raise ProfileFault(key, type(value).__name__, "a list, in front of a list of the base profile")
            merged[field] = [*value, *merged[field]]
        else:
            merged[key] = value
    merged["name"] = name
    try:
        return ProfileData.model_validate(merged)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise ProfileFault(path, repr(first["input"])[:80], first["msg"]) from None


def _key(dictionary: Dictionary, name: str, where: str) -> int:
    try:
        return dictionary.key(name)
    except KeyError:
        raise ProfileFault(where, repr(name), "an attribute that dictionaries/ define") from None


def compile_signal(row: SignalData, dictionary: Dictionary, where: str) -> Signal:
    """One signal. Raises ProfileFault for an unknown attribute or value, or a bad pattern."""
    key = _key(dictionary, row.attribute, f"{where}.attribute")
    try:
        values = frozenset(dictionary.value(row.attribute, value) for value in row.values)
    except KeyError as error:
        raise ProfileFault(f"{where}.values", ", ".join(row.values), str(error.args[0])) from None
    try:
        pattern = re.compile(row.matches.encode()) if row.matches is not None else None
    except re.error as error:
        raise ProfileFault(f"{where}.matches", repr(row.matches), f"a regular expression; {error}") from None
    return Signal(
        key=key,
        prefix=row.prefix.encode(),
        values=values,
        pattern=pattern,
        evidence=Evidence(Trigger(row.family), row.strength, f"{row.attribute}: {row.reason}"),
    )


def compile_write(row: WriteData, dictionary: Dictionary, where: str) -> Write:
    """One place where AAA finds the line. Raises ProfileFault."""
    unknown = set(re.findall(r"\{([^{}]*)\}", row.template)) - TEMPLATE_FIELDS
    if unknown or re.sub(r"\{[^{}]*\}", "", row.template).strip("{}") != re.sub(r"\{[^{}]*\}", "", row.template):
        expected = f"fields in braces among {', '.join(sorted(TEMPLATE_FIELDS))}"
        raise ProfileFault(f"{where}.template", repr(row.template), expected)
    return Write(
        key=_key(dictionary, row.attribute, f"{where}.attribute"), template=row.template, always=row.when == "always"
    )


TEMPLATE_FIELDS = frozenset(
    ("remote_id", "circuit_id", "remote_id.hex", "circuit_id.hex", "mac", "port", "outer", "inner", "bng")
)


def compile_profile(data: ProfileData, dictionary: Dictionary) -> Profile:
    """Names to keys. Raises ProfileFault naming the key and the value that can't be."""

    def ids(rows: tuple[IdData, ...], where: str) -> tuple[IdCarrier, ...]:
        return tuple(
            IdCarrier(
                key=_key(dictionary, row.attribute, f"{where}[{index}].attribute"),
                prefix=row.prefix.encode(),
                encoding=row.encoding,
                pen=row.enterprise_number,
            )
            for index, row in enumerate(rows)
        )

    return Profile(
        name=data.name,
        signals=tuple(compile_signal(row, dictionary, f"signals[{index}]") for index, row in enumerate(data.signals)),
        raw=tuple(
            RawCarrier(
                key=_key(dictionary, row.attribute, f"raw_options[{index}].attribute"),
                form=row.form,
                evidence=Evidence(
                    row.form.family,
                    Strength.PROOF,
                    f"{row.attribute}: raw options of that protocol are in the request",
                ),
            )
            for index, row in enumerate(data.raw_options)
        ),
        relay=data.relay,
        macs=tuple(
            MacCarrier(
                key=_key(dictionary, row.attribute, f"mac[{index}].attribute"),
                prefix=row.prefix.encode(),
                source=row.source,
            )
            for index, row in enumerate(data.mac)
        ),
        remote_ids=ids(data.remote_id, "remote_id"),
        circuit_ids=ids(data.circuit_id, "circuit_id"),
        ports=tuple(
            PortCarrier(
                key=_key(dictionary, row.attribute, f"port[{index}].attribute"),
                prefix=row.prefix.encode(),
                grammar=row.grammar,
            )
            for index, row in enumerate(data.port)
        ),
        line_id=data.line_id,
        pen=data.enterprise_number,
        writes=tuple(compile_write(row, dictionary, f"write[{index}]") for index, row in enumerate(data.write)),
        v4_always_has_id=data.v4_always_has_id,
        v4_matched_by_v6=data.v4_matched_by_v6,
        radius_timeout_s=data.radius_timeout,
        serialises_stacks=data.serialises_stacks,
        first_host_only=data.first_host_only,
        cost_table=data.cost_table,
    )

"""The labelled packets of tests/vectors, assembled to octets.

A packet is `hex`, or a list of attributes in packet order. An attribute is ``Name=text`` or ``Name:=octets`` (notation:
octets.py); the name is the dictionary's, or ``26/vendor/type``, or a number. A list inside the list is one
Vendor-Specific attribute with several sub-attributes. What a packet does not expect is absent: null, or false.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from bngcorr.bng_profiles import compile_one
from bngcorr.config import Config, parse, profiles_of
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.remote_id import Numbers
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary

from .octets import octets

FOLDER: Final = Path(__file__).parents[1] / "vectors"
AUTHENTICATOR: Final = bytes(range(100, 116))
_KEYS: Final = frozenset(
    (
        "name", "source", "profile", "asked", "documented", "code", "hex", "attributes", "any_order", "settings",
        "enterprise_numbers", "trigger", "strength", "stripped", "enterprise_number", "remote_id", "circuit_id", "mac",
        "mac_source", "attachment", "altered", "contradictory",
    )
)  # fmt: skip

Attribute = str | list[str]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What identification has to make of a packet."""

    trigger: str
    strength: str | None
    stripped: bool
    enterprise_number: int | None
    remote_id: bytes | None
    circuit_id: bytes | None
    mac: str | None
    mac_source: str | None
    attachment: str | None
    contradictory: bool


@dataclass(frozen=True, kw_only=True)
class Vector:
    """One labelled packet."""

    name: str
    source: str
    profile: str
    asked: str  # the protocol that really asked: dhcpv4, dhcpv6, ppp; unknown: could be any
    documented: bool  # a documented case of DHCPv6: has to come out as the v4 side knows the line
    code: int
    whole: bytes | None
    attributes: tuple[Attribute, ...]
    any_order: bool  # the outcome is the same in every order of the attributes
    settings: dict[str, Any]  # of the BNG
    numbers: dict[str, Any]  # `enterprise_numbers` of the config
    expected: Expected
    altered: bool  # whether `full` changes attributes that are there already

    @property
    def octets(self) -> bytes:
        """The packet."""
        return self.whole if self.whole is not None else packet(self.code, [encoded(one) for one in self.attributes])


@cache
def dictionary() -> Dictionary:
    """The dictionaries of the source tree."""
    return Dictionary(resource("dictionaries") / "dictionary")


def packet(code: int, attributes: Sequence[bytes]) -> bytes:
    """Header and attributes (RFC 2865 §3)."""
    body = b"".join(attributes)
    return bytes((code, 7)) + (20 + len(body)).to_bytes(2, "big") + AUTHENTICATOR + body


def encoded(attribute: Attribute) -> bytes:
    """One attribute; a list is one Vendor-Specific attribute with several sub-attributes."""
    pairs = [_pair(text) for text in ([attribute] if isinstance(attribute, str) else attribute)]
    vendors = {vendor for vendor, _, _ in pairs}
    if len(vendors) != 1:
        raise ValueError(f"sub-attributes of several vendors: {attribute}")
    tlvs = b"".join(bytes((kind, len(value) + 2)) + value for _, kind, value in pairs)
    (vendor,) = vendors
    if vendor is None:
        return tlvs
    return bytes((26, len(tlvs) + 6)) + vendor.to_bytes(4, "big") + tlvs


def _pair(text: str) -> tuple[int | None, int, bytes]:
    name, _, written = text.partition("=")
    value = octets(written) if name.endswith(":") else written.encode()
    name = name.rstrip(":")
    if name.startswith("26/"):
        _, vendor, kind = name.split("/")
        return int(vendor), int(kind), value
    key = int(name) if name.isdecimal() else dictionary().key(name)
    return (key >> 8, key & 0xFF, value) if key > 255 else (None, key, value)


def _id(written: str | None) -> bytes | None:
    """An expected id: text, or octets behind ``:=``."""
    if written is None:
        return None
    return octets(written[2:]) if written.startswith(":=") else written.encode()


def _vector(row: dict[str, Any]) -> Vector:
    if unknown := set(row) - _KEYS:
        raise ValueError(f"{row['name']}: {', '.join(sorted(unknown))}")
    return Vector(
        name=row["name"],
        source=row["source"],
        profile=row["profile"],
        asked=row["asked"],
        documented=row.get("documented", False),
        code=row.get("code", 1),
        whole=bytes.fromhex(row["hex"]) if "hex" in row else None,
        attributes=tuple(row.get("attributes", ())),
        any_order=row.get("any_order", False),
        settings=row.get("settings", {}),
        numbers=row.get("enterprise_numbers", {}),
        expected=Expected(
            trigger=row["trigger"],
            strength=row.get("strength"),
            stripped=row.get("stripped", False),
            enterprise_number=row.get("enterprise_number"),
            remote_id=_id(row.get("remote_id")),
            circuit_id=_id(row.get("circuit_id")),
            mac=row.get("mac"),
            mac_source=row.get("mac_source"),
            attachment=row.get("attachment"),
            contradictory=row.get("contradictory", False),
        ),
        altered=row.get("altered", False),
    )


@cache
def vectors() -> tuple[Vector, ...]:
    """All labelled packets, files in the order of their names."""
    found: list[Vector] = []
    for path in sorted(FOLDER.glob("*.toml")):
        with path.open("rb") as file:
            found.extend(_vector(row) for row in tomllib.load(file)["packet"])
    return tuple(found)


def config(
    profile: str, settings: dict[str, Any], *, more_bngs: Sequence[dict[str, Any]] = (), **sections: object
) -> Config:
    """A configuration with one BNG of that profile and these settings, and with others if given."""
    server = {"address": "192.0.2.10:1812", "secret": "example"}
    bng = {"name": "bng1", "address": "192.0.2.1", "secret": "example", "profile": profile, **settings}
    return parse({"upstream": {"auth": server, "acct": server}, "bngs": [bng, *more_bngs], **sections})


def rules(vector: Vector) -> tuple[Profile, Numbers]:
    """The profile with the settings of the vector's BNG, and the numbers that may be stripped."""
    return _rules(vector.profile, json.dumps(vector.settings), json.dumps(vector.numbers))


@cache
def _rules(profile: str, settings: str, numbers: str) -> tuple[Profile, Numbers]:
    whole = config(profile, json.loads(settings), enterprise_numbers=json.loads(numbers))
    compiled = compile_one(profiles_of(whole), whole.bngs[0], dictionary())
    return compiled, Numbers(whole.enterprise_numbers.accept, whole.enterprise_numbers.ceiling)

"""A profile: which attributes of a BNG family mean what. Compiled: attributes are keys, patterns are compiled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bngcorr.model.memo import Memo
from bngcorr.model.vocabulary import LineIdPolicy, MacSource, PenPolicy, Strength, Trigger
from bngcorr.profiles.reading import Reading
from bngcorr.wire.radius import Layout

READINGS: Final = 1_024  # layouts of packets that a profile's reading is remembered of
ID_OCTETS: Final = 247  # the longest value of a vendor sub-attribute (RFC 2865 §5.26)


class Encoding(StrEnum):
    """How an id stands in an attribute."""

    OCTETS = "octets"  # as it is
    HEX = "hex"  # two hexadecimal digits an octet, as Cisco writes it into its AV pairs


class RawForm(StrEnum):
    """How DHCP material stands in an attribute."""

    OPTIONS4 = "options4"  # DHCPv4 options, code and length of one octet each
    OPTION82 = "option82"  # the inside of option 82 alone
    OPTIONS6 = "options6"  # DHCPv6 options, code and length of two octets each
    MESSAGE6 = "message6"  # a DHCPv6 message or its header

    @property
    def family(self) -> Trigger:
        """The family that such material proves."""
        return Trigger.DHCPV4 if self in (RawForm.OPTIONS4, RawForm.OPTION82) else Trigger.DHCPV6


class Relay(StrEnum):
    """Which of nested DHCPv6 relays names the line."""

    OUTERMOST = "outermost"
    INNERMOST = "innermost"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one signal says when it is there."""

    family: Trigger
    strength: Strength
    reason: str  # one sentence, the attribute's name in front
    text: str = field(init=False, repr=False, compare=False)  # all of it: "dhcpv6 proof: Alc-ToServer-Dhcp6-Options …"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.family} {self.strength}: {self.reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One attribute that says something about the trigger."""

    key: int  # attribute (wire.attributes key)
    prefix: bytes = b""  # the value starts so (AV pairs); what follows is looked at
    values: frozenset[int] = frozenset()  # 4-octet values that count; empty: any
    pattern: re.Pattern[bytes] | None = None  # found in the value; None: any
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class IdCarrier:
    """One attribute that may hold a Remote-Id or a Circuit-Id."""

    key: int
    prefix: bytes = b""
    encoding: Encoding = Encoding.OCTETS
    pen: PenPolicy | None = None  # None: the profile's


@dataclass(frozen=True, slots=True, kw_only=True)
class MacCarrier:
    """One attribute that may hold the MAC of the CPE."""

    key: int
    prefix: bytes = b""
    source: MacSource


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCarrier:
    """One attribute that holds DHCP material as it was on the wire; its presence proves the family."""

    key: int
    form: RawForm
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class PortCarrier:
    """One attribute that tells port and VLANs."""

    key: int
    prefix: bytes = b""
    grammar: str  # of proxy.port_id, or a NAS-Port bit layout that starts with "*"
    layout: bool = field(init=False, repr=False, compare=False)  # whether it is the latter

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", self.grammar.startswith("*"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One attribute in which AAA is to find the line."""

    key: int
    template: str  # "{remote_id}", "{circuit_id}", "{remote_id.hex}", "{mac}", …, text in between
    always: bool = False  # replace what is there; else only where the attribute is absent or empty
    own: bool = False  # also in requests that name their line themselves; else only where AAA could not see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An id of one family, beyond the enterprise number, in the words of the other."""

    remote: bool  # the Remote-Id; else the Circuit-Id
    family: Trigger  # only in requests of this trigger
    pattern: re.Pattern[bytes]  # matches the whole id
    template: bytes  # with \\1 or \\g<name>


def aliased(value: bytes, aliases: Sequence[Alias], family: Trigger, *, remote: bool) -> bytes:
    """An id of that family in the words of the other, by the first alias that fits; as it is if none does."""
    for alias in aliases:
        if alias.remote is remote and alias.family is family and (match := alias.pattern.fullmatch(value)):
            return match.expand(alias.template)[:ID_OCTETS] or value
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything the pure rules need to know about a BNG, its own settings included."""

    name: str
    signals: tuple[Signal, ...]
    raw: tuple[RawCarrier, ...]
    relay: Relay
    macs: tuple[MacCarrier, ...]  # first that parses wins
    remote_ids: tuple[IdCarrier, ...]
    circuit_ids: tuple[IdCarrier, ...]
    ports: tuple[PortCarrier, ...]  # first that parses wins
    line_id: LineIdPolicy
    pen: PenPolicy
    writes: tuple[Write, ...]
    aliases: tuple[Alias, ...] = ()
    keep_raw: int | None = None  # attribute that gets the Remote-Id as it came, if it was changed
    v4_always_has_id: bool  # an id-less request is then worth a hold even without a family mark
    v4_matched_by_v6: bool  # whether a request proved v4 may be matched by a v6 sighting
    radius_timeout_s: float  # of the BNG; a hold stays below a third of it
    serialises_stacks: bool  # it parks the DISCOVER behind the SOLICIT: holding that one would be a deadlock
    first_host_only: bool  # one Access-Request for all stacks of a session
    cost_table: str
    readings: Memo[Layout, Reading] = field(
        init=False, repr=False, compare=False, default_factory=lambda: Memo(READINGS)
    )

    def reading(self, layout: Layout) -> Reading:
        """Where it finds what it asks for in packets of that layout."""
        known = self.readings.get(layout)
        if known is None:
            known = Reading(self, layout)
            if layout.shared:
                self.readings.put(layout, known)
        return known

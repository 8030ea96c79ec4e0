"""The BNGs of the population, as their operators run them, and the places where lines are attached. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LINES_PER_VLAN: Final = 40  # behind one shared VLAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A kind of BNG as one operator runs it."""

    name: str
    profile: str
    share: float  # percent of lines
    boxes: int
    per_line: bool  # the VLAN pair is the line
    tells_port: bool = True
    one_request: bool = False  # the first trigger asks for all stacks (Nokia's IPoE session)
    raw: bool = False  # raw DHCP options are in the request: they prove the family
    signs: bool = True  # Access-Requests carry a Message-Authenticator
    early_session: bool = True  # Access-Requests carry the Acct-Session-Id
    claims_mac: bool = False  # the MAC of a v6 client comes from its DUID
    always_id: bool = False  # DHCPv4 always has a line id: a request without one may be held
    tells_interval: bool = True  # AAA tells it an Acct-Interim-Interval
    planned: bool = False  # the operator's line plan of it is imported, and kept up to date
    timeout_ms: int = 5_000  # until it asks again

    def holds(self, *, v6: bool) -> bool:
        """Whether a request without a line id may be held by the proxy: it is proved v6, or an id is to be expected."""
        return self.always_id or (self.raw and v6)


SITES: Final = (
    Site(
        name="sros-session", profile="nokia-sros", share=7, boxes=2, per_line=True, one_request=True, always_id=True
    ),
    Site(name="sros-host", profile="nokia-sros", share=20, boxes=4, per_line=True, always_id=True),
    Site(name="sros-shared", profile="nokia-sros", share=6, boxes=2, per_line=False, raw=True, always_id=True),
    Site(name="magc", profile="nokia-magc", share=10, boxes=2, per_line=True, raw=True, always_id=True),
    Site(
        name="juniper", profile="juniper-mx", share=13, boxes=2, per_line=True, raw=True, claims_mac=True,
        timeout_ms=3_000,
    ),
    Site(name="cisco", profile="cisco", share=8, boxes=1, per_line=True),
    Site(name="cisco-planned", profile="cisco", share=4, boxes=1, per_line=True, planned=True),
    Site(name="cisco-shared", profile="cisco", share=5, boxes=2, per_line=False),
    Site(name="huawei", profile="huawei-ne", share=12, boxes=2, per_line=True, raw=True, signs=False),
    Site(
        name="ericsson", profile="ericsson-se", share=6, boxes=2, per_line=True, raw=True, early_session=False,
        tells_interval=False,
    ),
    Site(name="generic-shared", profile="generic", share=5, boxes=2, per_line=False, early_session=False),
    Site(name="generic-bare", profile="generic", share=4, boxes=2, per_line=False, tells_port=False),
)  # fmt: skip
"""Shares add up to 100, those with shared VLANs to 20."""


@dataclass(frozen=True, slots=True)
class Place:
    """A port of a box and its VLANs."""

    port: int  # 1 …
    outer: int  # 1 … 4094
    inner: int | None  # None: many lines behind one VLAN


def place_at(site: Site, at: int) -> Place | None:
    """The `at`-th place of a box: 400 VLAN pairs a port, or one VLAN for `LINES_PER_VLAN` lines."""
    if not site.tells_port:
        return None
    if site.per_line:
        return Place(1 + at // 400, 100 + at // 40 % 10, 1 + at % 40)
    return Place(1 + at // 400, 100 + at // LINES_PER_VLAN % 10, None)


def collide(site: Site, one: Place | None, other: Place | None) -> bool:
    """Whether two lines with one MAC can't be told apart by what the box reports."""
    return not site.tells_port or (not site.per_line and one == other)

"""Who lives behind the BNGs: lines, CPEs and boxes, mixed by a table and drawn by a seed. Pure.

The mix is by count, not by chance: of 10,000 lines 1,500 send the SOLICIT first, whatever the seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How the stacks of a line come up."""

    V6_FIRST = "v6_first"  # the SOLICIT is some 30 ms ahead of the DISCOVER
    V6_SOON = "v6_soon"  # the SOLICIT follows within 3 s
    V6_LATE = "v6_late"  # v6 is switched on minutes to days later
    LDRA = "ldra"  # the access node puts the line into v6 too: Option 37, with its enterprise number
    V4_ONLY = "v4_only"
    V6_ONLY = "v6_only"  # every other one behind an LDRA, else nobody ever says which line it is
    ONE_REQUEST = "one_request"  # the BNG asks once for both stacks; v6 is first on every other line


KINDS: Final[dict[Kind, float]] = {
    Kind.V6_FIRST: 15.0,
    Kind.V6_SOON: 35.0,
    Kind.V6_LATE: 15.0,
    Kind.LDRA: 15.0,
    Kind.V4_ONLY: 10.0,
    Kind.V6_ONLY: 3.0,
    Kind.ONE_REQUEST: 7.0,
}
"""Percent of all lines; together 100."""

CLONED: Final = 0.5  # percent of lines whose MAC another line of the same box has too
CROSSED: Final = 0.2  # percent of lines that share what should be their own VLAN pair
RANDOM_V6_MAC: Final = 2.0  # percent of dual-stack lines whose CPE makes up another MAC for v6
BINARY_IDS: Final = 1.0  # percent of lines with a binary Remote-Id that begins as an enterprise number does
CLOSELY_WATCHED: Final = 1.0  # percent of lines all of whose Interims are sent (see `timeline`)
LINES_PER_VLAN: Final = 40  # behind one shared VLAN

ENTERPRISES: Final = (2011, 637, 3902, 6527, 1916, 32473)  # of access nodes' makers (IANA)
_OUIS: Final = ("001a2b", "3c7a8a", "a0b1c2", "e4f0de", "00000c")


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
    Site(name="cisco", profile="cisco", share=12, boxes=2, per_line=True),
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


@dataclass(frozen=True, slots=True)
class Cpe:
    """A home router."""

    mac: bytes  # what its DHCPv4 packets come from
    mac6: bytes  # and those of DHCPv6


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An access line as it is provisioned."""

    number: int  # position in `Population.lines`
    box: int  # position in `Population.boxes`
    kind: Kind
    remote_id: bytes
    circuit_id: bytes
    enterprise: int  # of its access node
    place: Place | None  # None: its box tells no port
    cpe: Cpe
    ldra: bool  # v6 packets carry Option 37
    careful: bool  # v6 waits until v4 is up: another line has the same MAC on the same keys, or the same VLAN pair
    twin: int | None = None  # line with the same MAC
    mate: int | None = None  # line with the same VLAN pair that should be one line's
    closely: bool = False  # every Interim is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One BNG."""

    number: int
    name: str
    site: Site
    host: str  # source address
    lines: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Population:
    """Everybody. `lines` grows while the timeline is drawn: new customers come."""

    seed: int
    boxes: tuple[Box, ...]
    lines: list[Line] = field(default_factory=list)


def populate(*, lines: int, seed: int) -> Population:
    """Draw a population of so many lines; at least one a box."""
    rng = random.Random(f"population {seed}")
    kinds = [kind for kind, count in zip(KINDS, _parts(lines, list(KINDS.values())), strict=True) for _ in range(count)]
    rng.shuffle(kinds)
    alone = [kind for kind in kinds if kind is Kind.ONE_REQUEST]
    others = [kind for kind in kinds if kind is not Kind.ONE_REQUEST]
    boxes: list[Box] = []
    drawn: list[Line] = []
    for site, count in zip(SITES, _parts(lines, [site.share for site in SITES]), strict=True):
        for index, size in enumerate(_parts(count, [1.0] * site.boxes)):
            number, first = len(boxes), len(drawn)
            for at in range(size):
                pool = alone if site.one_request and alone else others
                kind = pool.pop() if pool else Kind.V6_SOON
                drawn.append(draw_line(rng, first + at, number, site, kind, place_at(site, at)))
            boxes.append(
                Box(
                    number=number,
                    name=f"{site.name}-{index + 1}",
                    site=site,
                    host=f"198.51.100.{number + 1}",
                    lines=tuple(range(first, first + size)),
                )
            )
    population = Population(seed=seed, boxes=tuple(boxes), lines=drawn)
    _clone(population, rng)
    _cross(population, rng)
    return population


def _parts(total: int, shares: Sequence[float]) -> list[int]:
    """Split by shares, largest remainders first, so that the parts add up."""
    whole = sum(shares)
    exact = [total * share / whole for share in shares]
    parts = [int(part) for part in exact]
    by_rest = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_rest[: total - sum(parts)]:
        parts[at] += 1
    return parts


def draw_line(rng: random.Random, number: int, box: int, site: Site, kind: Kind, place: Place | None) -> Line:
    """A line with a CPE of its own."""
    if kind is Kind.ONE_REQUEST and not site.one_request:
        kind = Kind.V6_SOON
    dual = kind not in (Kind.V4_ONLY, Kind.V6_ONLY)
    binary = rng.random() * 100 < BINARY_IDS
    return Line(
        number=number,
        box=box,
        kind=kind,
        remote_id=_binary_id(rng, number) if binary else f"SUB{number:07d}".encode(),
        circuit_id=f"an{number // 256:04d} eth 0/{number % 16}/{number // 16 % 16}:{number % 4000}".encode(),
        enterprise=rng.choice(ENTERPRISES),
        place=place,
        cpe=draw_cpe(rng, random_v6=dual and rng.random() * 100 < RANDOM_V6_MAC),
        ldra=kind is Kind.LDRA or (kind is Kind.V6_ONLY and rng.random() < 0.5),
        careful=False,
        closely=rng.random() * 100 < CLOSELY_WATCHED,
    )


def place_at(site: Site, at: int) -> Place | None:
    """The `at`-th place of a box: 400 VLAN pairs a port, or one VLAN for `LINES_PER_VLAN` lines."""
    if not site.tells_port:
        return None
    if site.per_line:
        return Place(1 + at // 400, 100 + at // 40 % 10, 1 + at % 40)
    return Place(1 + at // 400, 100 + at // LINES_PER_VLAN % 10, None)


def draw_cpe(rng: random.Random, *, random_v6: bool) -> Cpe:
    """A router; `random_v6`: it makes up a locally administered MAC for its v6 packets."""
    mac = bytes.fromhex(rng.choice(_OUIS)) + rng.randbytes(3)
    return Cpe(mac, bytes((rng.randrange(256) & 0xFC | 0x02,)) + rng.randbytes(5) if random_v6 else mac)


def _binary_id(rng: random.Random, number: int) -> bytes:
    """What looks prefixed but is not: Cisco's ``00 06`` + MAC, or a MAC with a low OUI (domain: look-alikes)."""
    tail = number.to_bytes(3, "big")
    return rng.choice((b"\x00\x06\x00\x1b\x54" + tail, b"\x00\x00\x0c" + tail))


def collide(site: Site, one: Place | None, other: Place | None) -> bool:
    """Whether two lines with one MAC can't be told apart by what the box reports."""
    return not site.tells_port or (not site.per_line and one == other)


def _clone(population: Population, rng: random.Random) -> None:
    """Pairs of lines get one MAC. Where nothing else tells them apart, v6 comes after v4 on both."""
    lines = population.lines
    for box in population.boxes:
        free = _unmarked(population, box, rng)
        for _ in range(some(rng, len(box.lines) * CLONED / 200)):
            if len(free) < 2:
                break
            one = lines[free.pop()]
            # behind shared VLANs every other clone is a neighbour
            near = [number for number in free if lines[number].place == one.place]
            number = near[0] if near and rng.random() < 0.5 else free[-1]
            free.remove(number)
            careful = collide(box.site, one.place, lines[number].place)
            cpe = Cpe(one.cpe.mac, one.cpe.mac)
            lines[one.number] = replace(one, cpe=cpe, careful=careful, twin=number)
            lines[number] = replace(lines[number], cpe=cpe, careful=careful, twin=one.number)


def _cross(population: Population, rng: random.Random) -> None:
    """Pairs of lines get one VLAN pair, on boxes where a pair should be one line's."""
    lines = population.lines
    for box in population.boxes:
        if not box.site.per_line or box.site.one_request:
            continue
        free = [n for n in _unmarked(population, box, rng) if lines[n].cpe.mac == lines[n].cpe.mac6]
        for _ in range(some(rng, len(box.lines) * CROSSED / 200)):
            if len(free) < 2:
                break
            one, other = lines[free.pop()], lines[free.pop()]
            lines[one.number] = replace(one, careful=True, mate=other.number)
            lines[other.number] = replace(other, place=one.place, careful=True, mate=one.number)


def _unmarked(population: Population, box: Box, rng: random.Random) -> list[int]:
    """Lines of a box that have v4 and nothing particular, in random order."""
    plain = [population.lines[number] for number in box.lines]
    free = [
        line.number
        for line in plain
        if line.twin is None and line.mate is None and line.kind not in (Kind.ONE_REQUEST, Kind.V6_ONLY)
    ]
    rng.shuffle(free)
    return free


def some(rng: random.Random, expected: float) -> int:
    """A whole number around `expected`, right on average."""
    return int(expected) + (rng.random() < expected % 1)

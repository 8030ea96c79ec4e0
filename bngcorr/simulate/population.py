"""Who lives behind the BNGs: lines, CPEs and boxes, mixed by a table and drawn by a seed. Pure.

The mix is by count, not by chance: of 10,000 lines 1,500 send the SOLICIT first, whatever the seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from bngcorr.simulate.sites import SITES, Place, Site, collide, place_at


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

ENTERPRISES: Final = (2011, 637, 3902, 6527, 1916, 32473)  # of access nodes' makers (IANA)
_OUIS: Final = ("001a2b", "3c7a8a", "a0b1c2", "e4f0de", "00000c")


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


def draw_cpe(rng: random.Random, *, random_v6: bool) -> Cpe:
    """A router; `random_v6`: it makes up a locally administered MAC for its v6 packets."""
    mac = bytes.fromhex(rng.choice(_OUIS)) + rng.randbytes(3)
    return Cpe(mac, bytes((rng.randrange(256) & 0xFC | 0x02,)) + rng.randbytes(5) if random_v6 else mac)


def _binary_id(rng: random.Random, number: int) -> bytes:
    """What looks prefixed but is not: Cisco's ``00 06`` + MAC, or a MAC with a low OUI (domain: look-alikes)."""
    tail = number.to_bytes(3, "big")
    return rng.choice((b"\x00\x06\x00\x1b\x54" + tail, b"\x00\x00\x0c" + tail))


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
        if not box.site.per_line or box.site.one_request or box.site.planned:
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

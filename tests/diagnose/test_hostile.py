"""Octets from anywhere through every detector: nothing is raised, nothing grows without bound."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.capture.diagnose.line import line, protocol_of
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.record import Record
from tests.diagnose.stage import REAL, SECOND, START_NS, ethernet, ip4, ip6, records_of, udp

HOSTILE = Path(__file__).parents[1] / "wire" / "hostile.tsv"
PORTS = {"RADIUS": (1812, 1813), "DHCPv4": (68, 67), "DHCPv6": (546, 547)}
A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
LINKS = (0, 1, 12, 101, 108, 113, 228, 229, 276, 9999)


def see(diagnosis: Diagnosis, octets: bytes, number: int = 1, at_ns: int | None = START_NS, link: int = 1) -> None:
    """A frame through all detectors, and into words."""
    seen = diagnosis.see(Record(number, at_ns, octets, len(octets), link, 0))
    if seen is not None:
        assert protocol_of(seen)
        assert line(seen).isprintable() or not line(seen)


def hostile() -> list[tuple[str, str, bytes]]:
    """Name, protocol, octets."""
    with HOSTILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [(row["name"], row["protocol"], bytes.fromhex(row["hex"])) for row in rows]


def test_every_hostile_packet_is_looked_at() -> None:
    """As the payload it is meant to be, as a bare frame of every link, and again with its end cut off."""
    diagnosis = Diagnosis(strict=True)
    number = 0
    for _, protocol, octets in hostile():
        ports = PORTS.get(protocol, (53, 53))
        for payload in (octets, octets[: len(octets) // 2]):
            datagram = udp(*ports, payload[:65_000])
            frames = [
                (ethernet(A, B, 0x0800, ip4("192.0.2.1", "192.0.2.2", 17, datagram)), 1),
                (ethernet(A, B, 0x86DD, ip6("fe80::1", "fe80::2", 17, datagram)), 1),
                (ethernet(A, B, 0x86DD, ip6("fe80::1", "ff02::1", 58, payload)), 1),
                (ethernet(A, B, 0x0806, payload), 1),
                *((payload, link) for link in LINKS),
            ]
            for frame, link in frames:
                number += 1
                see(diagnosis, frame, number, START_NS + number * SECOND // 10, link)
    diagnosis.elapsed(START_NS + 10**12)
    diagnosis.end()

    assert number > 1_000
    assert {} == diagnosis.broken


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.binary(max_size=120), st.sampled_from(LINKS), st.one_of(st.none(), st.integers(-(2**40), 2**62))
        ),
        max_size=12,
    )
)  # fmt: skip
def test_any_octets_at_any_instant(frames: list[tuple[bytes, int, int | None]]) -> None:
    """Of any link, at instants that run forwards, backwards, or are not there."""
    diagnosis = Diagnosis(strict=True)
    for number, (octets, link, at_ns) in enumerate(frames, start=1):
        see(diagnosis, octets, number, at_ns, link)
    diagnosis.end()


@pytest.mark.parametrize("seed", range(3))
def test_damaged_captures(seed: int) -> None:
    """Every real capture with octets overwritten, frames cut, repeated and left out."""
    chance = random.Random(seed)
    for path in sorted(REAL.glob("*.pcap*")):
        diagnosis = Diagnosis(strict=True)
        for record in list(records_of(path))[:250]:
            octets = bytearray(record.octets)
            for _ in range(chance.choice((0, 0, 1, 3))):
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            if chance.random() < 0.1:
                del octets[chance.randrange(len(octets)) :]
            for _ in range(chance.choice((0, 1, 1, 1, 2))):
                diagnosis.see(
                    Record(record.number, record.at_ns, bytes(octets), record.length, record.link, record.interface)
                )
        diagnosis.end()
        assert {} == diagnosis.broken

"""Write a mixed capture: DHCP and RADIUS of lines that come and go, Neighbor Discovery, ARP, and traffic of customers.

    python -m benchmarks.capture.generate --size 1G /var/tmp/mixed.pcap

Waves of 100 lines boot within 10 s, half a day apart, so that what is known of them runs out; most of their sessions
end after half an hour, and no line comes back.
60 % of the packets are DHCP or RADIUS. What lines do, and what is to be found out of it, stands in
`benchmarks/capture/line.py`. The same seed gives the same file, and a smaller file is the beginning of a larger one.

Beside the file: FILE.truth.json with counts, and FILE.truth, 8 octets for each Access-Request that names no line: its
packet's number (4), its line's number (4), 0xFFFFFFFF for one that no line can be found for. Exit code 0.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import IO, Final

from benchmarks.capture import octets as o
from benchmarks.capture.line import MOST_LINES, SECOND, Line, Packet, Story, Way, What

WAVE: Final = 100  # lines
SPREAD_US: Final = 10 * SECOND
APART_US: Final = 43_200 * SECOND
LATER_US: Final = 1800 * SECOND
BEGIN_US: Final = 1_790_000_000 * SECOND
TRAFFIC: Final = 7  # frames of customers, a line
_SHAPES: Final = 512
_SIZES: Final = (
    40,
    40,
    52,
    52,
    200,
    576,
    1200,
    1400,
    1452,
    1452,
    1452,
    1452,
)  # octets of payload, as often as they stand
_QUERY: Final = b"\1\0\0\1\0\0\0\0\0\0\3www\7example\3net\0\0\x1c\0\1"  # AAAA, behind the identifier
NOBODY: Final = 0xFFFFFFFF
_RECORD: Final = struct.Struct("<IIII").pack
_ROW: Final = struct.Struct(">II").pack


@dataclass(slots=True)
class Truth:
    """What the file holds."""

    seed: int
    octets: int = 24
    packets: int = 0
    lines: int = 0
    waves: int = 0
    seconds: int = 0  # of its own time
    dhcpv4: int = 0
    dhcpv6: int = 0
    radius: int = 0
    nd: int = 0
    arp: int = 0
    other: int = 0
    again: int = 0  # retransmissions of Access-Requests
    idless: dict[str, int] = field(default_factory=lambda: {way.name.lower(): 0 for way in Way if way is not Way.NAMED})
    near: int = 0  # Access-Requests without line id that come within 5 s of the DISCOVER, before or after

    @property
    def wanted(self) -> int:
        """Packets of DHCP and RADIUS."""
        return self.dhcpv4 + self.dhcpv6 + self.radius


def traffic(random: Random) -> list[tuple[bytes, bytes]]:
    """Frames of customers: TCP and UDP in IPv4 and IPv6, some of it in 6in4, on some VLANs.

    Those of TCP are in two parts: the four octets of the sequence number belong in between, so that it is no
    retransmission when a frame is shown again.
    """
    made = []
    for shape in range(_SHAPES):
        tags = o.tags(100 + random.randrange(3900), 100 + random.randrange(3900))
        port = random.choice((443, 443, 443, 8443, 53))
        load = random.randbytes(random.choice(_SIZES))
        if shape % 2 and port == 53:
            load = load[:2] + _QUERY
        own, sequence = random.randrange(1024, 65_536), random.randbytes(8)
        macs = b"\x00\x00\x5e\x00\x01" + random.randbytes(1) + b"\x3c\xa6\x2f" + random.randbytes(3)
        v4 = bytes((100, 64)) + random.randbytes(2), bytes((198, 51, 100)) + random.randbytes(1)
        v6 = b"\x3f\xff" + random.randbytes(14), b"\x20\x01\x0d\xb8" + random.randbytes(12)
        if shape % 2:  # QUIC and DNS
            packet = o.udp6(v6[0], own, v6[1], port, load) if shape % 4 == 1 else o.udp4(v4[0], own, v4[1], port, load)
        else:
            segment = b"".join(
                (own.to_bytes(2, "big"), port.to_bytes(2, "big"), sequence, b"\x50\x10\x20\0\0\0\0\0", load)
            )
            packet = o.ip6(6, *v6, segment) if shape % 4 else o.ip4(6, *v4, segment)
        if shape % 64 == 1:
            packet = o.ip4(41, *v4, packet)
        kind = o.IPV4 if packet[0] >> 4 == 4 else o.IPV6
        frame = b"".join((macs, tags, kind, packet))
        at = len(frame) if shape % 2 else frame.index(sequence)
        made.append((frame[:at], frame[at + 4 :]))
    return made


def waves(seed: int) -> Iterator[tuple[list[Packet], int, int]]:
    """Packets of each wave in the order of their time, lines that boot in it, seconds since the first."""
    shapes = traffic(Random(f"{seed} traffic"))
    for wave in range(MOST_LINES // WAVE):
        random = Random(f"{seed} {wave}")
        at = BEGIN_US + wave * APART_US
        packets: list[Packet] = []
        for number in range(WAVE):
            story = Story(Line(wave * WAVE + number), random)
            story.boot(at + number * SPREAD_US // WAVE)
            story.later(at + LATER_US + number * SPREAD_US // WAVE)
            packets += story.packets
        for _ in range(WAVE * TRAFFIC):
            begin, end = random.choice(shapes)
            frame = b"".join((begin, random.randbytes(4), end)) if end else begin
            packets.append(Packet(at + random.randrange(SPREAD_US), frame, What.OTHER, 0))
        packets.sort()
        yield packets, WAVE, wave * APART_US // SECOND


def write(file: IO[bytes], rows: IO[bytes], size: int, seed: int) -> Truth:
    """A pcap of at least `size` octets, up to a wave more; a wave in memory at any time."""
    truth = Truth(seed)
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
    counts = [0] * len(What)
    for packets, lines, seconds in waves(seed):
        pieces: list[bytes] = []
        number = truth.packets
        for at_us, octets, what, line, asks, again in packets:
            length = len(octets)
            pieces += (_RECORD(at_us // SECOND, at_us % SECOND, length, length), octets)
            counts[what] += 1
            number += 1
            if asks:
                way = Line(line).way
                truth.idless[way.name.lower()] += 1
                truth.near += way in (Way.SOON, Way.FIRST, Way.CLONED)
                rows.write(_ROW(number, NOBODY if way is Way.ALONE else line))
            elif again:
                truth.again += 1
        truth.octets += file.write(b"".join(pieces))
        truth.packets = number
        truth.waves += 1
        truth.lines += lines
        truth.seconds = seconds
        if truth.octets >= size:
            break
    for what, count in zip(What, counts, strict=True):
        setattr(truth, what.name.lower(), count)
    return truth


def generate(path: Path, size: int, seed: int = 1) -> Truth:
    """The capture and what is beside it. Raises OSError."""
    with path.open("wb") as file, beside(path, ".truth").open("wb") as rows:
        truth = write(file, rows, size, seed)
    told = json.dumps({**asdict(truth), "wanted": truth.wanted}, indent=1)
    beside(path, ".truth.json").write_text(told + "\n", encoding="utf-8")
    return truth


def beside(path: Path, ending: str) -> Path:
    """A file beside a capture."""
    return path.with_name(path.name + ending)


def lines_of(path: Path) -> dict[int, int]:
    """Line number by packet number, of the Access-Requests in that capture that name none. Raises OSError."""
    return dict(struct.iter_unpack(">II", beside(path, ".truth").read_bytes()))


def octets(text: str) -> int:
    """A size as it is written on a command line. Raises ValueError."""
    found = re.fullmatch(r"(\d+)([kMG]?)", text)
    if not found:
        raise ValueError(f"{text!r}: expected a number of octets, behind it k, M or G if you like")
    return int(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}[found[2]]


def main(arguments: Sequence[str]) -> int:
    """Write it; the exit code."""
    parser = argparse.ArgumentParser(
        prog="generate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--size", type=octets, default=octets("1G"), help="octets, at least (1G); 20M, 500k")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    truth = generate(asked.file, asked.size, asked.seed)
    print(json.dumps({**asdict(truth), "wanted": truth.wanted}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Captures written by hand, and what a replay makes of them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bngcorr.model.vocabulary import MacSource, Outcome, Trigger, VlanModel
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.remote_id import Numbers
from bngcorr.replay.bngs import Bngs
from bngcorr.replay.row import Row
from bngcorr.replay.run import DhcpIs, Options, Replay
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary

CAPTURES = Path(__file__).parents[1] / "captures"
BNG, OTHER_BNG, PROXY, AAA = "192.0.2.1", "192.0.2.2", "192.0.2.9", "192.0.2.53"
CPE, OTHER_CPE = "3c:a6:2f:00:00:17", "3c:a6:2f:00:00:18"
BEGIN_S = 1_790_000_000


@cache
def profile(name: str = "generic") -> Profile:
    """A packaged profile."""
    return compile_profile(packaged()[name], Dictionary(resource("dictionaries") / "dictionary"))


def bngs(
    name: str = "generic",
    *,
    secret: bytes | None = None,
    vlan_model: VlanModel = VlanModel.SHARED,
    untrusted: Iterable[Trigger] = (),
    relayed_mac: MacSource = MacSource.CLAIMED,
) -> Bngs:
    """Each source a BNG of its own."""
    return Bngs(
        profile=profile(name), numbers=Numbers(), secret=secret, vlan_model=vlan_model,
        untrusted=frozenset(untrusted), relayed_mac=relayed_mac,
    )  # fmt: skip


@dataclass(slots=True)
class Result:
    """A replay that is over, and its rows."""

    replay: Replay
    rows: list[Row]

    @property
    def outcomes(self) -> list[Outcome]:
        """Of each request, in the order of the capture."""
        return [row.outcome for row in self.rows]

    @property
    def matched(self) -> int:
        """How many requests were matched."""
        return self.outcomes.count(Outcome.MATCHED)


def play(
    *captures: Path,
    of: Bngs | None = None,
    windows_s: Sequence[float] = (),
    dhcp: DhcpIs | None = None,
    port: str | None = None,
    most_lines: int = 100_000,
) -> Result:
    """Replay captures."""
    rows: list[Row] = []
    replay = Replay(
        Options(
            captures=captures, bngs=of if of is not None else bngs(), windows_ms=[round(s * 1000) for s in windows_s],
            dhcp=dhcp, port=port, most_lines=most_lines, rows=rows.append,
        )
    )  # fmt: skip
    replay.play()
    return Result(replay, rows)


# ---- frames, by the RFCs


def mac(text: str) -> bytes:
    """Six octets."""
    return bytes.fromhex(text.replace(":", ""))


def ip4(text: str) -> bytes:
    """Four octets."""
    return bytes(map(int, text.split(".")))


def frame4(
    payload: bytes,
    *,
    source: str,
    destination: str,
    ports: tuple[int, int],
    link: tuple[str, str] = ("02:00:00:00:00:01", "02:00:00:00:00:02"),
    vlans: Sequence[int] = (),
) -> bytes:
    """UDP over IPv4 over Ethernet, with 802.1Q tags."""
    udp = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + ip4(source) + ip4(destination) + udp
    return _ethernet(0x0800, packet, link, vlans)


def frame6(
    payload: bytes,
    *,
    source: bytes,
    destination: bytes,
    ports: tuple[int, int],
    link: tuple[str, str],
    vlans: Sequence[int] = (),
) -> bytes:
    """UDP over IPv6 over Ethernet."""
    udp = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    packet = struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + source + destination + udp
    return _ethernet(0x86DD, packet, link, vlans)


def _ethernet(kind: int, packet: bytes, link: tuple[str, str], vlans: Sequence[int]) -> bytes:
    tags = b"".join(struct.pack("!HH", 0x8100, vlan) for vlan in vlans)
    return mac(link[1]) + mac(link[0]) + tags + struct.pack("!H", kind) + packet


def to_aaa(packet: bytes, *, bng: str = BNG, aaa: str = AAA, port: int = 40000) -> bytes:
    """A request of a BNG."""
    return frame4(packet, source=bng, destination=aaa, ports=(port, 1812))


def from_aaa(packet: bytes, *, bng: str = BNG, aaa: str = AAA, port: int = 40000) -> bytes:
    """An answer to it."""
    return frame4(packet, source=aaa, destination=bng, ports=(1812, port))


def discover(
    cpe: str = CPE,
    *,
    xid: int = 1,
    kind: int = 1,
    circuit: bytes | None = None,
    remote: bytes | None = None,
    vlans: Sequence[int] = (),
    relayed: bool = False,
) -> bytes:
    """A DISCOVER, or another message of a client; `relayed`: as a router passes it on."""
    giaddr = ip4("10.0.0.1") if relayed else bytes(4)
    message = struct.pack("!BBBBIHH", 1, 1, 6, int(relayed), xid, 0, 0x8000) + bytes(12) + giaddr
    message += mac(cpe).ljust(16, b"\0") + bytes(192) + b"\x63\x82\x53\x63" + bytes((53, 1, kind))
    inside = b"".join(bytes((code, len(value))) + value for code, value in ((1, circuit), (2, remote)) if value)
    if inside:
        message += bytes((82, len(inside))) + inside
    if relayed:
        return frame4(message + b"\xff", source="10.0.0.1", destination="10.9.9.9", ports=(67, 67))
    return frame4(
        message + b"\xff", source="0.0.0.0", destination="255.255.255.255", ports=(68, 67),
        link=(cpe, "ff:ff:ff:ff:ff:ff"), vlans=vlans,
    )  # fmt: skip


def solicit(
    cpe: str = CPE, *, xid: int = 1, kind: int = 1, duid: bytes | None = None, vlans: Sequence[int] = ()
) -> bytes:
    """A SOLICIT that names no line."""
    client = b"\0\3\0\1" + mac(cpe) if duid is None else duid
    message = bytes((kind,)) + xid.to_bytes(3, "big") + struct.pack("!HH", 1, len(client)) + client
    low = bytes.fromhex("fe80000000000000") + bytes((0, 0, 0, 0, 0, 0, 0, 9))
    group = bytes.fromhex("ff020000000000000000000000010002")
    return frame6(
        message, source=low, destination=group, ports=(546, 547), link=(cpe, "33:33:00:01:00:02"), vlans=vlans
    )


def pcap(path: Path, *frames: tuple[float, bytes]) -> Path:
    """A capture of frames, each with its second."""
    records = b"".join(
        struct.pack("<IIII", BEGIN_S + int(at), round(at % 1 * 1e6), len(octets), len(octets)) + octets
        for at, octets in frames
    )
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + records)
    return path


def pcapng(path: Path, *frames: tuple[int, float, bytes]) -> Path:
    """One of several interfaces: each frame with its interface and second, in the order given."""
    blocks = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for _ in range(1 + max(interface for interface, _, _ in frames)):
        blocks += _block(1, struct.pack("<HHI", 1, 0, 65535))
    for interface, at, octets in frames:
        stamp = BEGIN_S * 1_000_000 + round(at * 1e6)
        head = struct.pack("<IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), len(octets))
        blocks += _block(6, head + octets + bytes(-len(octets) % 4))
    path.write_bytes(blocks)
    return path


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

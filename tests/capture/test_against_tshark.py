"""Frames and packets of real captures are read as tshark reads them, field by field."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from bngcorr.capture.reader import records
from bngcorr.capture.record import CutCapture, Record, UnreadableCapture
from bngcorr.wire import frames, neighbours
from bngcorr.wire.frame import ARP, ICMP, ICMPV6, UDP, Frame

from .oracle import ARP_FIELDS, DHCP4, DHCP6, FIELDS, FRAME, LINK, ND, PPPOE, RADIUS, Row, tshark
from .readings import ours

ROOT = Path(__file__).parents[2]
OURS = sorted(path for path in (ROOT / "tests" / "captures").rglob("*.pcap*"))
SHARED = Path(os.environ.get("BNGCORR_SHARED", ROOT.parent / "shared")) / "captures" / "public"
PUBLIC = sorted(path for path in SHARED.rglob("*.pcap*") if path.is_file())
TUNNELS = frozenset((2152, 3544, 4789, 4790, 6081))  # over UDP, which tshark looks into: GTP, Teredo, VXLAN, GENEVE
# where it is there we read it, or say why not; what tshark finds inside the errors of ICMP apart
COMPLETE = (
    *(name for name in (*LINK, *ARP_FIELDS, *DHCP4, *DHCP6, *RADIUS, *PPPOE) if not name.startswith("eth.")),
    *(name for name in ND if "prefix" not in name and name != "icmpv6.type"),
)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Record, Row, Row]]:
    """Each frame of all captures, what bngcorr says of it, and what tshark says, which takes long to start."""
    for program in ("tshark", "mergecap"):
        if shutil.which(program) is None:
            if os.environ.get("BNGCORR_REQUIRE_TSHARK") == "1":
                pytest.fail(f"BNGCORR_REQUIRE_TSHARK=1, but {program} is not installed")
            pytest.skip(f"needs {program}")
    merged = tmp_path_factory.mktemp("tshark") / "all.pcapng"
    command = ["mergecap", "-a", "-F", "pcapng", "-w", str(merged), *map(str, (*OURS, *PUBLIC))]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return [(record, ours(record), theirs) for record, theirs in zip(records(merged), tshark(merged), strict=True)]


def test_every_field_that_both_know_is_the_same(read: list[tuple[Record, Row, Row]]) -> None:
    """What bngcorr says of a frame tshark says too; frames that tshark calls malformed apart."""
    differ = []
    for record, mine, theirs in read:
        if "_ws.malformed" in theirs:
            continue
        for name, said in mine.items():
            known = theirs.get(name, [])
            if said == known:
                continue
            if name == "tcp.flags" and known:
                known = [f"0x{int(known[0], 16) & 0xFF:04x}"]  # the reserved bits and AccECN are tshark's alone
            elif name == "dhcp.secs" and int(said[0]) % 256 == 0:
                said = [str(int(said[0]) // 256)]  # tshark guesses that the client is little endian
            if Counter(said) - Counter(known):
                differ.append((record.number, name, said, known))

    assert [] == differ


def _elsewhere(frame: Frame) -> bool:
    """tshark's fields may come from a packet inside an ICMP error or a tunnel over UDP, or from other hardware."""
    if frame.protocol in (ICMP, ICMPV6) and not neighbours.is_neighbour(frame):
        return True
    if frame.protocol == UDP and {frame.source_port, frame.destination_port} & TUNNELS:
        return True
    return frame.ether_type == ARP and frame.payload[:6] != b"\0\1\x08\0\6\4"


def test_nothing_that_tshark_reads_is_missed(read: list[tuple[Record, Row, Row]]) -> None:
    """Where tshark finds a link's, ARP's, ND's, DHCP's or RADIUS's field in a good frame, bngcorr finds it."""
    missed = []
    for record, mine, theirs in read:
        if "_ws.malformed" in theirs:
            continue
        for name in COMPLETE:
            if name not in theirs or name in mine:
                continue
            if not _elsewhere(frames.decode(record.octets, record.link, record.length)):
                missed.append((record.number, name, theirs[name]))

    assert [] == missed


def test_every_option_is_seen(read: list[tuple[Record, Row, Row]]) -> None:
    """The codes of all options, of all layers and in associations, are those that tshark lists; padding apart."""
    missed = []
    for record, mine, theirs in read:
        if "_ws.malformed" in theirs:
            continue
        for name in ("dhcp.option.type", "dhcpv6.option.type"):
            codes = {*theirs.get(name, ())} - ({"0", "255"} if name == "dhcp.option.type" else set())
            if name in mine and codes != {*mine[name]}:
                missed.append((record.number, name, codes ^ {*mine[name]}))

    assert [] == missed


def test_the_captures_hold_what_is_compared(read: list[tuple[Record, Row, Row]]) -> None:
    """Each protocol is there often enough for the comparison to mean something."""
    there: Counter[str] = Counter()
    for _, mine, _ in read:
        there.update(mine.keys())
    least = {
        "frame.time_epoch": 2000, "vlan.id": 30, "ieee8021ad.id": 30, "arp.opcode": 90,
        "icmpv6.nd.ra.router_lifetime": 40, "icmpv6.nd.ns.target_address": 90, "dhcp.id": 600,
        "dhcp.option.agent_information_option.agent_circuit_id": 500,
        "dhcpv6.msgtype": 600, "dhcpv6.iaprefix.pref_addr": 450, "dhcpv6.remoteid.enterprise": 8, "radius.code": 400,
    }  # fmt: skip
    if PUBLIC:
        least |= {"pppoe.session_id": 100, "dhcp.id": 1300, "radius.code": 590}

    assert {} == {name: there[name] for name, number in least.items() if there[name] < number}
    assert set(FRAME) <= there.keys() <= set(FIELDS)


def test_each_capture_by_itself_has_the_same_frames(read: list[tuple[Record, Row, Row]]) -> None:
    """Whatever its format, link type, byte order and resolution, a file gives the frames that tshark's reader gives."""
    each = []
    for path in (*OURS, *PUBLIC):
        try:
            each += [(record.octets, record.length, record.link) for record in records(path)]
        except CutCapture:
            continue
        except UnreadableCapture as error:
            pytest.fail(f"{path.name}: {error}")

    assert [(record.octets, record.length, record.link) for record, _, _ in read] == each

"""The generated capture is what it says it is, and a run over it comes to the right figures."""

from __future__ import annotations

import dataclasses
import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.bench.__main__ import main
from benchmarks.capture import fields, figures, report, told
from benchmarks.capture.figures import Reading, Rows, Run
from benchmarks.capture.generate import NOBODY, Truth, beside, generate, lines_of, octets
from benchmarks.capture.line import WAYS, Way
from benchmarks.capture.octets import SECRET
from bngcorr.capture import packets
from bngcorr.capture.packets import Kind, Packet
from bngcorr.wire import attributes, dhcp4, radius, radius_auth

TENTH = Reading(octets=100_000_000, packets=300_000, wanted=180_000, seconds=6.0, cpu_seconds=6.0, peak_octets=50 << 20)
WHOLE = Reading(
    octets=1_000_000_000, packets=3_000_000, wanted=1_800_000, seconds=60.0, cpu_seconds=60.0, peak_octets=52 << 20
)
RIGHT = Rows(asked=1_000, right=900, wrong=0, missed=50, hopeless=50)


def run(rows: Rows | None = RIGHT, **whole: Reading) -> Run:
    """A run of replay, or of whatever is told."""
    cases = whole or {"replay": WHOLE}
    return Run({name: [reading] for name, reading in cases.items()}, dict.fromkeys(cases, TENTH), rows, [])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """A capture of 100 lines, and the truth of it."""
    path = tmp_path_factory.mktemp("capture") / "small.pcap"
    return path, generate(path, 500_000)


@pytest.fixture(scope="module")
def read(written: tuple[Path, Truth]) -> list[Packet]:
    """Its DHCP and RADIUS packets."""
    return list(packets.read(written[0]))


def test_the_truth_counts_what_our_reader_finds(written: tuple[Path, Truth], read: list[Packet]) -> None:
    """Octets, and packets of each protocol; three in five are DHCP or RADIUS."""
    path, truth = written
    counts = {kind: sum(packet.kind is kind for packet in read) for kind in Kind}

    assert path.stat().st_size == truth.octets
    assert {Kind.DHCPV4: truth.dhcpv4, Kind.DHCPV6: truth.dhcpv6, Kind.RADIUS: truth.radius} == counts
    assert truth.packets == truth.wanted + truth.nd + truth.arp + truth.other
    assert 0.55 < truth.wanted / truth.packets < 0.65


def test_a_larger_file_begins_with_the_smaller_one(written: tuple[Path, Truth], tmp_path: Path) -> None:
    """So what was measured on a part was measured on the same packets; another seed is another file."""
    generate(tmp_path / "twice.pcap", written[1].octets + 1)
    generate(tmp_path / "other.pcap", 500_000, seed=2)
    small, larger = written[0].read_bytes(), (tmp_path / "twice.pcap").read_bytes()

    assert small == larger[: len(small)]
    assert len(small) < len(larger)
    assert small != (tmp_path / "other.pcap").read_bytes()


def test_tshark_tells_the_same_fields_of_every_packet(written: tuple[Path, Truth]) -> None:
    """What is measured beside tshark is the same work: line by line the same text."""
    if shutil.which("tshark") is None:
        pytest.skip("needs tshark")
    path, truth = written
    command = ["tshark", *fields.TSHARK, "-r", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert told.splitlines() == list(fields.ours(path))
    assert truth.wanted == len(told.splitlines())


def test_every_signature_in_the_file_is_right(read: list[Packet]) -> None:
    """Requests and answers verify with the secret of all BNGs."""
    asked: dict[tuple[str, int], bytes] = {}
    wrong = []
    for packet in read:
        if packet.kind is not Kind.RADIUS:
            continue
        view = radius.decode(packet.octets)
        if view.code == 1:
            asked[packet.source, view.identifier] = view.authenticator
            right = radius_auth.message_authenticator_fits(view, SECRET, view.authenticator)
        elif view.code == 4:
            asked[packet.source, view.identifier] = view.authenticator
            right = radius_auth.accounting_authenticator_fits(view, SECRET)
        else:
            of = asked[packet.destination, view.identifier]
            right = radius_auth.response_authenticator_fits(view, of, SECRET)
            right &= view.code == 5 or radius_auth.message_authenticator_fits(view, SECRET, of)
        if not right:
            wrong.append(packet.number)

    assert 150 < len(asked)
    assert [] == wrong


def test_the_truth_names_every_request_without_line_id(written: tuple[Path, Truth], read: list[Packet]) -> None:
    """By packet, each retransmission left out; and how many of them come near their DISCOVER."""
    path, truth = written
    without: dict[bytes, int] = {}
    for packet in read:
        view = radius.decode(packet.octets) if packet.kind is Kind.RADIUS else None
        if view is not None and view.code == 1 and not view.has(attributes.AGENT_REMOTE_ID):
            without.setdefault(view.authenticator, packet.number)
    discovers = {
        dhcp4.decode(packet.octets).chaddr: packet.at_ns for packet in read
        if packet.kind is Kind.DHCPV4 and dhcp4.decode(packet.octets).type == dhcp4.DISCOVER
    }  # fmt: skip
    at_ns = {packet.number: packet.at_ns or 0 for packet in read}
    near = 0
    for number, line in lines_of(path).items():
        began = discovers.get(b"\x3c\xa6\x2f" + line.to_bytes(4, "big")[1:])
        near += began is not None and abs(at_ns[number] - began) <= 5_000_000_000
    cloned = WAYS.count(Way.CLONED) * truth.lines // len(WAYS)

    assert set(without.values()) == set(lines_of(path))
    assert len(without) == sum(truth.idless.values())
    assert near + cloned == truth.near
    assert truth.lines == json.loads(beside(path, ".truth.json").read_text())["lines"]


@pytest.mark.parametrize(("text", "size"), [("500", 500), ("20M", 20_000_000), ("1G", 1_000_000_000), ("7k", 7_000)])
def test_sizes_are_written_with_their_unit(text: str, size: int) -> None:
    """Decimal ones, as disks have them."""
    assert size == octets(text)
    with pytest.raises(ValueError, match="expected"):
        octets(text + "iB")


def test_ratios_are_those_of_processor_time() -> None:
    """A packet that costs a peer three times as much makes 3, whatever else the machine had to do meanwhile."""
    peer = dataclasses.replace(WHOLE, cpu_seconds=180.0, seconds=900.0)
    few = Reading(octets=10_000_000, packets=30_000, wanted=18_000, seconds=30.0, cpu_seconds=30.0, peak_octets=1)

    found = figures.result(run(replay=WHOLE, tshark=peer, scapy=few))

    assert (3.0, 50.0) == (found["ratio_tshark"], found["ratio_scapy"])
    assert (None, 50_000, 30_000) == (found["ratio_tshark_fields"], found["packets_s"], found["wanted_s"])


@pytest.mark.parametrize(
    ("odd", "fault"),
    [
        (run(dataclasses.replace(RIGHT, wrong=1)), "1 requests were put on a wrong line"),
        (run(dataclasses.replace(RIGHT, right=0)), "no request was put on its line"),
        (run(replay=dataclasses.replace(WHOLE, seconds=91.0)),
         "replay: 19780 DHCP and RADIUS packets/s, fewer than 20000"),
        (run(replay=dataclasses.replace(WHOLE, peak_octets=90 << 20)),
         "replay: memory grows with the file, from 50 to 90 MiB"),
    ],
    ids=["wrong", "nothing found", "slow", "grows"],
)  # fmt: skip
def test_a_run_that_misses_its_aim_says_so(odd: Run, fault: str) -> None:
    """A good one has no fault; of a short one, neither speed nor memory is judged."""
    assert [] == figures.faults(run(), short=False)
    assert [fault] == figures.faults(odd, short=False)
    assert ([fault] if "on a" in fault or "on its" in fault else []) == figures.faults(odd, short=True)


def row(packet: int, line: int | None, *, at: str = "lag-1:100.100") -> bytes:
    """What replay writes of a request, as far as it is looked at."""
    said = None if line is None else {"hex": "", "text": f"LINE-{line:08d}"}
    return json.dumps({"packet": packet, "attachment": at, "remote_id": said}).encode()


def test_each_row_of_replay_is_compared_with_the_truth(tmp_path: Path) -> None:
    """A line that is not the request's, one for a request that has none, and one that its VLANs gainsay are wrong."""
    capture = tmp_path / "some.pcap"
    truth = {1: 7, 2: 8, 3: 9, 4: NOBODY, 5: NOBODY}
    beside(capture, ".truth").write_bytes(b"".join(struct.pack(">II", *pair) for pair in truth.items()))
    rows = [row(1, 7), row(2, 9), row(3, None), row(4, None), row(5, 1), row(6, 0), row(7, 1), b'{"totals": {}}']

    assert Rows(asked=5, right=1, wrong=3, missed=1, hopeless=1) == told.judged(rows, capture)
    with pytest.raises(RuntimeError, match="no row of packet 5"):
        told.judged(rows[:4], capture)


def test_totals_that_are_not_the_truth_are_told(written: tuple[Path, Truth]) -> None:
    """Of diagnose, packets by protocol and detectors that broke."""
    truth = written[1]
    protocols = {"RADIUS": truth.radius, "DHCPv4": truth.dhcpv4, "DHCPv6": truth.dhcpv6, "ND": truth.nd, "ARP": 1}
    said = json.dumps({"protocols": protocols, "broken": {"Twins": "KeyError"}}).encode()

    assert [
        f"diagnose: 1 packets of ARP, not {truth.arp}", "diagnose: Twins broke: KeyError",
    ] == told.odd("diagnose", said, truth)  # fmt: skip


def test_the_table_has_a_row_for_each_program() -> None:
    """Who read the beginning only is marked, and what came of the requests stands below."""
    few = dataclasses.replace(WHOLE, octets=10_000_000)
    console = Console(width=160)
    with console.capture() as shown:
        console.print(report.table(run(replay=WHOLE, scapy=few), {"replay": "bngcorr replay", "scapy": "scapy"}))

    assert "│ bngcorr replay " in shown.get()
    assert "│ scapy (first 10 MB) " in shown.get()
    assert "1,000 requests without line id in the first tenth: 900 put on their line, 0 on a wrong one" in shown.get()


def test_the_benchmark_runs_from_start_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    """`make bench ARGS='--capture …'`: a table, and one JSON object in the last line."""
    code = main(["--capture", "--quick", "--size", "1M", "--slow-size", "1k", "--cases", "fields", "--pure"])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert (0, []) == (code, found["faults"])
    assert 0 < found["wanted_s"] < found["packets_s"]
    assert 5 < found["rss_mib"] < 200

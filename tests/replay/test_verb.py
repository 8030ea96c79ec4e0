"""`bngcorr replay`: what people and programs get, options, and exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bngcorr.cli import app
from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import parse_mac
from bngcorr.model.verdict import UNMATCHED
from bngcorr.replay.row import Row, Sort
from bngcorr.replay.screen import requests
from bngcorr.replay.why import Why
from tests.service import radius as r

from .stage import BNG, CAPTURES, CPE, OTHER_BNG, discover, pcap, solicit, to_aaa

SECRET = b"a secret=with it"
CONFIG = """
bngs:
  - {{name: bng1, address: {address}, secret: "{secret}", profile: nokia-sros, vlan_model: per_line, window: {window}}}
upstream:
  auth: {{address: "127.0.0.1:1812", secret: another-secret}}
  acct: {{address: "127.0.0.1:1813", secret: another-secret}}
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as end:
        app(["replay", *map(str, arguments)])
    read = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return end.value.code, read.out, read.err


def document(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    """Its JSON."""
    code, out, _ = run(capsys, "--json", *arguments)
    assert 0 == code
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture
def dual(tmp_path: Path) -> Path:
    """A DISCOVER that names its line, two SOLICITs: one of the same CPE, one of another."""
    return pcap(
        tmp_path / "dual.pcap", (0, discover(circuit=b"c1", remote=b"r1", vlans=(100, 20))),
        (2.5, solicit(vlans=(100, 20))), (3, solicit("3c:a6:2f:00:00:99", xid=2, vlans=(100, 21))),
    )  # fmt: skip


@pytest.fixture
def radius(tmp_path: Path) -> Path:
    """Two Access-Requests of SR OS, signed: one names its line, one 3 s later does not."""
    where = r.vendor(6527, 27, CPE) + r.attribute(r.NAS_PORT_ID, "1/1/4:100.20")
    named = r.access_request(1, where + r.line("LINE-17", "olt7"), SECRET)
    return pcap(
        tmp_path / "radius.pcap", (0, to_aaa(named)), (3, to_aaa(r.access_request(2, where, SECRET)))
    )  # fmt: skip


def test_people_get_requests_and_totals(
    capsys: pytest.CaptureFixture[str], dual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request with its verdict, distance and line; then what they come to under each window."""
    monkeypatch.setenv("COLUMNS", "140")
    code, out, err = run(capsys, dual, "--window", "2s,5s")

    assert (0, "") == (code, err)
    for words in ("DISCOVER", "remote r1", "matched window", "−2.5 s", "if0:100.20", "unmatched", "each DISCOVER"):
        assert words in out
    assert "What each window finds" in out


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize(
    ("name", "most"), [("51-acct-start-interim-stop-on-off.pcap", 3), ("50-auth-pap-chap.pcap", 4)]
)
def test_a_screen_of_80_columns_holds_requests_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, name: str, most: int
) -> None:
    """Two or three lines for each, no verdict cut, no line longer than the screen."""
    monkeypatch.setenv("COLUMNS", str(columns))
    _, out, _ = run(capsys, CAPTURES / "radius" / name)
    table = out.split("─\n")[1].split("\n \n")[0].split("\n\n")[0].splitlines()
    requests = [line for line in table if line[:1].isdigit() and ":" not in line[:12]]
    verdicts = [line.rstrip().split()[-1] for line in requests]

    assert {"own", "unmatched"} == set(verdicts)
    assert len(table) <= most * len(requests)
    assert max(map(len, out.splitlines())) <= columns
    for whole in ("remote LINE-000017", "3c:a6:2f:00:00:17"):
        assert whole in out


def test_no_reason_is_cut_whatever_stands_beside_it() -> None:
    """Long names of BNGs and long ids fold instead."""
    rows = []
    for at, why in enumerate(Why):
        row = Row(Sort.ACCESS, 0, 1_000_000 + at, 0, f"2001:db8:1234:5678:9abc:def0:1234:{at:x}", "Access-Request")
        row.verdict, row.why, row.circuit_id, row.attachment = (
            UNMATCHED,
            why,
            b"x" * 60,
            Attachment("1/1/c1/1", 100, 20),
        )
        row.mac = parse_mac(CPE)
        rows.append(row)
    out = io.StringIO()
    Console(file=out, width=80).print(requests(rows, ("a.pcap",), 80))

    assert [] == [str(why) for why in Why if f"  {why}" not in out.getvalue()]
    assert 80 >= max(map(len, out.getvalue().splitlines()))


def test_people_and_programs_are_told_why_and_what_next(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence for each reason; counted, with the same words, for programs."""
    monkeypatch.setenv("COLUMNS", "80")
    path = CAPTURES / "real" / "05-dual-v4-then-v6-3s-uplink.pcap"
    _, out, _ = run(capsys, path, "--summary")
    found = document(capsys, path)
    shown = " ".join(out.split())

    assert ["claimed-mac", "relayed-mac", "router-port"] == [one["reason"] for one in found["advice"]]
    assert [] == [one["words"] for one in found["advice"] if one["words"] not in shown]
    assert {"claimed-mac": 1} == found["dhcp"]["unmatched_because"]
    assert {"relayed-mac": 2, "router-port": 2} == found["sightings"]["taught_nothing"]
    assert [None, "claimed-mac"] == [row["why"] for row in found["requests"]]


def test_programs_get_one_document(capsys: pytest.CaptureFixture[str], dual: Path) -> None:
    """Requests in the order of the capture, then totals; `--summary` leaves the requests out."""
    found = document(capsys, dual, "--window", "2s,5s")
    total = document(capsys, dual, "--summary")

    assert ["own", "matched", "unmatched"] == [row["outcome"] for row in found["requests"]]
    assert {"own": 1, "matched": 1, "unmatched": 1} == found["dhcp"]["outcomes"] == total["dhcp"]["outcomes"]
    assert [(2000, 0), (5000, 1)] == [(row["window_ms"], row["alone"]["matched"]) for row in found["windows"]]
    assert 1 == next(row["sighting_first"] for row in found["distances"] if row["up_to_ms"] == 3000)
    assert "requests" not in total
    assert "requests" == found["dhcp_is"]


def test_lines_of_json_are_the_requests_and_then_the_totals(capsys: pytest.CaptureFixture[str], dual: Path) -> None:
    """Only those asked for, and the totals of all."""
    code, out, _ = run(capsys, "--jsonl", dual, "--only", "unmatched,matched")
    rows = [json.loads(line) for line in out.splitlines()]

    assert 0 == code
    assert ["matched", "unmatched"] == [row["outcome"] for row in rows[:-1]]
    assert 3 == rows[-1]["totals"]["dhcp"]["requests"]


def test_the_picture_is_written(capsys: pytest.CaptureFixture[str], dual: Path, tmp_path: Path) -> None:
    """Beside the totals."""
    plot = tmp_path / "a.svg"
    code, _, _ = run(capsys, dual, "--summary", "--plot", plot)

    assert 0 == code
    assert plot.read_text().startswith("<svg")


@pytest.mark.parametrize("given", ["--secret", "--secret-file"])
def test_authenticators_are_verified_with_the_secret_of_the_bng(
    capsys: pytest.CaptureFixture[str], radius: Path, tmp_path: Path, given: str
) -> None:
    """One for all, or ADDRESS=SECRET; a wrong one refuses everything, and no secret is ever shown."""
    for text, verified in ((SECRET.decode(), 2), (f"{BNG}={SECRET.decode()}", 2), ("wrong", 0), (f"{OTHER_BNG}=x", 0)):
        value: str | Path = text
        if given == "--secret-file":
            value = tmp_path / "secrets"
            value.write_text(f"{text}\n")
        code, out, err = run(capsys, "--json", radius, given, value)
        found = json.loads(out)

        assert (0 if verified or text.startswith(OTHER_BNG) else 1) == code
        assert verified == found["authenticators"]["verified"]
        assert (2 if text == "wrong" else 0) == found["authenticators"]["wrong"]
        assert SECRET.decode() not in out + err


def test_a_configuration_says_who_is_who(capsys: pytest.CaptureFixture[str], radius: Path, tmp_path: Path) -> None:
    """Its BNGs, secrets and rules: the window decides; a source that it does not know is refused by name."""
    config = tmp_path / "bngcorr.yaml"
    for address, window, outcomes in (
        (BNG, "5s", ["own", "matched"]), (BNG, "2s", ["own", "matched"]), ("203.0.113.1", "5s", []),
    ):  # fmt: skip
        config.write_text(CONFIG.format(address=address, secret=SECRET.decode(), window=window))
        _, out, _ = run(capsys, "--json", radius, "-c", config, "--window", "2s")
        found = json.loads(out)

        assert outcomes == [row["outcome"] for row in found["requests"]]
        assert (2 if outcomes else 0) == found["authenticators"]["verified"]
        assert ({} if outcomes else {"unknown-client": 2}) == found["refused"]
    found = document(capsys, radius, "-c", config, "--bng", "bng1")
    assert {"bng1": 2} == found["bngs"]


def test_nothing_to_replay_is_exit_1_and_an_unreadable_capture_exit_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, dual: Path
) -> None:
    """What could be read is told all the same."""
    none, _, _ = run(capsys, CAPTURES / "real" / "12-ra-lifetime-0.pcap")
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(dual.read_bytes()[:-3])
    code, out, err = run(capsys, cut, "--json", "--summary")

    assert (1, 2) == (none, code)
    assert 2 == json.loads(out)["dhcp"]["requests"]
    assert "cut.pcap: the file ends inside record 3; what is before was read" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give a capture"),
        (["-", "-"], "standard input can be read once only"),
        (["a.pcap", "--window", "5x"], "--window '5x'"),
        (["a.pcap", "--window", "0s"], "--window '0s'"),
        (["a.pcap", "--only", "mached"], "--only 'mached' is none of own, matched"),
        (["a.pcap", "--profile", "nokia"], "--profile 'nokia' is none of"),
        (["a.pcap", "--bng", "bng1"], "--bng 'bng1': expected the address of a BNG"),
        (["a.pcap", "--secret", "a", "--secret", "b"], "more than one for all BNGs"),
        (["a.pcap", "--secret-file", "/none"], "--secret-file /none: No such file"),
        (["a.pcap", "-c", "x.yaml", "--profile", "huawei-ne"], "do not go with --config"),
        (["/none.pcap"], "/none.pcap: No such file"),
        (["a.pcap", "--json", "--jsonl"], "--json and --jsonl exclude each other"),
        (["a.pcap", "--plot", "/none/a.svg"], "--plot /none/a.svg: No such file"),
        (["a.pcap", "--plot", "/"], "--plot /: Is a directory"),
    ],
)
def test_what_is_wrong_is_named(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    """Option and value, and exit 2."""
    code, _, err = run(capsys, *arguments)

    assert 2 == code
    assert words in err


def test_a_picture_that_can_not_be_written_is_told_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], dual: Path
) -> None:
    """Nothing is on standard output."""
    assert (2, "") == run(capsys, dual, "--plot", dual / "a.svg")[:2]

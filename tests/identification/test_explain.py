"""`bngcorr explain`: what it prints for programs and for people, and that it reads packets as tshark does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from bngcorr.wire.attributes import Code

from .explaining import Ran, explain, hostile_packets, our_captures, shared_captures
from .vectors import Vector, vectors

BY_NAME: Final = {vector.name: vector for vector in vectors()}
NAMES: Final = {int(code): code.title for code in Code}
FIELDS: Final = (
    "frame.number", "radius.code", "radius.id", "radius.User_Name", "radius.Calling_Station_Id", "radius.NAS_Port_Id",
    "radius.ADSL_Agent_Circuit_Id", "radius.ADSL_Agent_Remote_Id", "_ws.malformed", "_ws.expert.message",
)  # fmt: skip
WANTED: Final = {
    "trigger", "evidence", "remote_id_raw", "remote_id", "stripped", "enterprise_number", "circuit_id", "mac",
    "attachment",
}  # fmt: skip
SOLICIT: Final = "remote-id-proves-itself"


def hexadecimal(name: str) -> str:
    """The octets of a labelled packet."""
    return BY_NAME[name].octets.hex()


# ---- tshark


@pytest.fixture(scope="module")
def tshark() -> str:
    """Path of tshark; skips without it, or fails if BNGCORR_REQUIRE_TSHARK=1."""
    path = shutil.which("tshark")
    if path is None:
        reason = "tshark is not installed (Debian: tshark)"
        if os.environ.get("BNGCORR_REQUIRE_TSHARK") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def readings(tshark: str, capture: Path) -> dict[int, dict[str, list[str]]]:
    """tshark's fields of each RADIUS frame, by number."""
    fields = [argument for field in FIELDS for argument in ("-e", field)]
    ran = subprocess.run(
        [tshark, "-n", "-r", str(capture), "-Y", "radius", "-T", "json", *fields],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    frames = [row["_source"]["layers"] for row in json.loads(ran.stdout)]
    return {int(frame["frame.number"][0]): frame for frame in frames}


def _mac(text: str) -> str | None:
    """A MAC that names somebody, in plain notation; read without bngcorr."""
    parts = re.findall(r"[0-9a-f]+", text.strip().lower()) if re.fullmatch(r"[0-9a-fA-F:.\- ]+", text) else []
    if len(parts) == 7 and parts[0] == "1":
        parts = parts[1:]
    digits = "".join(part.zfill(2) for part in parts) if len(parts) in (1, 3, 6) else ""
    if len(digits) != 12 or int(digits[:2], 16) & 1 or not int(digits, 16):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _first(frame: dict[str, list[str]], field: str) -> str | None:
    return next((value for value in frame.get(field, []) if value), None)


def agrees(row: dict[str, Any], frame: dict[str, list[str]]) -> list[str]:
    """Where an explained packet differs from tshark's reading."""
    differs = []
    if row["code"] != NAMES[int(frame["radius.code"][0])] or row["identifier"] != int(frame["radius.id"][0]):
        differs.append("code or identifier")
    if "_ws.malformed" in frame:
        return differs  # tshark gave up inside, where a sub-attribute overruns its VSA: such a VSA is opaque to us
    for key, field in (("remote_id_raw", "ADSL_Agent_Remote_Id"), ("circuit_id", "ADSL_Agent_Circuit_Id")):
        theirs = _first(frame, f"radius.{field}")
        ours = row[key]["text"] if row[key] is not None else None
        if not row["contradictory"] and ours != theirs and (ours is not None or row[key] is None):
            differs.append(f"{key}: {ours!r}, tshark {theirs!r}")
    stations = [_mac(text) for text in frame.get("radius.Calling_Station_Id", [])]
    users = [_mac(text) for text in frame.get("radius.User_Name", [])] if row["trigger"] not in _NO_MAC_NAME else []
    mac = next((mac for mac in (*stations, *users) if mac is not None), None)
    if row["mac"] != mac:
        differs.append(f"mac: {row['mac']!r}, tshark {mac!r}")
    port = re.fullmatch(r"([a-z]+-\d+|\d[\w/]*):(\d+)(?:\.(\d+))?", _first(frame, "radius.NAS_Port_Id") or "")
    if port is not None:
        at = {"port": port[1], "outer": int(port[2]), "inner": int(port[3]) if port[3] else None}
        if row["attachment"] != at:
            differs.append(f"attachment: {row['attachment']}, tshark {at}")
    return differs


_NO_MAC_NAME: Final = ("ppp", "conflict")  # a PPP client chooses its User-Name


def compare(tshark: str, capture: Path) -> int:
    """Explained packets that tshark reads alike; fails on one that it reads otherwise."""
    frames = readings(tshark, capture)
    ran = explain("--json", capture)
    rows = {row["packet"]: row for row in ran.rows}
    refused = {number for number, row in rows.items() if "error" in row}

    assert (1 if refused else 0) == ran.code
    assert set(frames) <= set(rows)
    for number in refused & set(frames):
        frame = frames[number]
        assert "_ws.malformed" in frame or "_ws.expert.message" in frame, f"{number}: tshark has no objection"
    read = set(frames) - refused
    assert {} == {number: found for number in sorted(read) if (found := agrees(rows[number], frames[number]))}
    return len(read)


@pytest.mark.parametrize(
    "capture",
    shared_captures() or [pytest.param(None, marks=pytest.mark.skip("no ../shared/captures beside the project"))],
    ids=lambda path: path.name if path else "none",
)
def test_shared_captures_are_read_as_tshark_reads_them(tshark: str, capture: Path) -> None:
    """Codes, ids, MACs and ports of every RADIUS capture are tshark's; what is refused, tshark objects to as well."""
    assert compare(tshark, capture) > 0


@pytest.mark.parametrize(
    "capture",
    our_captures() or [pytest.param(None, marks=pytest.mark.skip("tests/captures/radius is absent"))],
    ids=lambda path: path.name if path else "none",
)
def test_our_captures_are_read_as_tshark_reads_them(tshark: str, capture: Path) -> None:
    """The same for the captures that come with the project: no packet of a real exchange is refused."""
    assert compare(tshark, capture) == len(readings(tshark, capture)) > 0


@pytest.mark.parametrize(
    "capture",
    our_captures() or [pytest.param(None, marks=pytest.mark.skip("tests/captures/radius is absent"))],
    ids=lambda path: path.name if path else "none",
)
def test_every_packet_of_our_captures_is_explained(capture: Path) -> None:
    """A real capture is explained without an error, every request with the line that it names."""
    ran = explain("--json", capture)

    assert 0 == ran.code
    assert ran.rows
    assert all(set(row) >= WANTED and row["source"] and row["destination"] for row in ran.rows)
    texts = {row["remote_id"]["text"] for row in ran.rows if row["remote_id"] is not None}
    assert texts
    assert all(text.startswith(("LINE-", "dual-")) for text in texts), texts


# ---- for programs


def test_a_packet_becomes_an_object() -> None:
    """Every key has its kind: ids as hexadecimal and text, evidence as sentences, the attachment in parts."""
    ran = explain("--json", "--profile", "nokia-sros", "--hex", hexadecimal(SOLICIT))
    (row,) = ran.rows

    assert 0 == ran.code
    assert set(row) >= WANTED
    assert ("dhcpv6", "strong", True, 6527) == tuple(
        row[key] for key in ("trigger", "strength", "stripped", "enterprise_number")
    )
    assert {"hex": "0000197f616c7530303a30323a30303a30303a30303a3031", "text": None} == row["remote_id_raw"]
    assert {"hex": b"alu00:02:00:00:00:01".hex(), "text": "alu00:02:00:00:00:01"} == row["remote_id"]
    assert (None, "02:00:01:00:00:01", "seen") == (row["circuit_id"], row["mac"], row["mac_source"])
    assert {"port": "1/1/c2/1", "outer": 201, "inner": 100} == row["attachment"]
    assert [("dhcpv6", "strong")] == [(item["family"], item["strength"]) for item in row["evidence"]]
    assert row["evidence"][0]["reason"]
    (change,) = row["changes"]
    assert "Vendor-Specific" == change["attribute"]
    assert len(change["before"]) - 8 == len(change["after"])


@pytest.mark.parametrize("name", ["v6-binary-id", "both-raw-options", "generic-nothing", "two-remote-ids"])
def test_what_a_packet_lacks_is_null(name: str) -> None:
    """Absent ids, numbers and attachments are null, binary ids have no text."""
    vector = BY_NAME[name]
    (row,) = explain("--json", "--profile", vector.profile, "--hex", vector.octets.hex()).rows
    expected = vector.expected

    for key, value in (("remote_id", expected.remote_id), ("circuit_id", expected.circuit_id)):
        assert (None if value is None else value.hex()) == (row[key] and row[key]["hex"])
    assert (expected.trigger, expected.enterprise_number, expected.stripped) == (
        row["trigger"],
        row["enterprise_number"],
        row["stripped"],
    )
    assert (expected.attachment is None) == (row["attachment"] is None)
    assert expected.contradictory == row["contradictory"]


@pytest.mark.parametrize("trigger", ["dhcpv4", "dhcpv6", "ppp", "unknown", "conflict"])
def test_each_trigger_is_named(trigger: str) -> None:
    """The trigger is one of five words."""
    vector = next(one for one in vectors() if one.expected.trigger == trigger)
    (row,) = explain("--json", "--profile", vector.profile, "--hex", vector.octets.hex()).rows

    assert trigger == row["trigger"]


def test_packets_come_in_the_order_given() -> None:
    """Several --hex and files give one list, --hex first."""
    ran = explain("--json", "--hex", hexadecimal("generic-ids"), "--hex", "0x" + hexadecimal(SOLICIT))

    assert [1, 2] == [row["packet"] for row in ran.rows]
    assert ["LINE-000017", "alu00:02:00:00:00:01"] == [row["remote_id"]["text"] for row in ran.rows]


def test_a_text_file_holds_a_packet_a_line(tmp_path: Path) -> None:
    """Hexadecimal text, colons or blanks between octets, comments of any text, empty lines."""
    path = tmp_path / "packets.txt"
    one, other = BY_NAME["generic-ids"].octets, BY_NAME[SOLICIT].octets
    path.write_text(f"# what the BNG sent: größer\n{one.hex()}  # the first\n\n  0x{other.hex(':')}\n", "utf-8")
    ran = explain("--json", path)

    assert 0 == ran.code
    assert [2, 4] == [row["packet"] for row in ran.rows]
    assert ["LINE-000017", "alu00:02:00:00:00:01"] == [row["remote_id"]["text"] for row in ran.rows]


def test_a_file_may_hold_one_packets_octets(tmp_path: Path) -> None:
    """A UDP payload written to a file is read as it is."""
    path = tmp_path / "payload.bin"
    path.write_bytes(BY_NAME["generic-ids"].octets)

    assert "LINE-000017" == explain("--json", path).rows[0]["remote_id"]["text"]


def test_replies_are_not_rewritten() -> None:
    """An Access-Accept with an id that looks prefixed: only requests are normalised."""
    octets = bytearray(BY_NAME["generic-prefixed-huawei"].octets)
    octets[0] = 2
    (row,) = explain("--json", "--hex", octets.hex()).rows

    assert ("Access-Accept", False, []) == (row["code"], row["stripped"], row["changes"])


# ---- hostile octets and wrong arguments


def test_hostile_octets_give_a_reason() -> None:
    """Each hostile packet is explained or refused with a reason and the offset; never a traceback."""
    told = 0
    for name, octets in hostile_packets():
        ran = explain("--json", "--profile", "nokia-sros", "--hex", octets)
        (row,) = ran.rows
        assert (1 if "error" in row else 0) == ran.code, name
        assert "" == ran.err, name
        if "error" in row:
            told += 1
            assert re.fullmatch(r"[a-z-]+", row["error"]), name
            assert isinstance(row["offset"], int), name
    assert told >= 10


def test_good_packets_are_explained_beside_hostile_ones() -> None:
    """One malformed packet makes the exit code 1, and does not hide the others."""
    ran = explain("--json", "--hex", "01", "--hex", hexadecimal("generic-ids"), "--hex", "zz")

    assert 1 == ran.code
    assert ["too-short", None] == [row.get("error") for row in ran.rows]
    assert "'zz' is no hexadecimal text" in ran.err


@pytest.mark.parametrize("octets", ["", "01", "0107", "zz", "0", "ff070014" + "00" * 16, "01070000" + "00" * 16])
def test_octets_that_are_no_packet_exit_1(octets: str) -> None:
    """Nothing, half an octet, no Code and a wrong Length are answered with a reason and exit code 1."""
    ran = explain("--json", "--hex", octets)

    assert 1 == ran.code
    assert ran.err or ran.rows[0]["error"]


def test_a_file_that_cannot_be_read_exits_1(tmp_path: Path) -> None:
    """Absent, empty and cut files are named on standard error; what is in the others is explained."""
    empty, cut, good = tmp_path / "empty", tmp_path / "cut.pcap", tmp_path / "good.txt"
    empty.write_bytes(b"")
    cut.write_bytes(bytes.fromhex("d4c3b2a1 0200 0400") + bytes(3))
    good.write_text(hexadecimal("generic-ids"), "ascii")
    ran = explain("--json", tmp_path / "absent", empty, cut, good)

    assert 1 == ran.code
    assert 1 == len(ran.rows)
    assert all(name in ran.err for name in ("absent", "empty", "cut.pcap"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--hex", "01", "--profile", "no-such-box"), "nokia-sros"),
        (("--profile", "generic"), "--hex or a file"),
        (("--hex", "01", "--bng", "bng1"), "--config"),
        (("--hex", "01", "--config", "/no/such/file"), "readable file"),
    ],
)
def test_wrong_arguments_exit_2(arguments: tuple[str, ...], said: str) -> None:
    """An unknown profile, no packet, --bng without a config and a config that is absent say what was expected."""
    ran = explain(*arguments)

    assert 2 == ran.code
    assert said in ran.out + ran.err


# ---- for people


def test_people_get_a_table() -> None:
    """Without --json each packet is a table: trigger, evidence with strength and reason, ids, what is rewritten."""
    ran = explain("--profile", "nokia-sros", "--hex", hexadecimal(SOLICIT), "--hex", "01")

    assert 1 == ran.code
    for words in (
        "packet 1",
        "packet 2",
        "dhcpv6",
        "strong",
        "alu00:02:00:00:00:01",
        "6527",
        "would rewrite",
        "too-short",
    ):
        assert words in ran.out


@pytest.mark.parametrize("octets", [b"\x1b]0;owned\x07[red]x", b"[red]LINE[/blue]-1"], ids=["escape", "markup"])
def test_an_id_is_shown_harmlessly(octets: bytes) -> None:
    """An id with an escape sequence is shown in hexadecimal; what the table's library takes for markup is text."""
    body = bytes((26, len(octets) + 8)) + (3561).to_bytes(4, "big") + bytes((2, len(octets) + 2)) + octets
    ran = explain("--hex", (bytes((1, 1, 0, len(body) + 20)) + bytes(16) + body).hex())

    assert 0 == ran.code
    assert "\x1b]" not in ran.out
    assert octets.hex() in ran.out.replace("\n", "")
    assert octets.startswith(b"\x1b") or octets.decode() in ran.out


# ---- the operator's settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with a profile of the operator's, accepted numbers and two BNGs."""
    server = {"address": "192.0.2.10:1812", "secret": "example"}
    path = tmp_path_factory.mktemp("config") / "bngcorr.yaml"
    bng = {"secret": "example", "profile": "ours"}
    write = [{"attribute": "Called-Station-Id", "template": "{bng}/{remote_id}", "when": "always"}]
    strict = {"enterprise_number": "never", "identity": {"write": write}}
    config = {
        "upstream": {"auth": server, "acct": server},
        "enterprise_numbers": {"accept": [6527]},
        "profiles": {"ours": {"extends": "nokia-sros", "title": "our release"}},
        "bngs": [
            {**bng, "name": "plain", "address": "192.0.2.1"},
            {**bng, "name": "strict", "address": "192.0.2.2", **strict},
        ],
    }
    path.write_text(yaml.safe_dump(config), "utf-8")
    return path


def test_profiles_and_numbers_of_a_config_count(settings: Path) -> None:
    """--config brings the operator's profiles and accepted numbers."""
    packets = ("--json", "--hex", hexadecimal(SOLICIT), "--hex", hexadecimal("generic-prefixed-huawei"))
    ran = explain(*packets, "--config", settings, "--profile", "ours")

    assert [6527, None] == [row["enterprise_number"] for row in ran.rows]
    assert 2 == explain(*packets, "--profile", "ours").code


def test_settings_of_one_bng_count(settings: Path) -> None:
    """--bng brings that BNG's policy, and what its `identity.write` puts into a request is among the changes."""
    packet = ("--json", "--hex", hexadecimal(SOLICIT))
    (plain,) = explain(*packet, "--config", settings, "--bng", "plain").rows
    (strict,) = explain(*packet, "--config", settings, "--bng", "strict").rows

    assert (6527, True) == (plain["enterprise_number"], plain["stripped"])
    assert (None, False) == (strict["enterprise_number"], strict["stripped"])
    assert [b"strict/\x00\x00\x19\x7falu00:02:00:00:00:01".hex()] == [one["after"][4:] for one in strict["changes"]]


def test_an_unknown_bng_exits_2(settings: Path) -> None:
    """--bng must be one of the config's."""
    ran = explain("--hex", "01", "--config", settings, "--bng", "nobody")

    assert 2 == ran.code
    assert "plain, strict" in ran.err


def test_a_faulty_config_exits_2(tmp_path: Path) -> None:
    """Every fault of the file is told before a packet is looked at."""
    path = tmp_path / "bad.yaml"
    path.write_text("bngs: []\nspeed: fast\n", "utf-8")
    ran = explain("--hex", "01", "--config", path)

    assert 2 == ran.code
    assert "speed" in ran.out + ran.err


# ---- the command


def test_the_command_runs_by_itself() -> None:
    """`python -m bngcorr explain` in a process of its own prints JSON and exits 0, without a secret or a config."""
    vector: Vector = BY_NAME["isg-solicit"]
    ran = subprocess.run(
        [sys.executable, "-m", "bngcorr", "explain", "--json", "--profile", "cisco", "--hex", vector.octets.hex()],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    result = Ran(ran.returncode, ran.stdout, ran.stderr)

    assert (0, "") == (result.code, result.err)
    assert "0/3/0" == result.rows[0]["remote_id"]["text"]

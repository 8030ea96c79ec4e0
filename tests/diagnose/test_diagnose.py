"""`bngcorr diagnose`: what people and programs are told, on a screen, as JSON and as a page; exit codes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from bngcorr.capture.diagnose.files import read
from bngcorr.capture.diagnose.kinds import MEANINGS, Fault
from bngcorr.capture.diagnose.page import page
from bngcorr.capture.diagnose.report import Choice, Report, report
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.cli import app
from bngcorr.cli.packet_tree import words
from tests.diagnose.cpe import option82, v4, v6
from tests.diagnose.stage import RADIUS, REAL, SECOND, START_NS, records_of

RA0 = REAL / "12-ra-lifetime-0.pcap"
STORM = REAL / "19-storm-perfdhcp.pcap.gz"
HEALTHY = REAL / "05-dual-v4-then-v6-3s-access.pcap"
CPE = "3c:a6:2f:00:00:01"


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence stands on one line, whatever the terminal."""
    monkeypatch.setenv("COLUMNS", "240")


def diagnose(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as end:
        app(["diagnose", *map(str, arguments)])
    told = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return end.value.code, told.out, told.err


def capture(path: Path, *frames: bytes, gap_s: float = 1.0) -> Path:
    """A pcap file with these frames."""
    octets = bytes.fromhex("d4c3b2a1 0200 0400") + bytes(8) + (65535).to_bytes(4, "little") + b"\1\0\0\0"
    for number, frame in enumerate(frames):
        seconds, rest = divmod(START_NS + round(number * gap_s * SECOND), SECOND)
        numbers = (seconds, rest // 1000, len(frame), len(frame))
        octets += b"".join(one.to_bytes(4, "little") for one in numbers) + frame
    path.write_bytes(octets)
    return path


def shared(path: Path, subject: bytes = b"port 1") -> Path:
    """33 CPEs on a line with that Circuit-Id."""
    return capture(path, *(v4(1, f"3c:a6:2f:00:02:{one:02x}", option82(subject)) for one in range(33)))


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """34 CPEs on one line, and a SOLICIT of the last one 2 s later that names none."""
    frames = [v4(1, f"3c:a6:2f:00:02:{one:02x}", option82(b"port 1")) for one in range(34)]
    return capture(tmp_path / "busy.pcap", *frames, v6(1, "3c:a6:2f:00:02:20"))


def test_a_healthy_boot_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """DHCPv4, then DHCPv6 3.551 s later: exit code 0, and the distance is in the table."""
    code, out, err = diagnose(capsys, HEALTHY)

    assert (0, "") == (code, err)
    assert "12 packets on if0" in out
    assert "Nothing found." in out
    assert re.search(r"up to 5 +0 +1 +█+", out)


def test_people_are_told_what_it_means_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Severity, title, subject, packets, an example in one line, meaning, next step, source."""
    code, out, _ = diagnose(capsys, RA0)
    meaning = MEANINGS[Fault.ROUTER_GONE]

    assert 1 == code
    for text in (
        f"CRITICAL {meaning.title}  router_gone", meaning.todo, meaning.source, "fe80::bb:12ff:fe00:1", "17, 20, 21",
        "RA router lifetime 0 s", "over with packet 24", "Found: 1 critical.",
    ):  # fmt: skip
        assert text in out


def test_a_kind_of_two_severities_is_explained_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A link-local address that is taken is worse than another; what to do is the same."""
    _, out, _ = diagnose(capsys, REAL / "11-dad-conflicts.pcap")
    meaning = MEANINGS[Fault.DUPLICATE_ADDRESS]

    assert ["CRITICAL", "WARNING"] == re.findall(f"([A-Z]+) {meaning.title}", out)
    assert 1 == out.count(meaning.todo)


def test_a_screen_is_not_flooded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of 25 CPEs with one trouble 20 are shown, with what it means once; programs get all."""
    cpes = [f"3c:a6:2f:00:03:{number:02x}" for number in range(25)]
    path = capture(tmp_path / "many.pcap", *(v4(1, cpe) for cpe in cpes), *(v6(1, cpe) for cpe in cpes))
    _, out, _ = diagnose(capsys, path)
    _, told, _ = diagnose(capsys, "--json", path)

    assert 20 == len(re.findall("the SOLICIT came 25.000 s after", out))
    assert 1 == out.count(MEANINGS[Fault.SOLICIT_FAR].todo)
    assert "and 5 more of this kind" in out
    assert 25 == len(json.loads(told)["faults"])


def test_programs_get_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """With files, counts, faults with their packets by file, examples as trees, and distances."""
    code, out, _ = diagnose(capsys, "--json", STORM)
    told = json.loads(out)
    fault = {one["kind"]: one for one in told["faults"]}["line_id_shared"]

    assert 1 == code
    assert {"DHCPv4": 480, "DHCPv6": 478} == told["protocols"]
    assert [{"file": str(STORM), "packets": 958, "interfaces": ["if0"], "unread": None}] == told["files"]
    assert 120 == fault["count"]
    assert {"file": str(STORM), "number": 129} == fault["packets"][0]
    assert (129, "DHCPv4") == (fault["example"]["number"], fault["example"]["tree"]["name"])
    assert [120] == [row["discover_first"] for row in told["distances"] if row["up_to_seconds"] == 5.0]
    assert {"critical": 0, "warning": 2, "notice": 0} == told["counts"]


@pytest.mark.parametrize("name", ["08-renew-rebind-release-access", "13-unanswered-arp-ns"])
def test_an_example_has_its_packets_number(name: str) -> None:
    """It is one of the fault's packets, also where what did not come told the fault."""
    path = REAL / f"{name}.pcap"
    frames = {record.number: record.octets for record in records_of(path)}
    examples = [
        (one.found.packets, one.found.example_number, one.found.example and one.found.example.octets)
        for one in made(path).told
    ]

    assert examples
    assert [] == [numbers for numbers, one, octets in examples if one not in numbers or octets != frames[one]]


def test_several_files_are_one_diagnosis(capsys: pytest.CaptureFixture[str]) -> None:
    """Packet numbers are each file's own, and say whose they are."""
    _, out, _ = diagnose(capsys, "--json", HEALTHY, RA0)
    (fault,) = json.loads(out)["faults"]
    _, screen, _ = diagnose(capsys, HEALTHY, RA0)

    assert "if1" == fault["where"]
    assert {"file": str(RA0), "number": 17} == fault["packets"][1]
    assert "12-ra-lifetime-0.pcap 14, 17" in screen


@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        (("--only", "line_id_shared"), {"line_id_shared"}),
        (("--only", "line_id_shared, router_gone"), {"line_id_shared"}),
        (("--ignore", "line_id_shared"), {"solicit_without_line"}),
        (("--severity", "critical"), set()),
        (("--ignore", "line_id_shared,solicit_without_line"), set()),
        (("--most-macs", "34"), {"solicit_without_line"}),
        (("--window", "1s"), {"line_id_shared", "solicit_without_line", "solicit_far"}),
    ],
)
def test_only_what_is_asked_for_is_told_and_counts(
    capsys: pytest.CaptureFixture[str], busy: Path, arguments: tuple[str, ...], kinds: set[str]
) -> None:
    """Kinds, severity and thresholds; the exit code is that of what is told."""
    code, out, _ = diagnose(capsys, "--json", *arguments, busy)

    assert kinds == {fault["kind"] for fault in json.loads(out)["faults"]}
    assert int(bool(kinds)) == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a capture"),
        (("--only", "router_gone,no_such", RA0), "--only no_such: expected kinds of aaaa"),
        (("--only", "router_gone", "--ignore", "router_gone", RA0), "exclude each other"),
        (("--window", "5 weeks", RA0), "--window 5 weeks"),
        (("--most-prefixes", "0", RA0), "--most-prefixes 0: expected 1 or more"),
        (("--json", "--html", "-", RA0), "both go to standard output"),
        (("--html", "/no/such/folder/page.html", RA0), "--html /no/such/folder/page.html: No such file"),
        (("/no/such/file", RA0), "/no/such/file: No such file"),
        (("--most-prefix", RA0), ""),
    ],
)
def test_questions_that_are_not_right(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str | Path, ...], said: str
) -> None:
    """Exit code 2, and an error that names key and value."""
    code, _, err = diagnose(capsys, *arguments)

    assert 2 == code
    assert said in err


def test_a_damaged_file_is_read_as_far_as_it_goes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Broken compression: what was before is told, the code says that it is not all."""
    octets = bytearray(gzip.compress(RA0.read_bytes()))
    octets[-12] ^= 0xFF
    path = tmp_path / "damaged.pcap.gz"
    path.write_bytes(octets)
    code, out, err = diagnose(capsys, path)

    assert 2 == code
    assert "compression is broken" in err
    assert "router_gone" in out


def test_a_capture_that_breaks_off_is_no_failure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """tcpdump was killed while it wrote: that is said, and the verdict stands."""
    path = tmp_path / "cut.pcap"
    path.write_bytes(HEALTHY.read_bytes()[:-5])
    code, out, err = diagnose(capsys, path)

    assert 0 == code
    assert "what is before was read" in err
    assert "11 packets" in out


def test_standard_input_is_read_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, busy: Path
) -> None:
    """What tcpdump pipes: examples are those that told the fault, for the others are gone."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(busy.read_bytes())))
    code, out, _ = diagnose(capsys, "--json", "--window", "1s", "-")
    told = json.loads(out)
    examples = {fault["kind"]: fault["example"] for fault in told["faults"]}

    assert (1, "standard input") == (code, told["files"][0]["file"])
    assert 33 == examples["line_id_shared"]["number"]
    assert examples["solicit_far"] is None


def made(*paths: Path) -> Report:
    """The report of these captures."""
    diagnosis = Diagnosis(strict=True)
    summary = read(paths, diagnosis)
    return report(diagnosis, summary, Choice(), words)


class Tags(HTMLParser):
    """Elements and attributes of a page, and whether all that opens closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One opens."""
        self.names.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value:
                self.targets.add(value)
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The last that opened closes."""
        assert tag == self.open.pop()


def test_the_page_needs_nothing_but_itself(busy: Path) -> None:
    """No script, nothing from elsewhere, no style attribute: what it forbids itself, it does not need."""
    text = page(made(busy, RA0))
    tags = Tags(text)
    style = re.search("<style>(.*)</style>", text, re.DOTALL)

    assert style is not None
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert [] == tags.open
    assert not {"script", "img", "iframe", "form"} & tags.names
    assert not {"style", "src", "onclick"} & tags.attributes
    assert {f"#{one}" for one in tags.ids} == tags.targets
    assert "http" not in re.sub("http-equiv", "", text)


def test_what_a_customer_wrote_is_harmless(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A Circuit-Id that is an element of HTML stays text on the page; one with an escape sequence is shown in hex."""
    element = shared(tmp_path / "a.pcap", b"<script>alert(1)</script>")
    escape = shared(tmp_path / "b.pcap", b"\x1b[31mred")
    _, out, _ = diagnose(capsys, escape)
    text = page(made(element))

    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\x1b[31m" not in out
    assert f"0x{b'[31mred'.hex()}"[2:] in out


def test_passwords_of_radius_are_in_no_output(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An Access-Request that nobody answers is an example as a whole, but for its secrets."""
    records = [record.octets for record in records_of(RADIUS / "50-auth-pap-chap.pcap")]
    first = next(octets for octets in records if octets[42:43] == b"\1")  # Code behind Ethernet, IPv4 and UDP
    password = next(iter(re.findall(rb"\x02\x12(.{16})", first, re.DOTALL)))
    path = capture(tmp_path / "silent.pcap", *([first] * 6), v4(1, CPE), gap_s=5.0)
    code, out, _ = diagnose(capsys, "--json", path)
    (fault,) = json.loads(out)["faults"]
    _, text, _ = diagnose(capsys, "--html", "-", path)

    assert (1, "RADIUS") == (code, fault["example"]["tree"]["name"])
    assert {"name": "User-Password", "code": 2, "value": "(hidden)"} in fault["example"]["tree"]["parts"]
    assert password.hex() not in out + text


def test_the_page_is_written_beside_what_the_screen_tells(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:  # fmt: skip
    """--html writes a file; with - the page is all there is on standard output."""
    path = tmp_path / "ticket.html"
    code, out, _ = diagnose(capsys, "--html", path, RA0)
    _, only, _ = diagnose(capsys, "--html", "-", RA0)

    assert 1 == code
    assert "router_gone" in out
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert path.read_text(encoding="utf-8") + "\n" == only


def test_a_page_that_cannot_be_written_is_refused_before_the_captures_are_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Reading may take hours: the missing folder is named at once, and nothing else is told."""
    target = tmp_path / "none" / "page.html"

    assert (2, "", f"bngcorr diagnose: --html {target}: No such file or directory\n") == diagnose(
        capsys, "--html", target, RA0
    )

"""`bngcorr observe`: what it takes, what it prints, how it exits, and what the store and the watch know then."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from bngcorr.accountant.watch import Watch
from bngcorr.bng_profiles import costs_of
from bngcorr.cli import app
from bngcorr.config import load
from bngcorr.model.shown import instant_shown
from bngcorr.model.usage import Host, Usage
from bngcorr.model.vocabulary import Finding, HostKind
from bngcorr.store.clock import StoreClock
from bngcorr.store.lesson import FindingSeen, Lesson, SessionChange, SessionStep
from bngcorr.store.rows import Observed, Sample
from bngcorr.store.valkey import ValkeyStore
from tests.store.servers.single import Single, unix_valkey

T = TypeVar("T")
STATISTICS = Path(__file__).parent.parent / "accountant" / "statistics" / "ipoe_and_ppp.txt"
LINES = 10  # dual stack, on bng1: IPv4, SLAAC and a delegated prefix each, as in the statistics


@pytest.fixture(scope="module")
def server() -> Iterator[Single]:
    """A Valkey, ended with the module."""
    with unix_valkey() as one:
        yield one


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The rows of `-o json` by figure."""
        return {row["figure"]: row for row in json.loads(self.out)}


class Operator:
    """A configuration of a BNG with ten dual-stack lines, and a network of boxes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.domain = f"d-{folder.name}".replace("_", "-")[:64]
        self.config = folder / "bngcorr.yaml"
        upstream = {"address": "192.0.2.10:1812", "secret": "example"}
        bng: dict[str, object] = {"secret": "example", "profile": "nokia-sros", "domain": self.domain}
        self.settings: dict[str, Any] = {
            "store": {"url": url},
            "upstream": {"auth": upstream, "acct": upstream},
            "bngs": [
                {"name": "bng1", "address": "192.0.2.1", **bng},
                {"name": "edge", "address": "198.51.100.0/28", **bng},
            ],
        }
        self.config.write_text(yaml.safe_dump(self.settings))
        self.ask(self._fill)

    async def _fill(self, store: ValkeyStore) -> None:
        now = time.time_ns() // 1_000_000
        words = await store.write(
            [
                SessionChange(
                    domain=self.domain,
                    bng="bng1",
                    session=blake2b(b"%d" % number, digest_size=12).hexdigest(),
                    nas="bng1|",
                    step=SessionStep.START,
                    at_ms=now,
                    until_ms=now + 3_600_000,
                    hosts=(
                        Host(HostKind.V4, IPv4Address(0x0A000000 + number)),
                        Host(HostKind.SLAAC, IPv6Network(((0x20010DB8 << 96) + (number << 64), 64))),
                        Host(HostKind.IA_PD, IPv6Network(((0x20010DB9 << 96) + (number << 72), 56))),
                    ),
                )
                for number in range(LINES)
            ],
            now,
        )
        assert {"applied"} == set(words)

    def ask(self, question: Callable[[ValkeyStore], Awaitable[T]]) -> T:
        """What the store answers."""

        async def answer() -> T:
            store = ValkeyStore(self.url, budget_s=2.0, events=0)
            try:
                return await question(store)
            finally:
                await store.close()

        return asyncio.run(answer())

    def run(self, *arguments: str | Path) -> Ran:
        """`bngcorr observe` with these arguments, in this process."""
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app(["observe", "-c", str(self.config), *map(str, arguments)], exit_on_error=False)
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return Ran(code, out.getvalue(), err.getvalue())

    def file(self, text: str | bytes, name: str = "said") -> Path:
        """A file with this text."""
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def kept(self) -> Observed | None:
        """What the store keeps of bng1's word."""
        return self.ask(lambda store: store.capacity.observed(self.domain, ["bng1"])).get("bng1")


@pytest.fixture
def operator(server: Single, tmp_path: Path) -> Operator:
    """Somebody whose box said nothing yet."""
    return Operator(tmp_path, server.url)


def test_a_box_that_counts_as_we_do_is_told_so(operator: Operator) -> None:
    """Every figure beside ours, exit 0; the word is kept with the instant at which the file was written."""
    ran = operator.run("bng1", STATISTICS, "--at", "now")
    assert (0, "") == (ran.code, ran.err)
    for words in (("IPv4", "10", "10", "+0"), ("IPv6", "20", "20"), ("IA_PD", "10"), ("host", "resources", "30", "30")):
        assert any(all(word in line.split() for word in words) for line in ran.out.splitlines()), words
    kept = operator.kept()
    assert kept is not None
    assert {"v4": 10, "v6": 20, "ia_na": 0, "ia_pd": 10, "slaac": 10, "hosts": 30} == dict(kept.figures)
    assert f"bng1: its word of {instant_shown(kept.at_ms)}, the ledger of " in ran.out


def test_a_box_that_counts_otherwise_exits_1_and_says_what_to_do(operator: Operator) -> None:
    """More than five hosts and the tolerance: which figures, how far apart, and the next step."""
    ran = operator.run("bng1", operator.file('{"v4": 10, "v6": 14, "hosts": 24}'), "-o", "json")
    assert 1 == ran.code
    assert {"v4": True, "v6": False, "hosts": False} == {name: row["within"] for name, row in ran.rows.items()}
    v6 = ran.rows["v6"]
    assert (14, 20, 6, 42.86) == (v6["observed"], v6["ours"], v6["difference"], v6["per_cent"])
    assert "IPv6, host resources: beyond capacity.tolerance (2 %) and 5 hosts. Run bngcorr audit" in ran.err


def test_programs_read_rows(operator: Operator) -> None:
    """A JSON object a line, or CSV, with the instants of both sides."""
    said = operator.file('{"v4": 4}')
    (row,) = map(json.loads, operator.run("bng1", said, "-o", "jsonl").out.splitlines())
    (cells,) = csv.DictReader(io.StringIO(operator.run("bng1", said, "-o", "csv").out))
    assert ("bng1", "v4", 4, 10, 6) == tuple(row[key] for key in ("bng", "figure", "observed", "ours", "difference"))
    kept = operator.kept()
    assert kept is not None
    assert list(row) == list(cells)
    assert instant_shown(kept.at_ms) == max(row["observed_at"], cells["observed_at"])  # by two clocks, anew each time


def test_a_word_counts_of_when_it_was_said(operator: Operator) -> None:
    """By --at, else by the JSON object, else by when the file was written; it is compared with our figures of then."""
    now = time.time_ns() // 1_000_000
    before = Sample(at_ms=now - 1_810_000, usage=Usage(v4=7))
    operator.ask(lambda store: store.capacity.sample(operator.domain, "bng1", before, 7, 300_000))
    said = operator.file('{"v4": 7}')
    os.utime(said, (now / 1000 - 1800, now / 1000 - 1800))

    told = operator.file('{"v4": 7, "at": "-29m"}', "told")
    for ago_ms, arguments in ((1_800_000, (said,)), (1_740_000, (told,)), (1_680_000, (told, "--at", "-28m"))):
        ran = operator.run("bng1", *arguments, "-o", "json")
        assert (0, 0) == (ran.code, ran.rows["v4"]["difference"])
        kept = operator.kept()
        assert kept is not None
        assert abs(kept.at_ms - (now - ago_ms)) < 20_000

    late = operator.run("bng1", said, "-o", "json", "--at", "-30m")
    assert (0, "not kept: a newer word of the box is known" in late.err) == (late.code, True)
    gone = operator.run("bng1", said, "-o", "json", "--at", "-2h")
    assert (1, None) == (gone.code, gone.rows["v4"]["ours"])
    assert "nothing is known of that time here" in gone.err


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("bng9", "FILE"), "BNG 'bng9' is none of bng1, edge"),
        (("edge", "FILE"), "BNG 'edge' is a network of several boxes"),
        (("bng1", "no-such-file"), "no-such-file: No such file or directory"),
        (("bng1", "FOLDER"), "Is a directory"),
        (("bng1", "EMPTY"), 'expected the output of "show subscriber-mgmt statistics system"'),
        (("bng1", "HUGE"), "expected at most 8 MiB; found more"),
        (("bng1", "FILE", "--at", "yesterday"), "--at 'yesterday': expected an instant such as"),
        (("bng1", "FILE", "--at", "2999-01-01T00:00Z"), "--at '2999-01-01T00:00Z': expected the past; now it is 2"),
        (("bng1", "WHEN"), "\"at\" of the file 'noon': expected an instant"),
        (("bng1", "--frobnicate"), "unknown option --frobnicate"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(operator: Operator, arguments: tuple[str, ...], fault: str) -> None:
    """Exit 2, with what was expected and what was found."""
    files = {
        "FILE": lambda: operator.file('{"v4": 10}'),
        "FOLDER": lambda: operator.folder,
        "EMPTY": lambda: operator.file(""),
        "HUGE": lambda: operator.file(b"\n" * 8_388_609),
        "WHEN": lambda: operator.file('{"v4": 10, "at": "noon"}'),
    }
    ran = operator.run(*(files[one]() if one in files else one for one in arguments))
    assert (2, "", None) == (ran.code, ran.out, operator.kept())
    assert fault in ran.err


def test_a_store_that_is_away_exits_3(operator: Operator) -> None:
    """With the reason, and no figures."""
    operator.config.write_text(yaml.safe_dump(operator.settings | {"store": {"url": "redis://127.0.0.1:1/0"}}))
    ran = operator.run("bng1", operator.file('{"v4": 10}'))
    assert (3, "") == (ran.code, ran.out)
    assert ran.err.startswith("bngcorr observe: the store: ")


def test_what_powershell_writes_is_read(operator: Operator) -> None:
    """UTF-16 with its mark, lines ending in CR LF."""
    text = STATISTICS.read_text().replace("\n", "\r\n").encode("utf-16")
    assert 0 == operator.run("bng1", operator.file(text)).code


def test_from_standard_input_to_the_finding(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator's script does it: piped into the verb; a watch that looks then tells the finding."""
    octets = STATISTICS.read_bytes().replace(b"  10  ", b"  99  ")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
    assert 1 == operator.run("bng1", "-").code
    told: list[Lesson] = []

    async def look(store: ValkeyStore) -> None:
        config, clock = load(operator.config), StoreClock()
        await clock.measure(store)
        bngs = [bng for bng in config.bngs if bng.name == "bng1"]
        watch = Watch(store.queries, store.capacity, clock, bngs, costs_of(config), config.capacity, told.append)
        await watch.round()
        (seen,) = watch.seen
        assert (LINES, -89) == (seen.usage.v4, seen.differences[0].difference)

    operator.ask(look)
    (finding,) = told
    assert isinstance(finding, FindingSeen)
    assert (Finding.LEDGER_DIFFERS, "bng1", False) == (finding.finding, finding.subject, finding.over)
    assert {"observed": 99, "ours": 10, "difference": -89} == json.loads(finding.detail)["figures"]["v4"]

"""`bngcorr import`: what it prints, how it exits, and what is in force afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from bngcorr.bng_profiles import compile_all
from bngcorr.cli import app
from bngcorr.cli.plan_sites import port_shown
from bngcorr.config import parse
from bngcorr.correlator.keys import place_hash
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.proxy.port_id import GRAMMARS
from bngcorr.resources import resource
from bngcorr.store.keys import PlanKeys
from bngcorr.store.lane import Lane, open_lane
from bngcorr.store.plan import Plans
from bngcorr.wire.dictionary import Dictionary
from tests.store.servers.single import Single, unix_valkey

T = TypeVar("T")
HEADER = "bng,port,outer,inner,circuit_id,remote_id\n"
ROW = "bng1,1/1/4,100,20,olt7 eth 1/12,olt7/12\n"


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
    def json(self) -> dict[str, Any]:
        """The object that was printed."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Operator:
    """A configuration with its own domains in the store, and a folder with files to import."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.config = folder / "bngcorr.yaml"
        self.configure({})

    def configure(self, of_bng1: dict[str, object]) -> None:
        """bng1 with these settings, bng2, and edge, which is a network."""
        upstream = {"address": "192.0.2.10:1812", "secret": "example"}
        bng: dict[str, object] = {"secret": "example", "profile": "nokia-sros", "vlan_model": "per_line"}
        self.settings = {
            "store": {"url": self.url},
            "upstream": {"auth": upstream, "acct": upstream},
            "bngs": [
                {"name": "bng1", "address": "192.0.2.1", **bng, "domain": self.domain("a"), **of_bng1},
                {"name": "bng2", "address": "192.0.2.2", **bng, "domain": self.domain("b")},
                {"name": "edge", "address": "198.51.100.0/28", **bng, "domain": self.domain("b")},
            ],
        }
        self.config.write_text(yaml.safe_dump(self.settings))

    def domain(self, letter: str) -> str:
        """A domain that no other test uses: a of bng1, b of bng2 and edge."""
        return f"{letter}-{self.folder.name}".replace("_", "-")[:64]

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """`bngcorr import` with these arguments, in its own process."""
        return subprocess.Popen(
            [sys.executable, "-m", "bngcorr", "import", "-c", str(self.config), *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(self, *arguments: str | Path, stdin: str = "") -> Ran:
        """The same, to its end."""
        child = self.start(*arguments)
        out, err = child.communicate(stdin, timeout=100)
        return Ran(child.returncode, out, err)

    def run(self, *arguments: str | Path) -> Ran:
        """`bngcorr import` with these arguments, in this process."""
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app(["import", "-c", str(self.config), *map(str, arguments)], exit_on_error=False)
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return Ran(code, out.getvalue(), err.getvalue())

    def file(self, text: str | bytes, name: str = "lines.csv") -> Path:
        """A file with this text."""
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def plan(self, letter: str) -> dict[str, LineIds]:
        """What is in force."""
        return self.ask(lambda lane: Plans(lane).read_plan(self.domain(letter)))

    def ask(self, question: Callable[[Lane], Awaitable[T]]) -> T:
        """What the store answers."""

        async def answer() -> T:
            lane = open_lane(self.url)
            try:
                return await question(lane)
            finally:
                await lane.close()

        return asyncio.run(answer())


@pytest.fixture
def operator(server: Single, tmp_path: Path) -> Operator:
    """Somebody with nothing in force yet."""
    return Operator(tmp_path, server.url)


def place(ports: str, port: str, outer: int | None = None, inner: int | None = None) -> str:
    """A place by its hash."""
    return place_hash(ports, Attachment(port, outer, inner))


def many(count: int, text: str = "olt7") -> str:
    """So many places of bng1."""
    rows = (f"bng1,1/{n // 4000}/1,{n % 4000},,,{text}/{n}\n" for n in range(count))
    return HEADER + "".join(rows)


def of(report: dict[str, Any], domain: str) -> dict[str, Any]:
    """What a report says of a domain."""
    (found,) = [row for row in report["domains"] if row["domain"] == domain]
    assert isinstance(found, dict)
    return found


# ---- what an import does


def test_a_file_is_put_in_force_for_the_domains_it_names(operator: Operator) -> None:
    """Others keep what they have, and are told so; the table counts, the summary tells places by BNG and the time."""
    assert 0 == operator.run(operator.file(HEADER + "bng2,1/1/1,1,,,x\n")).code
    ran = operator.run(operator.file(HEADER + ROW + "bng1,lag-12,7,,,0x0009ff\n"))

    assert (0, "") == (ran.code, ran.err)
    expected = {
        place("bng1|", "1/1/4", 100, 20): LineIds(b"olt7/12", b"olt7 eth 1/12"),
        place("bng1|", "lag-12", 7): LineIds(b"\0\x09\xff", None),
    }
    assert expected == operator.plan("a")
    assert {place("bng2|", "1/1/1", 1): LineIds(b"x", None)} == operator.plan("b")
    for said in (
        "+ bng1 1/1/4:100.20 (line 2): remote_id 'olt7/12', circuit_id 'olt7 eth 1/12'",
        "+ bng1 lag-12:7 (line 3): remote_id 0x0009ff, circuit_id -",
        f"not in the file, so their plans stay (--all empties them): {operator.domain('b')}",
        "bng1: 2 places",
        "in force, ",
    ):
        assert said in ran.out


def test_a_program_reads_what_changes(operator: Operator) -> None:
    """Counts, a few examples with both lines, the digest that sha256sum gives."""
    operator.run(operator.file(HEADER + ROW + "bng1,1/1/5,1,,,a\nbng1,1/1/6,1,,,b\n"))
    path = operator.file(HEADER + ROW + "bng1,1/1/5,1,,,A\nbng1,1/1/7,1,,,c\n")
    report = operator.run(path, "--json").json

    row = of(report, operator.domain("a"))
    assert {"fate": "replaced", "before": 3, "after": 3, "added": 1, "removed": 1, "changed": 1, "unchanged": 1} == {
        key: value for key, value in row.items() if key not in ("domain", "examples")
    }
    (changed,) = row["examples"]["changed"]
    assert ("bng1 1/1/5:1", 3, "a", "A") == (
        changed["told"], changed["line"], changed["before"]["remote_id"]["text"], changed["after"]["remote_id"]["text"],
    )  # fmt: skip
    (removed,) = row["examples"]["removed"]
    assert (place("bng1|", "1/1/6", 1), None, None) == (removed["place"], removed["told"], removed["after"])
    assert {"domain": operator.domain("b"), "fate": "kept", "before": 0, "after": 0} == of(report, operator.domain("b"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == report["digest"]
    assert (True, {"bng1": 3}, [], []) == (
        report["in_force"], report["places"], report["warnings"], report["refusals"],
    )  # fmt: skip


def test_a_dry_run_writes_nothing(operator: Operator) -> None:
    """It shows the same, and exits as the import would."""
    ran = operator.run(operator.file(HEADER + ROW), "--dry-run", "--json")

    assert 0 == ran.code
    assert 1 == of(ran.json, operator.domain("a"))["added"]
    assert not ran.json["in_force"]
    assert {} == operator.plan("a")


def test_the_same_file_again_changes_nothing_but_its_date(operator: Operator) -> None:
    """The version stays in force, and nothing is written beside it."""
    path = operator.file(HEADER + ROW)
    operator.run(path)
    before = operator.ask(lambda lane: Plans(lane).info(operator.domain("a")))
    ran = operator.run(path, "--json")
    after = operator.ask(lambda lane: Plans(lane).info(operator.domain("a")))

    assert ("unchanged", 1) == (of(ran.json, operator.domain("a"))["fate"], of(ran.json, operator.domain("a"))["after"])
    assert before is not None
    assert after is not None
    assert (before.version, before.rows) == (after.version, after.rows)
    assert after.imported_ms > before.imported_ms


def test_standard_input_and_gzip_are_read_alike(operator: Operator) -> None:
    """Both are told by the digest of the text."""
    text = HEADER + ROW
    packed = operator.run(operator.file(gzip.compress(text.encode()), "lines.csv.gz"), "--json")
    piped = operator.finish("-", "--json", stdin=text)

    assert (0, 0) == (packed.code, piped.code)
    assert hashlib.sha256(text.encode()).hexdigest() == packed.json["digest"] == piped.json["digest"]
    assert 1 == of(piped.json, operator.domain("a"))["unchanged"]


def test_a_chosen_bng_leaves_other_domains_alone(operator: Operator) -> None:
    """Rows of the others are checked all the same, and counted."""
    text = HEADER + ROW + "bng2,1/1/1,1,,,x\nedge|198.51.100.3,1/1/1,1,,,y\n"
    ran = operator.run(operator.file(text), "--bng", "bng1")

    assert 0 == ran.code
    assert "2 places of BNGs that --bng does not choose were left out" in ran.out
    assert (1, 0) == (len(operator.plan("a")), len(operator.plan("b")))
    assert 2 == operator.run(operator.file(HEADER + ROW + "bng2,1/1/1,x,,,x\n"), "--bng", "bng1").code


def test_all_empties_domains_that_the_file_does_not_name(operator: Operator) -> None:
    """Only on demand: a file of one region must not take the plans of the others away."""
    operator.run(operator.file(HEADER + ROW + "bng2,1/1/1,1,,,x\n"))
    ran = operator.run(operator.file(HEADER + ROW), "--all", "--json")

    assert 0 == ran.code
    assert ("emptied", 0) == tuple(of(ran.json, operator.domain("b"))[key] for key in ("fate", "after"))
    assert (1, 0) == (len(operator.plan("a")), len(operator.plan("b")))


# ---- refusing


def test_a_file_with_faults_writes_nothing(operator: Operator) -> None:
    """Every fault with line, column and value, for people and for programs; exit 2."""
    operator.run(operator.file(HEADER + ROW))
    path = operator.file(HEADER + "bng1,1/1/9,1,,,fine\nbng9,1/1/4,4095,,,\n")
    ran = operator.run(path)

    assert (2, "") == (ran.code, ran.out)
    assert f"{path} has 3 faults; nothing was written:" in ran.err
    assert "line 3, outer: got '4095'; expected a VLAN of 0 … 4094, or nothing" in ran.err
    told = operator.run(path, "--json")
    assert (2, 3) == (told.code, told.json["fault_count"])
    assert ["bng", "outer", "circuit_id, remote_id"] == [fault["column"] for fault in told.json["faults"]]
    assert 1 == len(operator.plan("a"))


def test_more_than_a_hundred_faults_are_summed_up(operator: Operator) -> None:
    """The rest is a number."""
    ran = operator.run(operator.file(HEADER + "bng1,1/1/9,1,,,\n" * 130))

    assert 2 == ran.code
    assert 100 == ran.err.count("expected at least one of both")
    assert "… and 30 more" in ran.err


def test_unknown_columns_are_refused_unless_ignored(operator: Operator) -> None:
    """A mistyped column must not be lost in silence."""
    path = operator.file("bng,port,outer,inner,remote_id,note\nbng1,1/1/4,1,,a,hello\n")
    refused, ignored = operator.run(path), operator.run(path, "--ignore-columns")

    assert 2 == refused.code
    assert "line 1: got column 'note'" in refused.err
    assert 0 == ignored.code
    assert "columns that are not known and were ignored: 1, the first in line 1 ('note')" in ignored.out


def test_losing_most_of_a_plan_needs_force(operator: Operator) -> None:
    """An export that broke off is the usual reason; exit 1, and the plan stays."""
    operator.run(operator.file(many(200)))
    short = operator.file(many(99))
    refused = operator.run(short)

    assert 1 == refused.code
    assert f"domain {operator.domain('a')} would lose 101 of its 200 places" in refused.err
    assert "nothing was changed" in refused.out
    assert 200 == len(operator.plan("a"))
    assert 1 == operator.run(short, "--dry-run").code
    assert 0 == operator.run(short, "--force").code
    assert 99 == len(operator.plan("a"))


def test_a_file_without_a_place_is_refused(operator: Operator) -> None:
    """A header alone is no plan, nor is one that is about other BNGs than the chosen."""
    operator.run(operator.file(HEADER + ROW))

    for arguments in ((operator.file(HEADER, "none.csv"),), (operator.file(HEADER + ROW), "--bng", "bng2")):
        ran = operator.run(*arguments)
        assert (1, True) == (ran.code, "the file has no place that may change" in ran.err)
    assert 1 == len(operator.plan("a"))


@pytest.mark.parametrize(
    "arguments", [(), ("lines.csv", "--show"), ("--forse",), ("-", "--bng", "bng7"), ("gone.csv",)]
)
def test_a_wrong_command_line_exits_2(operator: Operator, arguments: tuple[str, ...]) -> None:
    """No file, too much, an unknown option, an unknown BNG, no such file."""
    ran = operator.run(*arguments)

    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("bngcorr import: ")


def test_a_gzip_file_that_breaks_off_is_refused(operator: Operator) -> None:
    """What was read of it is not taken for the whole."""
    ran = operator.run(operator.file(gzip.compress(many(5000).encode())[:-100], "lines.csv.gz"))

    assert 2 == ran.code
    assert "nothing was written" in ran.err
    assert {} == operator.plan("a")


def test_a_store_that_is_away_is_told_without_its_password(operator: Operator) -> None:
    """Exit 1; the URL may hold a password."""
    operator.settings["store"] = {"url": "redis://u:hidden-word@127.0.0.1:1/0"}
    operator.config.write_text(yaml.safe_dump(operator.settings))
    ran = operator.run(operator.file(HEADER + ROW))

    assert 1 == ran.code
    assert ran.err.startswith("bngcorr import: the store: ")
    assert "hidden-word" not in ran.err


def test_a_second_import_at_once_is_refused(operator: Operator) -> None:
    """Exit 1, with the domain; the same a moment later is done."""
    path = operator.file(HEADER + ROW)

    async def held(lane: Lane) -> Ran:
        async with Plans(lane).claim([operator.domain("a")]):
            return await asyncio.to_thread(operator.finish, path)

    ran = operator.ask(held)
    assert 1 == ran.code
    assert f"another import of domain {operator.domain('a')} is under way" in ran.err
    assert 0 == operator.run(path).code


# ---- warning


def test_what_is_allowed_but_odd_is_warned_of(operator: Operator) -> None:
    """Lines at several places, ports that requests never show, blanks in ids, BNGs whose VLANs are shared."""
    operator.configure({"vlan_model": "shared"})
    text = "bng1,1/1/1,1,,,a\nbng1,1/1/2,1,,,a\nbng2,ge-1/0/0,1,,,b \n"
    warnings = operator.run(operator.file(HEADER + text), "--json").json["warnings"]

    expected = [
        "remote_ids that begin or end with a blank, which is part of them: 1, the first in line 4 ('b ')",
        "ports of bng2 as `bngcorr explain` does not show them: 1, the first in line 4 (ge-1/0/0)",
        f"domain {operator.domain('a')} has 1 lines at more than one place each, 2 places together",
        "bng1 has vlan_model: shared: whoever sends from one of its 2 places without a line id is put on the line"
        " there, so list only places that have a single line",
    ]
    assert expected == warnings


def test_a_bng_that_leaves_the_rung_out_is_warned_of(operator: Operator) -> None:
    """Its plan would never be asked."""
    operator.configure({"rungs": ["window", "live"]})
    warnings = operator.run(operator.file(HEADER + ROW), "--json").json["warnings"]

    assert ["bng1 does not climb the rung inventory (rungs): its 1 places are not asked for"] == warnings


@pytest.mark.parametrize(
    ("profile", "port", "shown"),
    [
        ("nokia-sros", "1/1/c2/1", "1/1/c2/1"),
        ("nokia-sros", "lag-12", "lag-12"),
        ("nokia-sros", "bert 1/1/4", "1/1/4"),
        ("nokia-sros", "ethernet", None),
        ("juniper-mx", "ge-1/0/0", "ge-1/0/0"),
        ("juniper-mx", "ae0.100", "ae0"),
        ("cisco", "0/0/2", "0/0/2"),
        ("huawei-ne", "1/0/5", "1/0/5"),
        ("huawei-ne", "01/0/5", "1/0/5"),
        ("huawei-ne", "1/5", None),
        ("generic", "eth1.100", "eth1.100"),
    ],
)
def test_a_port_is_compared_with_what_requests_show(profile: str, port: str, shown: str | None) -> None:
    """By the grammars of the BNG's profile."""
    compiled = compile_profile(packaged()[profile], Dictionary(resource("dictionaries") / "dictionary"))

    assert shown == port_shown(compiled, port)


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_every_grammar_has_a_port_that_it_shows_as_it_is(grammar: str) -> None:
    """None is forgotten where ports of a plan are compared."""
    upstream = {"address": "192.0.2.10:1812", "secret": "example"}
    settings = parse({
        "upstream": {"auth": upstream, "acct": upstream},
        "profiles": {"own": {"extends": "generic", "port": [{"attribute": "NAS-Port-Id", "grammar": grammar}]}},
        "bngs": [{"name": "bng1", "address": "192.0.2.1", "secret": "example", "profile": "own"}],
    })  # fmt: skip
    profile = compile_all(settings, Dictionary(resource("dictionaries") / "dictionary"))["bng1"]
    ports = ("1/0/5", "ge-1/0/0")

    assert any(port == port_shown(profile, port) for port in ports)


# ---- showing


def test_show_tells_what_is_in_force(operator: Operator) -> None:
    """Per domain: places, when, and of which file."""
    path = operator.file(HEADER + ROW)
    operator.run(path)
    rows = {row["domain"]: row for row in operator.run("--show", "--json").json["domains"]}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    assert (1, digest) == (rows[operator.domain("a")]["rows"], rows[operator.domain("a")]["digest"])
    assert {"domain": operator.domain("b"), "version": None, "rows": 0, "imported_at": None, "digest": None} == (
        rows[operator.domain("b")]
    )
    shown = operator.run("--show")
    assert 0 == shown.code
    assert digest[:12] in shown.out
    assert "no plan" in shown.out


def test_help_teaches_with_a_file(operator: Operator) -> None:
    """Whoever reads it can write one."""
    assert "bng1,1/1/4,100,20,olt7 eth 1/12,olt7/12" in operator.run("--help").out


# ---- interrupted, and large


def wait_until_staged(operator: Operator) -> None:
    """Until an import has written something that is not in force."""
    names = PlanKeys(operator.domain("a"))
    deadline = time.monotonic() + 60

    async def staged(lane: Lane) -> None:
        while time.monotonic() < deadline:
            (count,) = await lane.run([("SCARD", names.versions)], 5.0)
            if count:
                return
            await asyncio.sleep(0.002)
        pytest.fail("nothing was staged")

    operator.ask(staged)


def left_behind(operator: Operator) -> int:
    """Versions that are not in force but take room."""

    async def count(lane: Lane) -> int:
        (found,) = await lane.run([("SCARD", PlanKeys(operator.domain("a")).versions)], 5.0)
        return int(found)

    return operator.ask(count)


@pytest.mark.parametrize("way", ["kill", "terminate"])
def test_an_import_that_is_interrupted_leaves_the_old_plan(operator: Operator, way: str) -> None:
    """While it writes; the next one removes what it left, at once if it could say good-bye, else after seconds."""
    operator.run(operator.file(HEADER + ROW))
    before = operator.plan("a")
    child = operator.start(operator.file(many(20_000), "large.csv"), "--force")
    wait_until_staged(operator)
    child.kill() if way == "kill" else child.terminate()
    _, err = child.communicate(timeout=30)

    assert before == operator.plan("a")
    assert 1 == left_behind(operator)
    if way == "kill":
        refused = operator.run(operator.file(HEADER + ROW))
        assert (1, True) == (refused.code, "if it was killed, try again in" in refused.err)
        operator.ask(lambda lane: lane.run([("PEXPIRE", PlanKeys(operator.domain("a")).claim, 1)], 5.0))
    else:
        assert (1, True) == (child.returncode, "interrupted" in err)
    assert 0 == operator.run(operator.file(HEADER + ROW)).code
    assert 0 == left_behind(operator)


def test_a_hundred_thousand_places_are_imported_in_seconds(operator: Operator) -> None:
    """Reading, comparing, writing; generous for a slow machine."""
    began = time.monotonic()
    report = operator.run(operator.file(many(100_000)), "--json").json

    assert 100_000 == of(report, operator.domain("a"))["after"]
    assert time.monotonic() - began < 30
    assert LineIds(b"olt7/99999", None) == operator.plan("a")[place("bng1|", "1/24/1", 3999)]

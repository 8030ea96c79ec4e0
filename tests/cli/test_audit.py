"""`bngcorr audit`: what it prints, how it exits, and what the ledger says afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

import pytest
import yaml

from bngcorr.cli import app, audit
from bngcorr.model.attachment import Attachment
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.lesson import SessionChange, SessionStep
from bngcorr.store.valkey import ValkeyStore
from tests.store.servers.single import Single, unix_valkey

T = TypeVar("T")


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


class Operator:
    """A configuration of three BNGs in two domains of their own, each with two sessions."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.config = folder / "bngcorr.yaml"
        self.configure(url)
        self.ask(self._fill)

    def configure(self, url: str) -> None:
        """The store is there."""
        upstream = {"address": "192.0.2.10:1812", "secret": "example"}
        bng: dict[str, object] = {"secret": "example", "profile": "nokia-sros"}
        settings = {
            "store": {"url": url},
            "upstream": {"auth": upstream, "acct": upstream},
            "bngs": [
                {"name": "bng1", "address": "192.0.2.1", **bng, "domain": self.domain("a")},
                {"name": "edge", "address": "198.51.100.0/28", **bng, "domain": self.domain("b")},
                {"name": "bng2", "address": "192.0.2.2", **bng, "domain": self.domain("a")},
            ],
        }
        self.config.write_text(yaml.safe_dump(settings))

    def domain(self, letter: str) -> str:
        """A domain that no other test uses: a of bng1 and bng2, b of edge."""
        return f"{letter}-{self.folder.name}".replace("_", "-")[:64]

    async def _fill(self, store: ValkeyStore) -> None:
        now = time.time_ns() // 1_000_000
        boxes = (("a", "bng1|"), ("a", "bng2|"), ("b", "edge|198.51.100.3"))
        await store.write(
            [
                SessionChange(
                    domain=self.domain(letter), bng=box.partition("|")[0], nas=box, step=SessionStep.START,
                    session=blake2b(f"{box}{number}".encode(), digest_size=12).hexdigest(),
                    at_ms=now, until_ms=now + 600_000, digest="00000001", port=Attachment("1/1/4"),
                    hosts=(Host(HostKind.V4, IPv4Address(f"203.0.113.{number}")),),
                )
                for letter, box in boxes
                for number in (1, 2)
            ],
            now,
        )  # fmt: skip

    def ask(self, question: Callable[[ValkeyStore], Awaitable[T]]) -> T:
        """What the store answers."""

        async def answer() -> T:
            store = ValkeyStore(self.url, budget_s=5.0, events=0)
            try:
                return await question(store)
            finally:
                await store.close()

        return asyncio.run(answer())

    def spoil(self, letter: str, command: str, name: str, *rest: str | int) -> None:
        """One command on a key of a domain."""
        key = f"bngcorr:{{{self.domain(letter)}}}:{name}"
        self.ask(lambda store: store.lane.run([(command, key, *rest)], 5.0))

    def spend(self, letter: str, bng: str) -> int:
        """IPv4 hosts of a BNG by the ledger."""
        return self.ask(lambda store: store.queries.usage(self.domain(letter), [bng]))[bng].v4

    def run(self, *arguments: str) -> Ran:
        """`bngcorr audit` with these arguments."""
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app(["audit", "-c", str(self.config), *arguments], exit_on_error=False)
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def operator(server: Single, tmp_path: Path) -> Operator:
    """Somebody whose ledger is sound."""
    return Operator(tmp_path, server.url)


def test_a_sound_ledger_is_said_to_be_sound(operator: Operator) -> None:
    """One line, exit 0, nothing on standard error."""
    ran = operator.run()

    assert (0, "") == (ran.code, ran.err)
    assert ran.out.startswith("2 domains audited in ")
    assert ran.out.endswith(" s: the ledger agrees with the sessions\n")


def test_what_differs_is_told_and_mended_on_demand(operator: Operator) -> None:
    """Exit 1 with a table; with --repair still 1, and then everything agrees."""
    operator.spoil("b", "HINCRBY", "u:edge|198.51.100.3", "1|v4", 40)
    told = operator.run("--bng", "edge")
    assert (1, "") == (told.code, told.err)
    for shown in ("edge", "198.51.100.3", "1/1/4", "42", "+40", "1 counter and 0 references", "--repair does that"):
        assert shown in told.out
    mended = operator.run("--bng", "edge", "--repair")

    assert (1, True) == (mended.code, "1 counter and 0 references to hosts differ, mended" in mended.out)
    assert 0 == operator.run("--bng", "edge").code
    assert 2 == operator.spend("b", "edge")


def test_a_lost_reference_alone_is_a_difference(operator: Operator) -> None:
    """No counter differs yet, but one would as soon as the session ends."""
    keys = operator.ask(lambda store: store.lane.run([("KEYS", f"bngcorr:{{{operator.domain('a')}}}:h:bng1|:*")], 5.0))[
        0
    ]
    operator.spoil("a", "DEL", keys[0].decode().partition("}:")[2])
    ran = operator.run("--bng", "bng1")

    assert 1 == ran.code
    assert "0 counters and 1 reference to hosts differ" in ran.out


def test_programs_read_what_differs(operator: Operator) -> None:
    """JSON tells each domain; JSON lines and CSV are the counters alone, the summary goes to standard error."""
    operator.spoil("a", "HINCRBY", "u:bng2|", "v4", -1)
    row = {
        "domain": operator.domain("a"), "bng": "bng2", "box": "", "port": "", "kind": "v4",
        "ledger": 1, "sessions": 2, "difference": -1,
    }  # fmt: skip
    told = json.loads(operator.run("-o", "json").out)
    lines, cells = (operator.run("--bng", "bng2", "-o", form) for form in ("jsonl", "csv"))

    assert (False, [[row], []]) == (told["repaired"], [one["counters"] for one in told["domains"]])
    assert [False, True] == [one["sound"] for one in told["domains"]]
    assert [row] == [json.loads(line) for line in lines.out.splitlines()]
    assert [{name: str(value) for name, value in row.items()}] == list(csv.DictReader(io.StringIO(cells.out)))
    for ran in (lines, cells):
        assert (1, True) == (ran.code, "1 counter and 0 references to hosts differ" in ran.err)


def test_a_domain_is_chosen_by_its_name_or_by_a_bng(operator: Operator) -> None:
    """Others are not looked at."""
    operator.spoil("a", "HINCRBY", "u:bng1|", "v4", 1)

    assert [1, 0] == [operator.run("--domain", operator.domain(letter)).code for letter in "ab"]
    assert [1, 0] == [operator.run("--bng", bng).code for bng in ("bng2", "edge")]


def test_faulty_questions_exit_2(operator: Operator) -> None:
    """The option and its value are named, and what there is."""
    ran = operator.run("--bng", "bng9")
    assert (2, "", "bngcorr audit: --bng 'bng9' is none of bng1, edge, bng2\n") == (ran.code, ran.out, ran.err)
    ran = operator.run("--domain", "x")
    assert (2, True) == (ran.code, f"none of {operator.domain('a')}, {operator.domain('b')}" in ran.err)
    ran = operator.run("--bng", "bng1", "--domain", operator.domain("a"))
    assert (2, True) == (ran.code, "not both" in ran.err)
    operator.config.write_text("bngs: 7\n")
    assert 2 == operator.run().code


def test_a_store_that_is_away_exits_3(operator: Operator) -> None:
    """It is said, and nothing is called sound."""
    operator.configure(f"unix://{operator.folder}/none")
    ran = operator.run()

    assert (3, "") == (ran.code, ran.out)
    assert ran.err.startswith("bngcorr audit: the store: ")


def test_another_audit_under_way_exits_3(operator: Operator) -> None:
    """Of several domains those before it are told, those that are left are named."""
    ahead = time.time_ns() // 1_000_000 + 50_000
    operator.spoil("b", "HSET", "q", "audit", f"{ahead} 12", "audit.token", "ab 3")
    ran = operator.run()

    assert (3, True) == (ran.code, ran.out.startswith("1 domain audited in "))
    assert f"another audit of domain {operator.domain('b')} is under way" in ran.err
    assert f"(no answer for {operator.domain('b')})" in ran.err


def test_an_audit_that_is_interrupted_keeps_no_other_out(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle ends it with exit 3; nothing is called sound, and the next one may begin."""
    with monkeypatch.context() as at_a_bar:
        at_a_bar.setattr(audit._Advance, "to", lambda _, __: os.kill(os.getpid(), signal.SIGINT))
        ran = operator.run()

    assert (3, "") == (ran.code, ran.out)
    assert ran.err.startswith("bngcorr audit: interrupted")
    assert 0 == operator.run().code

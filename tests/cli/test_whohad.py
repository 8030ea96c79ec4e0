"""`bngcorr whohad`: who is found, how sure that is, what is printed, and how it exits."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.shown import instant_shown
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.lesson import Lesson
from bngcorr.store.rows import Closed
from bngcorr.store.valkey import ValkeyStore
from tests.cli.history import NOW_MS, Desk, Ran, shown
from tests.store.scene import Scene
from tests.store.servers.single import Single, unix_valkey
from tests.store.subjects import EXPECTED, INTERIM, NOW, START, STOP, ia_na, ia_pd, v4

HOUR = 3_600_000
MAC = Mac(bytes.fromhex("000e8f000001"))


@pytest.fixture(scope="module")
def server() -> Iterator[Single]:
    """A Valkey, ended with the module."""
    with unix_valkey() as one:
        yield one


class Office(Desk):
    """A desk whose store can be told things, hours ago."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        store = ValkeyStore(url, budget_s=5.0, events=10, history_backlog=100)
        self.scene = Scene(store)
        super().__init__(folder, url, self.scene.domain)

    def tell(self, make: Callable[[Scene, Callable[[float], int]], list[Lesson]]) -> None:
        """Lessons that `make` makes; it is given what turns "hours ago" into `at`."""

        async def told() -> None:
            store = ValkeyStore(self.url, budget_s=5.0, events=10, history_backlog=100)
            try:
                await store.write(make(self.scene, lambda hours: NOW_MS - NOW - round(hours * HOUR)), NOW_MS)
            finally:
                await store.close()

        asyncio.run(told())


@pytest.fixture
def office(tmp_path: Path, server: Single) -> Office:
    """A domain of its own in the store, and an empty folder."""
    return Office(tmp_path, server.url)


def ago(hours: float) -> str:
    """As the output tells it."""
    text = instant_shown(NOW_MS - round(hours * HOUR))
    assert text is not None
    return text


def closed(
    *hosts: str,
    since: float,
    until: float,
    why: str = "stop",
    session_id: bytes = b"old",
    bng: str = "bng1",
    user_name: str = "alice",
) -> Closed:
    """A session that was closed; hours ago."""
    return Closed(
        domain="gone", nas=f"{bng}|", hosts=hosts, since_ms=(NOW_MS - round(since * HOUR),) * len(hosts),
        until_ms=NOW_MS - round(until * HOUR), why=why, line="0" * 24, ids=LineIds(b"olt7/1", b"eth 1/1"),
        session_id=session_id, user_name=user_name, port=Attachment("1/1/4", 100, 20), address=MAC,
    )  # fmt: skip


def test_a_live_session_is_found_by_what_it_holds(office: Office) -> None:
    """By its address, by an address in its delegated prefix, by prefixes around and within; `to` is open."""
    office.tell(
        lambda scene, at: [
            scene.change(
                START, at=at(2), hosts=[v4(9), ia_na(9), ia_pd(1)], number=1, session_id=b"live", user_name="alice",
                port=Attachment("1/1/4", 100, 20), address=MAC, lasts=9 * HOUR,
            )
        ]
    )  # fmt: skip
    asked = ("203.0.113.9", "2001:db8::9", "2001:db8:0:1ff::7", "2001:db8:0:100::/56", "2001:db8:0:133::/64",
             "2001:db8::/32", "203.0.113.8/30", "203.0.0.0/16")  # fmt: skip
    found = {text: office.whohad(text) for text in asked}

    assert dict.fromkeys(asked, 0) == {text: ran.code for text, ran in found.items()}
    assert [1, 1, 1, 1, 1, 2, 1, 1] == [len(ran.rows) for ran in found.values()]
    (row,) = found["203.0.113.9"].rows
    assert {
        "address": "203.0.113.9", "kind": "v4", "service": "", "from": ago(2), "to": None, "end": None, "bng": "bng1",
        "box": "0a000001", "port": "1/1/4", "outer": 100, "inner": 20, "mac": "00:0e:8f:00:00:01",
        "remote_id": {"hex": "4c494e452d31", "text": "LINE-1"}, "session_id": {"hex": "6c697665", "text": "live"},
        "user_name": "alice", "source": "accounting", "last_heard": ago(2), "certain": True,
    } == {name: value for name, value in row.items() if name not in ("line", "domain", "circuit_id")}  # fmt: skip


def test_each_holder_is_told_for_his_own_time(office: Office) -> None:
    """On disk, closed but not on disk yet, and live: one address, three customers one after the other."""
    office.write(closed("v4||203.0.113.9", since=8, until=6))
    office.tell(
        lambda scene, at: [
            scene.change(START, "second", at=at(5), hosts=[v4(9)], session_id=b"second", lasts=9 * HOUR),
            scene.change(STOP, "second", at=at(4), session_id=b"second"),
            scene.change(START, "third", at=at(3), hosts=[v4(9)], session_id=b"third", lasts=9 * HOUR),
        ]
    )
    holders = {
        hours: shown(office.whohad("203.0.113.9", "--at", f"-{hours}h").rows, "session_id", "end")
        for hours in (9, 7, 5.5, 4.5, 3.5, 2)
    }

    assert {
        9: [], 7: [("old", "stop")], 5.5: [], 4.5: [("second", "stop")], 3.5: [], 2: [("third", None)],
    } == holders  # fmt: skip
    assert 1 == office.whohad("203.0.113.9", "--at", ago(3.5)).code
    assert [("second",), ("third",)] == shown(
        office.whohad("203.0.113.9", "--at", ago(3.6), "--within", "40m").rows, "session_id"
    )


def test_an_address_that_an_interim_no_longer_names_was_held_until_then(office: Office) -> None:
    """The session goes on with another one."""
    office.tell(
        lambda scene, at: [
            scene.change(START, at=at(5), hosts=[v4(9)], session_id=b"s", lasts=9 * HOUR),
            scene.change(INTERIM, at=at(3), hosts=[v4(10)], session_id=b"s", lasts=9 * HOUR),
        ]
    )

    assert [(ago(5), ago(3), "interim")] == shown(office.whohad("203.0.113.9", "--at", "-4h").rows, "from", "to", "end")
    assert [] == office.whohad("203.0.113.9").rows
    assert [(ago(3), None)] == shown(office.whohad("203.0.113.10").rows, "from", "to")


def test_a_session_that_fell_silent_may_have_held_on(office: Office) -> None:
    """Certain until its last word; after it only perhaps, until the silence was noticed."""
    office.write(closed("v4||203.0.113.9", since=8, until=6, why="expired"), noted_ms=NOW_MS - 3 * HOUR)

    assert [(ago(6), True)] == shown(office.whohad("203.0.113.9", "--at", "-7h").rows, "last_heard", "certain")
    assert [(ago(6), False)] == shown(office.whohad("203.0.113.9", "--at", "-4h").rows, "last_heard", "certain")
    assert [] == office.whohad("203.0.113.9", "--at", "-2h").rows
    table = office.run("whohad", "203.0.113.9", "--at", "-4h").out
    assert "last heard" in table
    assert "not certain" in table
    assert "may have been held longer" in " ".join(table.split())


def test_after_a_restart_of_the_box_nobody_is_sure(office: Office) -> None:
    """Until the session's next record."""
    office.tell(
        lambda scene, at: [
            scene.change(START, at=at(5), hosts=[v4(9)], lasts=9 * HOUR),
            scene.restart(at=at(2)),
        ]
    )

    assert [(False,)] == shown(office.whohad("203.0.113.9").rows, "certain")
    assert [(True,)] == shown(office.whohad("203.0.113.9", "--at", ago(5)).rows, "certain")


def test_an_address_that_two_lines_hold_is_certain_of_neither(office: Office) -> None:
    """The Stop of one of them was lost, and nobody knows of which."""
    office.tell(
        lambda scene, at: [
            scene.change(START, "first", at=at(5), hosts=[v4(9)], number=1, session_id=b"first", lasts=9 * HOUR),
            scene.change(START, "second", at=at(2), hosts=[v4(9)], number=2, session_id=b"second", lasts=9 * HOUR),
        ]
    )

    assert [(False,), (False,)] == shown(office.whohad("203.0.113.9").rows, "certain")
    assert [(True,)] == shown(office.whohad("203.0.113.9", "--at", "-3h").rows, "certain")


def test_an_address_is_printed_as_it_is(office: Office) -> None:
    """Parts of it that are names of pictures, :100: and :ab:, too."""
    for address in ("2001:db8:1:100::1", "2001:db8:1:ab::1"):
        assert f"held {address} at" in office.run("whohad", address).out


def test_an_address_that_very_many_hold_is_told_for_each(office: Office) -> None:
    """More sessions than the index of addresses keeps, all with the same private address in services of their own."""
    many = 20
    office.tell(
        lambda scene, at: [
            scene.change(
                START, f"s{number}", at=at(1), hosts=[Host(HostKind.V4, IPv4Address("10.0.0.1"), f"vrf{number}")],
                session_id=b"%d" % number, lasts=9 * HOUR,
            )
            for number in range(many)
        ]
    )  # fmt: skip

    assert many == len(office.whohad("10.0.0.1").rows)


def test_what_aaa_has_only_promised_is_not_held(office: Office) -> None:
    """Nor is what a session without a record might have."""
    office.tell(lambda scene, at: [scene.change(EXPECTED, at=at(1), promised=[ia_pd(1)], lasts=9 * HOUR)])

    assert 1 == office.whohad("2001:db8:0:100::/56").code


def test_private_addresses_are_told_by_bng(office: Office) -> None:
    """Two customers of two BNGs hold the same address at the same time."""
    office.write(
        *(closed("v4||10.0.0.9", since=8, until=6, bng=bng, session_id=bng.encode()) for bng in ("bng1", "bng2"))
    )
    both = office.whohad("10.0.0.9", "--at", "-7h")
    one = office.whohad("10.0.0.9", "--at", "-7h", "--bng", "bng2")
    unknown = office.whohad("10.0.0.9", "--at", "-7h", "--bng", "bng3")

    assert ({"bng1", "bng2"}, ["bng2"]) == ({row["bng"] for row in both.rows}, [row["bng"] for row in one.rows])
    assert 1 == unknown.code
    assert "--bng 'bng3' is not configured" in unknown.err


def test_a_store_that_is_away_leaves_the_files(office: Office) -> None:
    """What they know is told, and that there may be more."""
    office.write(closed("v4||203.0.113.9", since=8, until=6))
    office.configure({"store": {"url": "redis://127.0.0.1:1/0"}})
    ran = office.whohad("203.0.113.9", "--at", "-7h")

    assert (3, ["old"]) == (ran.code, [row["session_id"]["text"] for row in ran.rows])
    assert "the store could not be asked" in ran.err
    assert "there may be more" in ran.err


def test_a_file_that_can_not_be_read_is_told(office: Office) -> None:
    """And so is a folder that is not there: nobody found is not nobody there."""
    (office.directory / "2026-11-25.jsonl.gz").write_bytes(b"no gzip")
    broken = office.whohad("203.0.113.9", "--at", "2026-11-25 00:00")
    office.configure({"history": {"directory": str(office.directory / "none")}})
    absent = office.whohad("203.0.113.9")

    assert (3, 3) == (broken.code, absent.code)
    assert "2026-11-25.jsonl.gz" in broken.err
    assert f"{office.directory / 'none'} could not be read" in absent.err


def test_without_a_history_only_live_sessions_are_asked(office: Office) -> None:
    """It is said."""
    office.configure({"history": {}})
    ran = office.whohad("203.0.113.9")

    assert (1, []) == (ran.code, ran.rows)
    assert "only live sessions were asked" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["host"], "'host' is not an IPv4 or IPv6 address"),
        (["203.0.113.9", "--at", "yesterday"], "--at 'yesterday' is not an instant such as"),
        (["203.0.113.9", "--at", "2099-01-01 00:00"], "--at '2099-01-01 00:00' lies in the future"),
        (["203.0.113.9", "--at", "1969-01-01 00:00"], "lies before 1970"),
        (["203.0.113.9", "--within", "5"], "--within '5' is not a duration"),
        (["203.0.113.9", "--within", "9" * 400 + "d"], "is not a duration"),
        (["203.0.113.9", "--limit", "0"], "--limit 0 is not 1 …"),
    ],
)
def test_a_bad_question_is_refused_with_what_would_be_right(office: Office, arguments: list[str], said: str) -> None:
    """Nothing is read, and exit code 2."""
    ran = office.whohad(*arguments)

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err


def test_too_many_answers_are_cut_and_that_is_said(office: Office) -> None:
    """The latest stay, however many there were."""
    office.write(*(closed(f"v4||203.0.113.{n}", since=9, until=8 - n / 10, session_id=b"%d" % n) for n in range(1, 20)))
    ran = office.whohad("203.0.113.0/24", "--at", "-8.5h", "--limit", "3")

    assert [("19",), ("18",), ("17",)] == shown(ran.rows, "session_id")
    assert "more than 3 answers" in ran.err


def printed(office: Office, output: str) -> Ran:
    """One answer, of a customer with an evil name."""
    office.write(closed("v4||203.0.113.9", since=8, until=6, user_name="a\x1b[2Jb\nc"))
    return office.run("whohad", "203.0.113.9", "--at", "-7h", "-o", output)


def test_the_table_says_who_and_when(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people; what a customer may choose can not play with the terminal."""
    monkeypatch.setenv("COLUMNS", "200")
    ran = printed(office, "table")

    assert 0 == ran.code
    for part in (
        ago(8)[:10],
        ago(8)[11:19],
        ago(6)[11:19],
        "olt7/1",
        "eth 1/1",
        "00:0e:8f:00:00:01",
        "bng1",
        "1/1/4:100.20",
        "given back",
    ):
        assert part in ran.out
    assert "\x1b[2J" not in ran.out
    assert r"a\x1b[2Jb\nc" in ran.out


def test_programs_get_json_lines_and_csv(office: Office) -> None:
    """An object a line, and columns with plain ids."""
    (line,) = printed(office, "jsonl").out.splitlines()
    told: dict[str, Any] = json.loads(line)
    rows = list(csv.DictReader(io.StringIO(office.run("whohad", "203.0.113.9", "--at", "-7h", "-o", "csv").out)))

    assert ("203.0.113.9", "a\x1b[2Jb\nc") == (told["address"], told["user_name"])
    assert {("olt7/1", "eth 1/1", "old", ago(6), "True")} == {
        (row["remote_id"], row["circuit_id"], row["session_id"], row["to"], row["certain"]) for row in rows
    }


def test_text_that_a_spreadsheet_would_run_is_made_harmless(office: Office) -> None:
    """Customers choose user names and ids: a formula is text, with a ' in front. JSON has it as it is."""
    office.write(closed("v4||203.0.113.9", since=8, until=6, user_name="=1+1", session_id=b"@x"))
    (row,) = csv.DictReader(io.StringIO(office.run("whohad", "203.0.113.9", "--at", "-7h", "-o", "csv").out))

    assert ("'=1+1", "'@x", "203.0.113.9") == (row["user_name"], row["session_id"], row["address"])
    assert "=1+1" == office.whohad("203.0.113.9", "--at", "-7h").rows[0]["user_name"]


def test_nobody_is_not_said_while_something_could_not_be_asked(office: Office) -> None:
    """It would be an answer, and there is none: what is missing is told on standard error alone."""
    office.configure({"store": {"url": "redis://127.0.0.1:1/0"}})
    ran = office.run("whohad", "203.0.113.9")

    assert (3, "") == (ran.code, ran.out)
    assert "the store could not be asked" in ran.err


def test_nobody_is_said_in_a_sentence(office: Office) -> None:
    """Exit code 1."""
    ran = office.run("whohad", "2001:db8::77", "--at", "2026-01-01 00:00")

    assert 1 == ran.code
    assert "Nobody is known to have held 2001:db8::77 at 2026-01-01 00:00:00Z." in " ".join(ran.out.split())

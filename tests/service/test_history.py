"""Who held an address: from accounting through `bngcorr serve` to its files, and back with `bngcorr whohad`."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bngcorr.cli import app
from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings
from tests.service.radius import (
    ACCOUNTING_ON,
    DELEGATED_IPV6_PREFIX,
    INTERIM,
    START,
    STOP,
    Bng,
    prefix_host,
    v4_host,
)
from tests.service.settings import SECRET, Cpe, one_bng

BEGIN = int(time.time()) // 60 * 60 - 7200
FOUND, NOBODY = 0, 1


class Records:
    """A service that writes a history, and a BNG that accounts."""

    def __init__(self, service: Service, directory: Path) -> None:
        self.service, self.directory = service, directory
        self.bng: Bng = service.bng("127.0.0.1", SECRET)

    def tell(self, status: int, at: int, session: str, cpe: Cpe, hosts: bytes = b"") -> None:
        """One record, `at` seconds after the beginning."""
        body = cpe.attributes(session) + cpe.line + hosts
        self.bng.ask(self.bng.account(status, session, body, at=BEGIN + at))

    def lines(self, session: str) -> list[dict[str, Any]]:
        """What the files say of a session."""
        text = "".join(path.read_text() for path in sorted(self.directory.glob("*.jsonl")))
        told = [json.loads(line) for line in text.splitlines()]
        return [one for one in told if one["session_id"]["text"] == session]

    def whohad(self, address: str, at: int) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and answers, `at` seconds after the beginning."""
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(BEGIN + at))
        out = io.StringIO()
        command = ["whohad", address, "--at", moment, "-o", "json", "-c", str(self.service.config)]
        with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
            app(command)
        return int(ended.value.code or 0), json.loads(out.getvalue())


def instant(at: int) -> str:
    """So many seconds after the beginning, as files tell it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(BEGIN + at))


@pytest.fixture(scope="module")
def records(
    aaa: Aaa, start_service: Callable[[Settings], Service], tmp_path_factory: pytest.TempPathFactory
) -> Records:
    """With an empty folder."""
    directory = tmp_path_factory.mktemp("history") / "closed"
    return Records(start_service({**one_bng(aaa), "history": {"directory": str(directory)}}), directory)


def test_a_session_that_changes_its_addresses_leaves_each_once(records: Records) -> None:
    """Start, an Interim with another IPv4 address, the Stop: each address with its own time, its line and CPE."""
    cpe, prefix = Cpe(1), prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:100:4200::/56")
    records.tell(START, 0, "moves", cpe, v4_host("192.0.2.1") + prefix)
    records.tell(INTERIM, 600, "moves", cpe, v4_host("192.0.2.2") + prefix)
    records.tell(STOP, 1200, "moves", cpe, v4_host("192.0.2.2") + prefix)
    records.tell(STOP, 1200, "moves", cpe, v4_host("192.0.2.2") + prefix)  # told again
    wait_until(lambda: len(records.lines("moves")) == 3, 8, "the history has all three")
    lines = records.lines("moves")

    assert {
        ("192.0.2.1", instant(0), instant(600), "interim"),
        ("192.0.2.2", instant(600), instant(1200), "stop"),
        ("2001:db8:100:4200::/56", instant(0), instant(1200), "stop"),
    } == {(one["address"], one["from"], one["to"], one["end"]) for one in lines}
    assert {(cpe.remote_id.hex(), cpe.mac, "1/1/4", "bng1")} == {
        (one["remote_id"]["hex"], one["mac"], one["port"], one["bng"]) for one in lines
    }
    wait_until(lambda: records.service.metric("bngcorr_history_written_total") >= 2, 4, "two sessions are counted")
    assert 0 == records.service.metric("bngcorr_history_failing")


def test_whohad_tells_the_holder_of_each_moment(records: Records) -> None:
    """One address, two customers, the second of them still there; nobody before, between, or when it was another's."""
    address = "192.0.2.20"
    records.tell(START, 0, "first", Cpe(2), v4_host(address))
    records.tell(STOP, 600, "first", Cpe(2), v4_host(address))
    records.tell(START, 1200, "second", Cpe(3), v4_host(address))
    records.service.written()
    answers = {at: records.whohad(address, at) for at in (-60, 300, 900, 1800)}

    assert {-60: NOBODY, 300: FOUND, 900: NOBODY, 1800: FOUND} == {at: code for at, (code, _) in answers.items()}
    assert [("first", instant(600)), ("second", None)] == [
        (one["session_id"]["text"], one["to"]) for at in (300, 1800) for one in answers[at][1]
    ]


def test_addresses_of_a_box_that_restarted_are_given_back_then(records: Records) -> None:
    """Nobody sent a Stop; the next session of that name begins another life."""
    records.tell(START, 0, "restarts", Cpe(4), v4_host("192.0.2.40"))
    records.bng.ask(records.bng.account(ACCOUNTING_ON, "", at=BEGIN + 1500))
    records.tell(START, 1800, "restarts", Cpe(4), v4_host("192.0.2.41"))
    wait_until(lambda: len(records.lines("restarts")) == 1, 8, "the history has it")
    (line,) = records.lines("restarts")

    assert ("192.0.2.40", instant(0), instant(1500)) == (line["address"], line["from"], line["to"])


def test_a_restart_of_serve_loses_nothing_and_doubles_nothing(records: Records) -> None:
    """What was closed right before is written by whoever comes next."""
    cpes = [Cpe(number) for number in range(50, 60)]
    for cpe in cpes:
        records.tell(START, 2000, f"n{cpe.number}", cpe, v4_host(f"192.0.2.{cpe.number}"))
        records.tell(STOP, 2060, f"n{cpe.number}", cpe)
    assert 0 == records.service.stop()
    records.service.start()
    wait_until(lambda: all(records.lines(f"n{cpe.number}") for cpe in cpes), 15, "the history has them all")

    assert [1] * len(cpes) == [len(records.lines(f"n{cpe.number}")) for cpe in cpes]

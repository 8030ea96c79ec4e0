"""The measured reboot storm, in a tiny form, and what it relies on: a BNG that retransmits, AAA that keeps book."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.storm import truth
from benchmarks.storm.aaa import Book
from benchmarks.storm.bng import Client
from benchmarks.storm.figures import Figures, Restarts, quantiles_ms
from benchmarks.storm.truth import STORY, Kind
from bngcorr.model.usage import Usage
from tests.service.radius import (
    ACCESS_ACCEPT,
    ACCESS_REQUEST,
    ACCOUNTING_RESPONSE,
    Packet,
    accounting_fits,
    message_authenticator_fits,
    reply_to,
)

ROOT = Path(__file__).parents[2]
SECRET = b"between-bng-and-proxy"
ACCT_DELAY_TIME = 41
DEAF_FOR = 2  # copies of each request


class Deaf:
    """A server that hears each kind of request only when it has been sent a few times."""

    def __init__(self) -> None:
        self.heard: list[Packet] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            octets, peer = self._socket.recvfrom(4097)
            if not octets:
                return
            packet = Packet(octets)
            self.heard.append(packet)
            if len(self.of(packet.code)) > DEAF_FOR:
                code = ACCESS_ACCEPT if packet.code == ACCESS_REQUEST else ACCOUNTING_RESPONSE
                self._socket.sendto(reply_to(packet, code, b"", SECRET), peer)

    def of(self, code: int) -> list[Packet]:
        """What came of one kind."""
        return [packet for packet in self.heard if packet.code == code]

    def close(self) -> None:
        """End the thread."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._socket.close()


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    """A server that is hard of hearing."""
    server = Deaf()
    yield server
    server.close()


def restarts(best_ms: float) -> Restarts:
    """Such that took 90 ms once, and at best so long."""
    return Restarts(
        few_sessions=1, few_ms=0.1, many_sessions=9, many_ms=90.0, best_few_ms=0.1, best_many_ms=best_ms,
        in_force_ms=99.0,
    )  # fmt: skip


def good() -> Figures:
    """Figures of a storm that went well."""
    return Figures(
        lines=1, window=1, seed=1, spool=False, seconds=1.0, per_second=5, kinds={}, retransmissions=0, begun_anew=0,
        before_seconds=1.0, restarts=restarts(0.1), unanswered=0, refused=0, missing={}, wrong=0, improper=0,
        examples=[], usage=truth.usage(1), expected=truth.usage(1), ports_differ=0, traffic=truth.traffic(1),
        expected_traffic=truth.traffic(1), strangers=[], failed_lessons=0, unmatched=0, outcomes={}, discards={},
        at_aaa_seconds=0.0, ledger_seconds=0.0, backlog=0, spooled=0, given_up=0, service_octets=0, store_rss_octets=0,
        store_octets=0, cpu_us={}, slow={}, slow_calls=0, round_trips={}, pinned=False,
    )  # fmt: skip


def test_in_a_storm_nothing_is_lost_and_the_ledger_is_right() -> None:
    """Accounting-On, then all lines at once through the real service: AAA sees each record, the ledger is the truth."""
    command = [sys.executable, "-m", "benchmarks.storm", "--lines", "40", "--window", "32", "--json"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert {kind.title: 40 for kind in STORY} == {kind: row["requests"] for kind, row in found["kinds"].items()}
    assert {"v4": 40, "ia_na": 0, "ia_pd": 40, "slaac": 40, "pd_route": 0, "sessions": 40, "na_or_pd": 40} == (
        found["usage"]
    )
    assert [] == found["faults"]


def test_a_bng_that_is_not_answered_sends_again_as_bngs_do(deaf: Deaf) -> None:
    """Access-Requests with the same octets, Accounting-Requests with a new Identifier and the time that has passed."""
    client = Client("127.0.0.1", SECRET, ("127.0.0.1", deaf.port, deaf.port), sockets=2, timeout_s=0.55)
    kinds = (Kind.ACCESS_V4, Kind.START)

    answered = client.run([[(kind, truth.body("127.0.0.1", 7, kind)) for kind in kinds]], 20.0)
    client.close()

    access, accounting = deaf.of(1), deaf.of(4)
    assert 1 == len({packet.octets for packet in access})
    assert message_authenticator_fits(access[0], access[0].authenticator, SECRET)
    assert DEAF_FOR + 1 == len({(packet.identifier, packet.authenticator) for packet in accounting})
    assert all(accounting_fits(packet, SECRET) for packet in accounting)
    delays = [int.from_bytes(packet.all(ACCT_DELAY_TIME)[0], "big") for packet in accounting]
    assert (0, 1) == (delays[0], delays[-1])
    assert (2 * DEAF_FOR, 0, 0) == (answered.retransmissions, answered.begun_anew, answered.unanswered)


def test_after_the_last_try_the_client_begins_anew(deaf: Deaf) -> None:
    """A BNG gives up on an Access-Request; the CPE asks again, and that is another request."""
    client = Client("127.0.0.1", SECRET, ("127.0.0.1", deaf.port, deaf.port), sockets=2, timeout_s=0.1, tries=1)

    answered = client.run([[(Kind.ACCESS_V6, truth.body("127.0.0.1", 7, Kind.ACCESS_V6))]], 20.0)
    client.close()

    assert DEAF_FOR + 1 == len({packet.authenticator for packet in deaf.heard})
    assert (0, DEAF_FOR) == (answered.retransmissions, answered.begun_anew)


def test_what_was_never_answered_is_told() -> None:
    """The time for everything is over: the request that waits counts, and those that would have come after it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = int(silent.getsockname()[1])
        client = Client("127.0.0.1", SECRET, ("127.0.0.1", port, port), sockets=1, window=1)
        story = [(kind, truth.body("127.0.0.1", 7, kind)) for kind in STORY]

        answered = client.run([story, story], 0.1)
        client.close()

    assert 2 * len(STORY) == answered.unanswered


def packet(line: int, kind: Kind, extra: bytes = b"") -> bytes:
    """As it reaches AAA."""
    return bytes((kind.code, 1)) + bytes(18) + truth.body("127.0.0.1", line, kind) + extra


def test_aaa_counts_a_record_once_however_often_it_comes() -> None:
    """A retransmission is no second record."""
    book = Book(10)

    told = [book.note(packet(3, Kind.START)) for _ in range(2)]

    assert [(3, Kind.START)] * 2 == told
    assert (2, 1) == (book.seen.requests, book.seen.records[Kind.START])


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param(b"", (1, 0), id="no line"),
        pytest.param(truth.vendor(3561, 2, truth.remote_id(3)), (0, 0), id="its own"),
        pytest.param(truth.vendor(3561, 2, truth.remote_id(4)), (0, 1), id="a neighbour's"),
    ],
)
def test_aaa_knows_whose_line_a_v6_request_is_on(extra: bytes, expected: tuple[int, int]) -> None:
    """Without a line it is unmatched; with another's it is wrong."""
    book = Book(10)

    book.note(packet(3, Kind.ACCESS_V6, extra))

    assert expected == (book.seen.unmatched, book.seen.wrong)


def test_how_long_calls_took_is_read_from_two_readings_of_a_histogram() -> None:
    """What was there before does not count, and each figure is the bound of the bucket that it fell into."""
    before = [({"le": "0.001"}, 5.0), ({"le": "0.05"}, 5.0), ({"le": "+Inf"}, 6.0)]
    after = [({"le": "+Inf"}, 106.0), ({"le": "0.001"}, 95.0), ({"le": "0.05"}, 105.0)]

    assert {"calls": 100, "p50_ms": 1.0, "p99_ms": 50.0, "max_ms": 50.0} == quantiles_ms(after, before)


def test_a_storm_that_went_well_has_no_faults() -> None:
    """Unmatched requests, slow calls and a restart that was slow once are figures, no faults."""
    assert [] == replace(good(), unmatched=1, slow={"session": 90.0}).faults()


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"unanswered": 1}, "never answered"),
        ({"refused": 1}, "other than an acceptance"),
        ({"missing": {"start": 1}}, "1 × start were answered and never came to AAA"),
        ({"wrong": 1, "examples": ["access v6 of line 3"]}, "access v6 of line 3"),
        ({"improper": 1}, "authenticator does not fit"),
        ({"ledger_seconds": None, "usage": Usage(v4=2)}, "the ledger says v4=2"),
        ({"ports_differ": 1}, "ledger of 1 ports"),
        ({"traffic": truth.traffic(2)}, "the truth is"),
        ({"strangers": ["10.128.0.1: nobody"]}, "first 10.128.0.1: nobody"),
        ({"failed_lessons": 1}, "refused by the store"),
        ({"restarts": restarts(9.5)}, "over 9 sessions takes 9.5 ms"),
    ],
)
def test_whatever_is_lost_or_wrong_fails_the_storm(spoilt: dict[str, Any], said: str) -> None:
    """Each of these makes the command end with 1, and says what it is."""
    (fault,) = replace(good(), **spoilt).faults()

    assert said in fault

"""Log lines about what goes wrong: each once, however often it does, and how often that was."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bngcorr.model.vocabulary import Condition, DropReason
from bngcorr.proxy.inside import Inside
from bngcorr.proxy.noise import MOST_CAUSES, Noise
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.wire import attributes as a

AUTHENTICATOR = bytes(range(16))
CORR_ID = "000102030405060708090a0b0c0d0e0f"
REPLY = bytes((2, 5, 0, 20)) + bytes(16)  # an Access-Accept with Identifier 5
REQUEST = bytes((1, 24, 0, 20)) + AUTHENTICATOR
AAA = Settings(pool="auth", name="aaa1", address=("192.0.2.10", 1812), secret=b"s")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_error_that_nobody_foresaw_is_told_once_for_each_kind() -> None:
    """With its traceback; a customer whose packets meet a bug of ours does not fill the log."""
    noise = Noise()
    with capture_logs() as lines:
        for error in (KeyError("a"), KeyError("b"), ValueError("c"), KeyError("d")):
            noise.internal("request dropped", "192.0.2.1", error, AUTHENTICATOR)

    assert ["internal error, request dropped"] * 2 == [line["event"] for line in lines]
    assert [KeyError, ValueError] == [type(line["exc_info"]) for line in lines]
    assert [CORR_ID] * 2 == [line["corr_id"] for line in lines]


def test_replies_of_each_aaa_server_are_told_apart() -> None:
    """One whose secret differs must not hide behind another's, nor leave open which it is."""
    noise = Noise()
    with capture_logs() as lines:
        for name in ("aaa1", "aaa2", "aaa1"):
            server = Settings(pool="auth", name=name, address=("192.0.2.10", 1812), secret=b"s")
            noise.bad_reply(server, "bad-authenticator", REPLY, AUTHENTICATOR)

    told = [(line["event"], line["pool"], line["server"], line["corr_id"]) for line in lines]
    assert [("Discarding reply from AAA", "auth", name, CORR_ID) for name in ("aaa1", "aaa2")] == told


def test_what_was_suppressed_is_counted_and_told_at_the_end_of_the_minute() -> None:
    """Also if it happens no more: an operator sees that 3 were one line, and no port or id of just one of them."""
    clock = Clock()
    noise = Noise(interval_s=60.0, clock=clock)
    with capture_logs() as lines:
        for _ in range(3):
            noise.refused("192.0.2.1", DropReason.BAD_AUTHENTICATOR, REQUEST)
        clock.now += 59.9
        noise.flush()
        clock.now += 0.1
        noise.flush()
        clock.now += 60.0
        noise.flush()

    first, second = lines
    assert ("Discarding request", 24, CORR_ID, 0) == tuple(
        first[key] for key in ("event", "id", "corr_id", "suppressed")
    )
    assert ("Discarding request, repeated", 2, "bad-authenticator") == tuple(
        second[key] for key in ("event", "suppressed", "reason")
    )
    assert set() == {"id", "corr_id"} & second.keys()


def test_what_happens_again_after_a_quiet_minute_is_told_at_once() -> None:
    """A cause is forgotten when it is over."""
    clock = Clock()
    noise = Noise(interval_s=60.0, clock=clock)
    with capture_logs() as lines:
        noise.no_reply(AAA, AUTHENTICATOR)
        clock.now += 60.0
        noise.flush()
        noise.no_reply(AAA, AUTHENTICATOR)

    assert [("AAA did not answer in time", 0)] * 2 == [(line["event"], line["suppressed"]) for line in lines]


def test_made_up_addresses_fill_neither_log_nor_memory() -> None:
    """Anybody can send from a million addresses; those that come after still have their turn a minute later."""
    clock = Clock()
    noise = Noise(interval_s=60.0, clock=clock)
    with capture_logs() as lines:
        for number in range(MOST_CAUSES * 2):
            noise.unknown_client(f"10.0.{number // 256}.{number % 256}", 1024, a.Code.ACCESS_REQUEST)
        assert MOST_CAUSES == len(lines)
        clock.now += 61.0
        noise.unknown_client("192.0.2.9", 1024, a.Code.ACCESS_REQUEST)

    assert "192.0.2.9" == lines[-1]["client"]


def test_requests_with_addresses_of_the_cluster_are_told_as_what_they_are() -> None:
    """No BNG has to be added then: something on the way replaces its address. Told while it lasts."""
    clock = Clock()
    noise = Noise(interval_s=60.0, clock=clock, inside=Inside(["10.244.1.7"]))
    with capture_logs() as lines:
        noise.unknown_client("192.0.2.9", 1024, a.Code.ACCESS_REQUEST)
        before = noise.translated
        noise.unknown_client("10.244.1.1", 1024, a.Code.ACCESS_REQUEST)
    during = noise.translated
    clock.now += 121.0

    assert (False, True, False) == (before, during, noise.translated)
    assert ["warning", "error"] == [line["log_level"] for line in lines]
    assert "Requests arrive from inside the cluster" in lines[-1]["event"]


def lines_of(say: Any) -> list[str]:
    """The texts that it makes."""
    with capture_logs() as lines:
        say(Noise())
    return [line["event"] for line in lines]


@pytest.mark.parametrize(
    ("say", "phrase"),
    [
        (
            lambda noise: noise.unknown_client("192.0.2.9", 1645, a.Code.ACCOUNTING_REQUEST),
            "Ignoring request to accounting address from unknown client 192.0.2.9 port 1645 proto udp",
        ),
        (
            lambda noise: noise.duplicate("bng1", "192.0.2.1", 1645, REQUEST),
            "Discarding duplicate request from client 192.0.2.1 port 1645 - ID: 24 due to unfinished request",
        ),
        (
            lambda noise: noise.bad_reply(AAA, "unexpected-reply", REPLY, None),
            "No outstanding request was found for Access-Accept packet from host 192.0.2.10 port 1812 - ID 5",
        ),
        (
            lambda noise: noise.marked("auth", "aaa1", "192.0.2.10", 1812, Condition.DEAD),
            "Marking home server 192.0.2.10 port 1812 dead",
        ),
    ],
    ids=["unknown client", "duplicate", "not outstanding", "marking"],
)
def test_the_phrases_are_those_that_operators_search_for(say: Any, phrase: str) -> None:
    """Alerts on logs of FreeRADIUS go on working."""
    assert [phrase] == lines_of(say)

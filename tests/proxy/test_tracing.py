"""Subject traces: the packets of chosen requests at every hop, bounded, without what is secret in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bngcorr.model.line import LineIds, line_key
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import LineIdPolicy, Outcome, Rung, TraceBy
from bngcorr.proxy import tracing
from bngcorr.store import traces
from bngcorr.store.traces import TracedRequest, packed_request, read_request
from bngcorr.wire import attributes as a
from tests.lab_parts import SECRET
from tests.proxy.test_pipeline import SECRETS, Bench, request
from tests.service.radius import USER_NAME, Packet, access_request, attribute, cpe

pytestmark = pytest.mark.asyncio

IDS = LineIds(b"olt7/12", None)
PASSWORD = bytes(range(16))


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    """A BNG, the pipeline, two AAA servers."""
    one = Bench()
    await one.start()
    yield one
    await one.stop()


def traced(bench: Bench) -> list[TracedRequest]:
    """What was kept, as readers of the store see it."""
    found = [read_request(packed_request("p1", row)) for _, row in bench.pipeline.tracer.take()]
    return [one for one in found if one is not None]


async def asked(bench: Bench, packet: Packet) -> Packet:
    """Sent by the BNG, and answered."""
    bench.bng.send(packet.octets)
    return await bench.receive()


def unnamed(mac: str, *more: bytes) -> Packet:
    """An Access-Request without a line of its own."""
    body = attribute(USER_NAME, "alice") + cpe(mac, "1/1/4:7") + b"".join(more)
    return Packet(access_request(9, body, SECRET))


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (TraceBy.MAC, bytes.fromhex("020000000001")),
        (TraceBy.ID, b"olt7/12"),
        (TraceBy.USER_NAME, b"u1"),
        (TraceBy.BNG, b"bng1"),
        (TraceBy.LINE, f"d1~{line_key(IDS, LineIdPolicy.REMOTE)}".encode()),
    ],
)
async def test_a_request_is_kept_by_whatever_names_it(bench: Bench, by: TraceBy, value: bytes) -> None:
    """With all four packets, where each came from or went, and what the verdict was."""
    bench.pipeline.tracer.use([("t1", by, value), ("t2", TraceBy.MAC, bytes(6))])

    await asked(bench, request(1))

    (kept,) = traced(bench)
    assert ["from_bng", "to_aaa", "from_aaa", "to_bng"] == [packet.leg for packet in kept.packets]
    assert ("bng1", "own", "answered") == (kept.bng, kept.outcome, kept.end)
    assert [1, 1, 2, 2] == [packet.code for packet in kept.packets]
    assert "auth/aaa0" == kept.packets[1].peer == kept.packets[2].peer
    assert (a.USER_NAME, b"u1") in kept.packets[0].attributes


async def test_a_request_that_was_matched_is_kept_by_its_lines_id(bench: Bench) -> None:
    """It does not say the id itself; the verdict does."""
    line = line_key(IDS, LineIdPolicy.REMOTE)
    bench.judge.verdict = Verdict(outcome=Outcome.MATCHED, line=line, ids=IDS, rung=Rung.WINDOW, distance_ms=-40)
    bench.pipeline.tracer.use([("t1", TraceBy.ID, b"olt7/12")])

    await asked(bench, unnamed("02:00:00:00:00:01"))

    (kept,) = traced(bench)
    assert ("matched", "window", -40, f"d1~{line}") == (kept.outcome, kept.rung, kept.distance_ms, kept.line)
    written = [value for key, value in kept.packets[1].attributes if key == a.AGENT_REMOTE_ID]
    assert [b"olt7/12"] == written


async def test_others_are_not_kept(bench: Bench) -> None:
    """And nothing is, once the rule has gone."""
    bench.pipeline.tracer.use([("t1", TraceBy.USER_NAME, b"somebody")])
    await asked(bench, request(1))
    bench.pipeline.tracer.use([])
    await asked(bench, request(2))

    assert [] == traced(bench)
    assert not bench.pipeline.tracer.active


async def test_no_secret_and_no_password_is_kept(bench: Bench) -> None:
    """Neither hidden, nor as digests that could be tried against words: not at any hop."""
    octets = access_request(
        9,
        attribute(USER_NAME, "alice") + cpe("02:00:00:00:00:01", "1/1/4:7") + attribute(a.USER_PASSWORD, PASSWORD)
        + attribute(a.CHAP_PASSWORD, b"\1" + PASSWORD) + attribute(a.CHAP_CHALLENGE, PASSWORD),
        SECRET,
    )  # fmt: skip
    bench.pipeline.tracer.use([("t1", TraceBy.BNG, b"bng1")])

    await asked(bench, Packet(octets))

    ((_, row),) = bench.pipeline.tracer.take()
    packed = packed_request("p1", row)
    kept = read_request(packed)
    assert kept is not None
    secret = [key for key, value in kept.packets[1].attributes if value is None]
    assert {2, 3, 60, a.MESSAGE_AUTHENTICATOR} == set(secret)
    hidden = bench.aaa[0].seen[0].all(a.USER_PASSWORD)[0]
    for word in (PASSWORD, hidden, SECRET, *SECRETS):
        assert word not in packed


async def test_what_was_not_answered_says_why(bench: Bench) -> None:
    """A request that AAA leaves alone, and a datagram that is not let in."""
    bench.pipeline.tracer.use([("t1", TraceBy.BNG, b"bng1")])
    bench.aaa[0].silent = bench.aaa[1].silent = True
    asked = request(1).octets
    bench.bng.send(asked)
    await bench.until(lambda: len(bench.aaa[0].seen) == 1)
    bench.bng.send(asked)
    forged = bytearray(request(2).octets)
    forged[30] ^= 1
    bench.bng.send(bytes(forged))
    await bench.until(lambda: len(bench.pipeline.tracer._done) == 1)
    bench.pipeline.dispatch.expire(asyncio.get_running_loop().time() + 60)

    refused, silent = traced(bench)
    assert ("bad-message-authenticator", None) == (refused.end, refused.outcome)
    assert ("no-reply", "own") == (silent.end, silent.outcome)
    assert ["from_bng", "to_aaa", "from_bng"] == [packet.leg for packet in silent.packets]
    assert {} == bench.pipeline.tracer.open


async def test_a_trace_is_bounded(bench: Bench) -> None:
    """Requests of a trace, and those that wait to be taken away; what is full says so."""
    tracer = bench.pipeline.tracer
    tracer.use([("t1", TraceBy.BNG, b"bng1"), ("t2", TraceBy.USER_NAME, b"u1")])
    (first, second) = tracer.rules
    first.requests = traces.MOST_REQUESTS - 1
    second.octets = traces.MOST_OCTETS
    for number in range(3):
        await asked(bench, request(number))

    assert [["t1"]] == [names for names, _ in tracer.take()]
    assert first.full
    assert second.full
    tracer.use([("t1", TraceBy.BNG, b"bng1")])
    assert first is tracer.rules[0]


async def test_requests_under_way_are_bounded_too(bench: Bench) -> None:
    """A BNG whose AAA is silent does not fill the memory."""
    tracer: Any = bench.pipeline.tracer
    tracer.use([("t1", TraceBy.BNG, b"bng1")])
    bench.aaa[0].silent = True
    for number in range(tracing.MOST_OPEN):
        tracer.open[-number] = tracing.Traced([], [])
    bench.bng.send(request(1).octets)
    await bench.until(lambda: len(bench.aaa[0].seen) == 1)

    assert tracing.MOST_OPEN == len(tracer.open)

"""Commands, processes, traces and the audit trail in Valkey."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import pytest

from bngcorr.model.vocabulary import ActKind, ActOutcome, CommandKind, Leg
from bngcorr.store import audit_trail, traces, valkey_acts
from bngcorr.store.audit_trail import Asked, Ended, read_act
from bngcorr.store.commands import MOST_OCTETS, Answer, read_answer, read_command
from bngcorr.store.forgetting import Memories
from bngcorr.store.processes import read_process
from bngcorr.store.terms import remote_id_term
from bngcorr.store.traces import TracedPacket, packed_request, read_request, read_rule
from bngcorr.store.valkey import ValkeyStore
from bngcorr.store.valkey_acts import Commands, Processes, Traces, Trail
from tests.store.acting import NOW_MS, PROCESS, REQUEST, rule
from tests.store.scene import Scene
from tests.store.subjects import line

pytestmark = pytest.mark.asyncio

ASKED = Asked(
    kind=ActKind.UPSTREAM, subject="aaa1", arguments={"admin": "drain"}, who="noc", origin="192.0.2.1", expected=("p1",)
)


def now_ms() -> int:
    """By the clock that the server has as well."""
    return time.time_ns() // 1_000_000


async def test_a_command_reaches_whoever_was_there_before_it(store: ValkeyStore) -> None:
    """A process that starts does not carry out what was asked of others; what it has heard it does not hear again."""
    commands = Commands(store.lane)
    await commands.put(CommandKind.UPSTREAM, {"name": "old"}, by="noc", within_ms=5000)
    cursor = await commands.begin()
    put = await commands.put(CommandKind.UPSTREAM, {"name": "aaa1", "admin": "drain"}, by="noc", within_ms=5000)

    polled = await commands.poll(cursor)

    assert (put,) == polled.commands
    assert put.at_ms + 5000 == put.deadline_ms
    assert not put.for_one
    assert () == (await commands.poll(polled.cursor)).commands


async def test_what_is_for_one_is_claimed_by_one(store: ValkeyStore) -> None:
    """However many look at the same time; and all answers are told."""
    commands = Commands(store.lane)
    put = await commands.put(CommandKind.DISCONNECT, {}, by="noc", within_ms=5000)

    claims = await asyncio.gather(*(commands.claim(put.id, f"p{number}") for number in range(5)))
    await commands.answer(put.id, Answer(process="p2", ok=True, said="done", body={"sessions": []}))
    await commands.answer(put.id, Answer(process="p1", ok=False, said="x" * 2 * MOST_OCTETS, body={}))

    assert put.for_one
    assert 1 == sum(claims)
    first, second = await commands.answers(put.id)
    assert ("p1", False, "x" * 1024) == (first.process, first.ok, first.said)
    assert Answer(process="p2", ok=True, said="done", body={"sessions": []}) == second
    with pytest.raises(ValueError, match="octets"):
        await commands.put(CommandKind.COA, {"value": "x" * MOST_OCTETS}, by="noc", within_ms=1)


async def test_a_process_is_there_as_long_as_it_says_so(store: ValkeyStore) -> None:
    """One that ended goes at once, one that was killed goes by itself."""
    processes = Processes(store.lane)
    one, other = (dataclasses.replace(PROCESS, id=name, told_ms=now_ms()) for name in ("host-1-aa", "host-2-bb"))
    await processes.tell(other)
    await processes.tell(one)
    assert [one, other] == await processes.all()

    await processes.leave(one.id)
    assert [other] == await processes.all()
    (left_ms,) = await store.lane.run([("PTTL", "bngcorr:{~acts}:process:host-2-bb")], 5.0)
    assert 0 < left_ms <= 10_000
    await processes.leave(other.id)


async def test_traces_are_bounded_and_end_by_themselves(store: ValkeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at a time; one that ended makes room, can still be read, and is forgotten an hour later."""
    kept, began_ms = Traces(store.lane), now_ms()
    forgotten = rule("old", at_ms=began_ms, until_ms=began_ms - traces.KEPT_MS - 1)
    assert await kept.start(forgotten)
    for number in range(traces.MOST_TRACES):
        assert await kept.start(rule(f"t{number}", at_ms=began_ms, until_ms=began_ms + 60_000))
    late = rule("late", at_ms=began_ms + 1, until_ms=began_ms + 60_000)
    assert not await kept.start(late)
    assert traces.MOST_TRACES == len(await kept.rules())

    assert await kept.end("t3")
    assert not await kept.end("t3")
    assert not await kept.end("nonsense")
    assert await kept.start(late)
    (ended,) = [one for one in await kept.rules() if one.id == "t3"]
    assert not ended.holds(now_ms() + 1)
    for number in range(traces.MOST_TRACES):
        await kept.end(f"t{number}")
    await kept.end("late")


async def test_a_trace_keeps_its_latest_requests(store: ValkeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of as many processes as there are; read page by page, each request as it was told."""
    monkeypatch.setattr(valkey_acts, "MOST_REQUESTS", 3)
    kept = Traces(store.lane)
    await kept.keep([("t", packed_request("p1", [*REQUEST[:2], f"bng{number}", *REQUEST[3:]])) for number in range(5)])

    first = await kept.kept("t", "", 2)
    rest = await kept.kept("t", first[-1][0], 2)

    assert ["bng2", "bng3", "bng4"] == [request.bng for _, request in (*first, *rest)]
    assert [3, 0] == await kept.counts(["t", "none"])
    packet = TracedPacket(
        leg=Leg.FROM_BNG, at_ms=NOW_MS, peer="192.0.2.20:1024", code=1, identifier=7, octets=120,
        attributes=((1, b"alice"), (2, None)), cut=False,
    )  # fmt: skip
    assert ("p1", "answered", (packet,)) == (first[0][1].process, first[0][1].end, first[0][1].packets)


async def test_the_trail_tells_the_newest_first_and_what_became_of_it(
    store: ValkeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with what is known of its end by now; beyond the bound the oldest go, and what became of them."""
    monkeypatch.setattr(valkey_acts, "MOST_ACTS", 4)
    trail = Trail(store.lane)
    acts = [await trail.begin(dataclasses.replace(ASKED, subject=str(number))) for number in range(6)]
    for act in acts:
        await trail.end(act, Ended(outcome=ActOutcome.PENDING, at_ms=1, said="", body={}))
    over = Ended(outcome=ActOutcome.DONE, at_ms=2, said="done", body={"answers": []})
    await trail.end(acts[5], over)
    acts.append(await trail.begin(dataclasses.replace(ASKED, subject="6")))

    page, cursor = await trail.acts("", 2)
    rest, last = await trail.acts(cursor or "", 10)

    assert ["6", "5", "4", "3"] == [row.asked.subject for row in (*page, *rest)]
    assert last is None
    assert [None, over] == [row.ended for row in page]
    found = await trail.act(acts[5])
    assert found is not None
    assert (found.ended, abs(found.at_ms - now_ms()) < 60_000) == (over, True)
    assert await trail.act(acts[0]) is None
    (ends,) = await store.lane.run([("HLEN", "bngcorr:{~acts}:acts.ended")], 5.0)
    assert 3 >= ends


async def test_what_another_version_wrote_is_left_out() -> None:
    """No reader fails on it."""
    for octets in (b"", b"\xc1", b"\x90", b"\x81\xa1a\x01", b"\x93\x01\x02\x03"):
        assert read_command("1-0", octets) is None
        assert read_answer("p", octets) is None
        assert read_process(octets) is None
        assert read_rule("t", octets) is None
        assert read_request(octets) is None
        assert read_act("1-0", octets, None) is None
    assert audit_trail.MOST_ACTS > 0


async def test_a_line_is_forgotten_as_if_it_had_never_been_seen(store: ValkeyStore, scene: Scene) -> None:
    """Nowhere found any more; its MAC is no longer one that two lines have had. Seen again, it is learnt anew."""
    await scene.write(
        scene.sighting(1, pair="p1", bng_mac="b1", attachment="both", mac="m"),
        scene.sighting(2, attachment="both", mac="m", at=1),
    )
    assert 2 == (await scene.recall(mac="m")).mac_lines
    memories = Memories(store.lane)

    assert await memories.forget(scene.domain, line(1))
    assert not await memories.forget(scene.domain, line(1))

    assert [line(2)] == [row.line for row in await scene.lines()]
    assert [] == await scene.lines(remote_id_term(b"LINE-1"))
    assert [set(), set(), {line(2)}] == [await scene.lines_on(key) for key in ("p1", "b1", "both")]
    assert 1 == (await scene.recall(mac="m")).mac_lines
    await scene.write(scene.sighting(1, pair="p1", at=2))
    assert {line(1)} == await scene.lines_on("p1")

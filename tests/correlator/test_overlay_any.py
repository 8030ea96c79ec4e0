"""Whatever was seen: what is still on its way to the store counts in a verdict as if it were there."""

from __future__ import annotations

import asyncio
from typing import Final

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bngcorr.correlator.judge import recall_of
from bngcorr.correlator.keys import Keyring, keyring
from bngcorr.correlator.ladder import NO_RUNGS, climb
from bngcorr.correlator.overlay import IN_DOUBT, verdict_over
from bngcorr.correlator.question import Question, Rules
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import MacSource, Outcome, VlanModel
from bngcorr.store.lesson import Lesson, SessionChange, SessionStep, Sighting
from bngcorr.store.memory import MemoryStore
from bngcorr.store.pending import Pending

from .questions import DAY, HOUR, NAS, NOW

WINDOW_MS: Final = 5_000
LINES: Final = tuple(LineIds(b"LINE-%d" % number) for number in range(6))
PORTS: Final = (Attachment("1/1/4", 100, 20), Attachment("1/1/4", 100, 21), None)
MACS: Final = (Mac(bytes.fromhex("3ca62f000017")), Mac(bytes.fromhex("3ca62f000018")), None)
SOURCES: Final = (MacSource.SEEN,) * 15 + (MacSource.CLAIMED,)
AGES: Final = (1, 20, 700, 6_000, 2 * HOUR, 2 * DAY)
STEPS: Final = (SessionStep.START, SessionStep.START, SessionStep.STOP)

Seen = tuple[int, int, int, MacSource, bool, int]  # line, port, MAC, source of it, family, how long before the next
SEEN: Final[st.SearchStrategy[Seen]] = st.tuples(
    st.sampled_from((0, 0, 1, 1, 2, 3, 4, 5)), st.sampled_from((0, 0, 0, 1, 2)), st.sampled_from((0, 0, 0, 1, 2)),
    st.sampled_from(SOURCES), st.booleans(), st.sampled_from(AGES),
)  # fmt: skip
MODELS: Final = st.sampled_from((VlanModel.SHARED, VlanModel.PER_LINE))


def _ring(model: VlanModel, port: int, mac: int, source: MacSource) -> Keyring:
    address = MACS[mac]
    multi = b"%d" % port if mac == 1 else b""
    return keyring("bng1", PORTS[port], address, source if address else None, model, multi_session_id=multi)


def _name(line: int) -> str:
    return f"line{line}"


def _sighting(model: VlanModel, seen: Seen, at_ms: int) -> Sighting:
    line, port, mac, source, v6, _ = seen
    ring = _ring(model, port, mac, source)
    return Sighting(
        domain="bng1", bng="bng1", line=_name(line), ids=LINES[line], at_ms=at_ms, until_ms=at_ms + DAY,
        attachment_mac=ring.attachment_mac, attachment=ring.attachment, bng_mac=ring.bng_mac,
        multi_session=ring.session, mac=ring.mac, claimed=ring.claimed, v6=v6, v4_evident=not v6,
        attached=ring.attached, place=ring.place,
    )  # fmt: skip


def _step(model: VlanModel, seen: Seen, step: SessionStep, at_ms: int) -> SessionChange:
    line, port, mac, source, _, _ = seen
    ring = _ring(model, port, mac, source)
    return SessionChange(
        domain="bng1", bng="bng1", nas=NAS, session=f"session {line} {port} {mac}", step=step, at_ms=at_ms,
        until_ms=at_ms + 7 * DAY, line=_name(line), ids=LINES[line], own=True, keys=ring.hashes,
        fingerprint=ring.fingerprint,
    )  # fmt: skip


def _question(model: VlanModel, asked: Seen, own: bool, at_ms: int) -> Question:
    """One that names its line says LINE-0 with a number in front, or the plain id of another line."""
    line, port, mac, source, match_v6, _ = asked
    suspect = own and line == 0
    numbered = b"\0\0\x0d\xe9LINE-0"
    return Question(
        domain="bng1",
        keyring=_ring(model, port, mac, source),
        rules=Rules(window_ms=WINDOW_MS),
        session=None,
        at_ms=at_ms,
        match_v6=match_v6,
        accounting=False,
        begins=True,
        own=LineIds(numbered) if suspect else LINES[line] if own else None,
        suspect=b"LINE-0" if suspect else None,
        value=numbered if suspect else None,
    )


def _said(verdict: Verdict) -> tuple[object, ...]:
    return verdict.outcome, verdict.line, verdict.ids


async def _verdict(store: MemoryStore, question: Question, pending: Pending | None, now_ms: int) -> Verdict:
    (recalled,) = await store.recall([recall_of(question)], now_ms)
    assert recalled is not None
    ring = question.keyring
    if pending is None:
        return climb(question, recalled, now_ms)
    some = pending.like("bng1", ring.mac, ring.attachment, ring.session)
    return verdict_over(question, recalled, some, now_ms, NO_RUNGS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    MODELS,
    st.lists(st.tuples(SEEN, st.sampled_from((None, *STEPS))), max_size=6),
    st.lists(SEEN, min_size=1, max_size=4),
    st.tuples(st.integers(0, 3), st.integers(0, 4)),
    st.booleans(),
    SEEN,
    st.sampled_from((None, None, 0, 1)),
)
def test_what_is_on_its_way_to_the_store_counts_as_if_it_were_there(
    model: VlanModel,
    before: list[tuple[Seen, SessionStep | None]],
    last: list[Seen],
    cut: tuple[int, int],
    own: bool,
    asked: Seen,
    planned: int | None,
) -> None:
    """However many of the last sightings are pending, and however many of these the store has taken already, a request
    gets the verdict that it would get from a store that has them all, or is in doubt; never another line.
    """
    first_pending, taken = cut
    at_ms = NOW
    part, whole, pending = MemoryStore(), MemoryStore(), Pending()

    async def run() -> tuple[Verdict, Verdict, Verdict]:
        nonlocal at_ms
        ring = _ring(model, 0, 2, MacSource.SEEN)
        for store in (part, whole):
            if planned is not None and ring.place is not None:
                await store.replace_plan("bng1", {ring.place: LINES[planned]}, NOW)
        for seen, step in before:
            lesson: Lesson = _sighting(model, seen, at_ms) if step is None else _step(model, seen, step, at_ms)
            for store in (part, whole):
                await store.write([lesson], at_ms)
            at_ms += seen[-1]
        for at, seen in enumerate(last):
            sighting = _sighting(model, seen, at_ms)
            await whole.write([sighting], at_ms)
            if at < max(taken, first_pending):
                await part.write([sighting], at_ms)
            if at >= first_pending:
                pending.put(sighting)
            at_ms += min(seen[-1], 20)
        question = _question(model, asked, own, at_ms)
        alone = await _verdict(part, question, None, at_ms)
        return await _verdict(whole, question, None, at_ms), await _verdict(part, question, pending, at_ms), alone

    expected, actual, alone = asyncio.run(run())
    sources = {seen[3] for seen, _ in before} | {seen[3] for seen in last}
    mixed = len(sources) > 1  # a MAC that was only claimed is not told apart from one that was seen
    event(f"{expected.outcome}, {'in doubt' if actual is IN_DOUBT else actual.outcome}")
    if mixed and actual.outcome is Outcome.MATCHED:
        assert expected.line == actual.line
    elif not mixed and own:  # at worst what the store says by itself
        assert _said(actual) in (_said(expected), _said(alone))
        assert expected.verified or not actual.verified
    elif not mixed:
        assert actual is IN_DOUBT or _said(expected) == _said(actual)

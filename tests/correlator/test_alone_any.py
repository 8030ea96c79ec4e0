"""Whatever was seen and is pending: a line of which the store says that it stands alone has the same verdict."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bngcorr.correlator.judge import Judge, recall_of
from bngcorr.correlator.keys import Keyring, keyring
from bngcorr.correlator.ladder import NO_RUNGS
from bngcorr.correlator.overlay import verdict_over
from bngcorr.correlator.question import Question, Rules
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import LineIdPolicy, MacSource, VlanModel
from bngcorr.store.lesson import Lesson, SessionChange, SessionStep, Sighting
from bngcorr.store.memory import MemoryStore
from bngcorr.store.pending import Pending

from .questions import DAY, HOUR, NAS, NOW

IDS: Final = (
    LineIds(b"A", b"1"), LineIds(b"A", b"2"), LineIds(b"B", b"1"), LineIds(b"A"), LineIds(None, b"1"),
    LineIds(b"C", b"3"),
)  # fmt: skip
PORTS: Final = (Attachment("1/1/4", 100, 20), Attachment("1/1/4", 100, 21))
MACS: Final = (Mac(bytes.fromhex("3ca62f000017")), Mac(bytes.fromhex("3ca62f000018")), None)

Seen = tuple[int, int, int, bool, bool]  # ids, port, MAC, family, whether the MAC is claimed
SEEN: Final[st.SearchStrategy[Seen]] = st.tuples(
    st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5)), st.sampled_from((0, 0, 0, 1)), st.sampled_from((0, 0, 0, 1, 2)),
    st.booleans(), st.sampled_from((False, False, False, True)),
)  # fmt: skip
STEPS: Final = st.sampled_from((None, None, SessionStep.START, SessionStep.START, SessionStep.STOP))
AGES: Final = st.sampled_from((1, 700, 2 * HOUR, 2 * DAY))
PLANNED: Final = st.sampled_from((None, None, *range(len(IDS))))


@dataclass(eq=False)
class _Waiting:
    question: Question
    hold_s: float = 0.0
    bng: str = "bng1"


class _Clock:
    """A clock that stands."""

    steady = True

    def __init__(self, at_ms: int) -> None:
        self._at_ms: Final = at_ms

    def now_ms(self) -> int:
        """Always the same."""
        return self._at_ms


def _ring(model: VlanModel, seen: Seen) -> Keyring:
    _, port, mac, _, claimed = seen
    address = MACS[mac]
    source = MacSource.CLAIMED if claimed else MacSource.SEEN
    return keyring("bng1", PORTS[port], address, source if address else None, model)


def _line(seen: Seen, policy: LineIdPolicy) -> str:
    return line_key(IDS[seen[0]], policy)


def _sighting(ring: Keyring, line: str, seen: Seen, at_ms: int) -> Sighting:
    return Sighting(
        domain="bng1", bng="bng1", line=line, ids=IDS[seen[0]], at_ms=at_ms, until_ms=at_ms + DAY,
        attachment_mac=ring.attachment_mac, attachment=ring.attachment, bng_mac=ring.bng_mac, mac=ring.mac,
        claimed=ring.claimed, v6=seen[3], attached=ring.attached, place=ring.place,
    )  # fmt: skip


def _change(ring: Keyring, line: str, seen: Seen, step: SessionStep, at_ms: int) -> SessionChange:
    return SessionChange(
        domain="bng1", bng="bng1", nas=NAS, session=f"session {seen[0]}", step=step, at_ms=at_ms,
        until_ms=at_ms + 7 * DAY, line=line, ids=IDS[seen[0]], own=True, keys=ring.hashes, fingerprint=ring.fingerprint,
    )  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from((VlanModel.SHARED, VlanModel.PER_LINE)),
    st.sampled_from(tuple(LineIdPolicy)),
    st.lists(st.tuples(SEEN, STEPS, AGES), max_size=3),
    st.lists(SEEN, max_size=4),
    SEEN,
    st.sampled_from((None, 0, 0, 1, 2)),
    PLANNED,
    st.booleans(),
)
def test_a_line_that_stands_alone_has_the_verdict_of_all_that_is_known(
    model: VlanModel,
    policy: LineIdPolicy,
    before: list[tuple[Seen, SessionStep | None, int]],
    last: list[Seen],
    asked: Seen,
    known: int | None,
    planned: int | None,
    later: bool,
) -> None:
    """Lines of whichever rule, their sessions and the plan; sightings that the store has not taken yet included. Where
    the request was seen before, `known` says which ids it had then; the plan may have come `later`.
    """
    if known is not None:
        before = [*before, ((known, *asked[1:]), SessionStep.START, 1)]

    async def run() -> tuple[Verdict, Verdict, bool]:
        store, pending, at_ms = MemoryStore(), Pending(), NOW
        ring = _ring(model, asked)
        plan = {} if planned is None or ring.place is None else {ring.place: IDS[planned]}
        if not later:
            await store.replace_plan("bng1", plan, NOW)
        for seen, step, age in before:
            where, line = _ring(model, seen), _line(seen, policy)
            lessons: list[Lesson] = [_sighting(where, line, seen, at_ms)]
            if step is not None:
                lessons.append(_change(where, line, seen, step, at_ms))
            await store.write(lessons, at_ms)
            at_ms += age
        await store.replace_plan("bng1", plan, at_ms)
        for seen in last:
            pending.put(_sighting(_ring(model, seen), _line(seen, policy), seen, at_ms))
            at_ms += 1
        question = Question(
            domain="bng1", keyring=ring, rules=Rules(line_id=policy), session=None, at_ms=at_ms, match_v6=True,
            accounting=False, begins=True, own=IDS[asked[0]],
        )  # fmt: skip
        given_: list[Verdict] = []
        judge: Judge[_Waiting] = Judge(store, _Clock(at_ms), pending=pending)
        judge.ask([_Waiting(question)], lambda _, verdicts: given_.extend(verdicts))
        while not given_:  # noqa: ASYNC110  # the judge calls back
            await asyncio.sleep(0)
        await judge.close()
        (short,) = await store.recall([recall_of(question)], at_ms)
        whole = recall_of(question)
        whole.line = None
        (recalled,) = await store.recall([whole], at_ms)
        assert short is not None
        assert recalled is not None
        some = pending.like("bng1", ring.mac, ring.attachment, ring.session)
        assert given_ == [verdict_over(question, short, some, at_ms, NO_RUNGS)]
        return verdict_over(question, recalled, some, at_ms, NO_RUNGS), given_[0], short.alone

    expected, actual, alone = asyncio.run(run())
    event(f"{'alone' if alone else 'in full'}, {expected.outcome}, {'pending' if last else 'none pending'}")
    assert expected == actual

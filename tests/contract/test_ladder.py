"""The climb over what a store recalls: the order in which things were written never leads to another customer's line.

The store is the one in memory, which says what the real one does (`test_model`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.correlator.judge import recall_of
from bngcorr.correlator.keys import Keyring, keyring, session_hash
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.question import Question, Rules
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, LineIdPolicy, MacSource, Outcome, VlanModel
from bngcorr.store.lesson import Lesson, Restart, SessionChange, SessionStep, Sighting
from bngcorr.store.memory import MemoryStore
from tests.store.subjects import DAY, NOW

DOMAIN: Final = "d"
NAS: Final = "bng1|"
MACS: Final = 2
GAPS_MS: Final = (900, 4_000, 30_000, 600_000)
# What VLAN pairs are: on the last one each CPE is a line of its own
MODELS: Final = (VlanModel.PER_LINE, VlanModel.PER_LINE, VlanModel.SHARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpe:
    """A CPE, at a place now; it may be seen elsewhere as well."""

    place: int
    mac: int

    @property
    def ring(self) -> Keyring:
        """Keys of its requests."""
        port, mac = Attachment("1/1/1", 100, self.place), Mac(b"\0\x10\0\0\0" + bytes([self.mac]))
        return keyring("bng1", port, mac, MacSource.SEEN, MODELS[self.place])


class Deed(StrEnum):
    """Something that a BNG tells one of two replicas; or another line comes to a place, once all there has stopped."""

    SIGHT = "sight"
    ACCEPT = "accept"
    START = "start"
    INTERIM = "interim"
    STOP = "stop"
    RESTART = "restart"
    REPLUG = "replug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment of a story."""

    deed: Deed
    cpe: Cpe
    replica: int
    gap_ms: int  # since the one before
    v6: bool


ASKED: Final = [Cpe(place=place, mac=mac) for place in range(len(MODELS)) for mac in range(MACS)]

cpes = st.sampled_from(ASKED)
stories = st.lists(
    st.builds(
        Scene,
        deed=st.sampled_from((*Deed, Deed.SIGHT, Deed.START, Deed.STOP)),
        cpe=cpes,
        replica=st.integers(0, 1),
        gap_ms=st.sampled_from(GAPS_MS),
        v6=st.booleans(),
    ),
    max_size=14,
)


class Lines:
    """Which line each CPE is on: a place of its own has one line at a time, and a new one after it was plugged anew."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def replug(self, place: int) -> None:
        """Another line comes to the place."""
        self._numbers[place] = self._numbers.get(place, 0) + 1

    def of(self, cpe: Cpe) -> int:
        """Number of its line."""
        at = 1000 * cpe.place + 10 * self._numbers.get(cpe.place, 0)
        return at + cpe.mac if MODELS[cpe.place] is VlanModel.SHARED else at


def _ids(number: int) -> LineIds:
    return LineIds(b"LINE-%d" % number, None)


def _line(number: int) -> str:
    return line_key(_ids(number), LineIdPolicy.BOTH)


def _sighting(cpe: Cpe, number: int, at_ms: int, *, v6: bool) -> Sighting:
    ring = cpe.ring
    return Sighting(
        domain=DOMAIN, bng="bng1", attachment_mac=ring.hash_of(Key.ATTACHMENT_MAC),
        attachment=ring.hash_of(Key.ATTACHMENT), bng_mac=ring.hash_of(Key.BNG_MAC), mac=ring.mac,
        line=_line(number), ids=_ids(number), at_ms=at_ms, v6=v6, attached=ring.attached, place=ring.place,
        until_ms=at_ms + DAY,
    )  # fmt: skip


def _change(cpe: Cpe, number: int, step: SessionStep, at_ms: int) -> SessionChange:
    ring = cpe.ring
    return SessionChange(
        domain=DOMAIN, bng="bng1", nas=NAS, session=session_hash(NAS, b"%d/%d/%d" % (cpe.place, cpe.mac, number)),
        step=step, at_ms=at_ms, until_ms=at_ms + 7 * DAY, line=_line(number), ids=_ids(number), own=True,
        keys=tuple(handle.hash for handle in ring.handles), fingerprint=ring.fingerprint,
        digest="" if step is SessionStep.EXPECTED else f"{at_ms % 2**32:08x}",
    )  # fmt: skip


_STEPS: Final = {
    Deed.ACCEPT: SessionStep.EXPECTED,
    Deed.START: SessionStep.START,
    Deed.INTERIM: SessionStep.INTERIM,
    Deed.STOP: SessionStep.STOP,
}


def _lessons(scene: Scene, number: int, at_ms: int) -> list[Lesson]:
    """What a moment is written down as, in the order of the packet process."""
    if scene.deed is Deed.RESTART:
        return [Restart(domain=DOMAIN, bng="bng1", nas=NAS, at_ms=at_ms)]
    lessons: list[Lesson] = []
    if scene.deed is not Deed.STOP:
        lessons.append(_sighting(scene.cpe, number, at_ms, v6=scene.v6))
    if scene.deed in _STEPS:
        lessons.append(_change(scene.cpe, number, _STEPS[scene.deed], at_ms))
    return lessons


async def _verdicts(lessons: Sequence[Lesson], asked: Sequence[Cpe], at_ms: int) -> list[Verdict]:
    """What is said of each CPE's request without a line id, after all lessons are written."""
    store = MemoryStore()
    await store.write(lessons, at_ms)
    questions = [
        Question(
            domain=DOMAIN, keyring=cpe.ring, rules=Rules(), session=None, at_ms=at_ms, match_v6=True,
            accounting=False, begins=True,
        )
        for cpe in asked
    ]  # fmt: skip
    recalled = await store.recall([recall_of(question) for question in questions], at_ms)
    return [climb(question, one, at_ms) for question, one in zip(questions, recalled, strict=True) if one is not None]


def _told(story: Sequence[Scene]) -> tuple[list[tuple[int, Lesson]], int]:
    """Lessons with the replica that writes each, and the instant of the last."""
    at_ms, lines = NOW, Lines()
    told: list[tuple[int, Lesson]] = []
    for scene in story:
        at_ms += scene.gap_ms
        if scene.deed is Deed.REPLUG:
            there = [cpe for cpe in ASKED if cpe.place == scene.cpe.place]
            told += [(scene.replica, _change(cpe, lines.of(cpe), SessionStep.STOP, at_ms)) for cpe in there]
            lines.replug(scene.cpe.place)
        else:
            told += [(scene.replica, lesson) for lesson in _lessons(scene, lines.of(scene.cpe), at_ms)]
    return told, at_ms


@settings(max_examples=80, deadline=None)
@given(
    before=stories,
    seen=st.lists(st.tuples(cpes, st.integers(1, 3), st.booleans()), min_size=2, max_size=6),
    later_ms=st.sampled_from((0, 10, 4_000)),
    data=st.data(),
)
def test_what_is_seen_at_one_instant_has_no_order(
    before: list[Scene], seen: list[tuple[Cpe, int, bool]], later_ms: int, data: st.DataObject
) -> None:
    """Sightings of one instant, true or not, give the same verdicts in whatever order they are written."""
    told, at_ms = _told(before)
    now_ms = at_ms + 60_000
    sightings: list[Lesson] = [_sighting(cpe, 10 * number, now_ms, v6=v6) for cpe, number, v6 in seen]
    other = data.draw(st.permutations(sightings))
    history = [lesson for _, lesson in told]

    assert asyncio.run(_verdicts([*history, *sightings], ASKED, now_ms + later_ms)) == asyncio.run(
        _verdicts([*history, *other], ASKED, now_ms + later_ms)
    )


@settings(max_examples=100, deadline=None)
@given(story=stories, later_ms=st.sampled_from((1, 4_000, 60_000)), data=st.data())
def test_replicas_that_lag_never_lead_to_another_line(story: list[Scene], later_ms: int, data: st.DataObject) -> None:
    """Two replicas each write in order, with delays of their own: a match may be lost by that, not become another."""
    told, at_ms = _told(story)
    queues = [[lesson for replica, lesson in told if replica == number] for number in (0, 1)]
    mixed: list[Lesson] = []
    while any(queues):
        queue = queues[data.draw(st.integers(0, 1))] or queues[0] or queues[1]
        mixed.append(queue.pop(0))
    in_order = asyncio.run(_verdicts([lesson for _, lesson in told], ASKED, at_ms + later_ms))
    lagging = asyncio.run(_verdicts(mixed, ASKED, at_ms + later_ms))

    for one, other in zip(in_order, lagging, strict=True):
        if Outcome.MATCHED is one.outcome is other.outcome:
            assert one.line == other.line


@settings(max_examples=60, deadline=None)
@given(story=stories, later_ms=st.sampled_from((1, 4_000, 60_000)))
def test_no_two_lines_are_merged(story: list[Scene], later_ms: int) -> None:
    """A match is a line that was seen, with its own ids and nobody else's; what is no match has neither."""
    told, at_ms = _told(story)
    seen = {lesson.line: lesson.ids for _, lesson in told if isinstance(lesson, Sighting)}
    for verdict in asyncio.run(_verdicts([lesson for _, lesson in told], ASKED, at_ms + later_ms)):
        if verdict.outcome is Outcome.MATCHED:
            assert verdict.line is not None
            assert seen[verdict.line] == verdict.ids
        else:
            assert (None, None) == (verdict.line, verdict.ids)

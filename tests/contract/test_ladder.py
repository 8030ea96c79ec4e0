"""The climb over what a store recalls: the order in which things were written never leads to another customer's line.

The store is the one in memory, which says what the real one does (`test_model`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.correlator.judge import recall_of
from bngcorr.correlator.keys import Keyring, keyring, session_hash
from bngcorr.correlator.ladder import Question, Rules, climb
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, LineIdPolicy, MacSource, Outcome, VlanModel
from bngcorr.store.lesson import Lesson, Restart, SessionChange, SessionStep, Sighting
from bngcorr.store.memory import MemoryStore
from tests.store.scene import DAY, NOW

DOMAIN: Final = "d"
NAS: Final = "bng1|"
LINES: Final = 3
PLACES: Final = 2
MACS: Final = 2
GAPS_MS: Final = (0, 900, 4_000, 30_000, 600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpe:
    """A CPE at a place."""

    place: int
    mac: int
    model: VlanModel

    @property
    def ring(self) -> Keyring:
        """Keys of its requests."""
        port = Attachment("1/1/1", 100, self.place)
        return keyring("bng1", port, Mac(b"\0\x10\0\0\0" + bytes([self.mac])), MacSource.SEEN, self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that a BNG tells one of two replicas."""

    what: str  # sight, accept, start, interim, stop, restart
    cpe: Cpe
    number: int  # of its line
    replica: int
    gap_ms: int  # since the one before
    v6: bool


cpes = st.builds(
    Cpe, place=st.integers(0, PLACES - 1), mac=st.integers(0, MACS - 1), model=st.just(VlanModel.PER_LINE)
) | st.builds(Cpe, place=st.integers(0, PLACES - 1), mac=st.integers(0, MACS - 1), model=st.sampled_from(VlanModel))
deeds = st.builds(
    Deed,
    what=st.sampled_from(("sight", "sight", "accept", "start", "start", "interim", "stop", "restart")),
    cpe=cpes,
    number=st.integers(1, LINES),
    replica=st.integers(0, 1),
    gap_ms=st.sampled_from(GAPS_MS[1:]),
    v6=st.booleans(),
)


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


def _lessons(deed: Deed, at_ms: int) -> list[Lesson]:
    """What a deed is written down as, in the order of the packet process."""
    seen = _sighting(deed.cpe, deed.number, at_ms, v6=deed.v6)
    match deed.what:
        case "sight":
            return [seen]
        case "restart":
            return [Restart(domain=DOMAIN, bng="bng1", nas=NAS, at_ms=at_ms)]
        case "stop":
            return [_change(deed.cpe, deed.number, SessionStep.STOP, at_ms)]
        case "accept":
            return [seen, _change(deed.cpe, deed.number, SessionStep.EXPECTED, at_ms)]
        case "start":
            return [seen, _change(deed.cpe, deed.number, SessionStep.START, at_ms)]
        case _:
            return [seen, _change(deed.cpe, deed.number, SessionStep.INTERIM, at_ms)]


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


ASKED: Final = [
    Cpe(place=place, mac=mac, model=model) for place in range(PLACES) for mac in range(MACS) for model in VlanModel
]


def _told(story: Sequence[Deed]) -> tuple[list[tuple[int, Lesson]], int]:
    """Lessons with the replica that writes each, and the instant after the last."""
    at_ms, told = NOW, []
    for deed in story:
        at_ms += deed.gap_ms
        told += [(deed.replica, lesson) for lesson in _lessons(deed, at_ms)]
    return told, at_ms


@settings(max_examples=300, deadline=None)
@given(
    before=st.lists(deeds, max_size=6),
    seen=st.lists(st.tuples(cpes, st.integers(1, LINES), st.booleans()), min_size=2, max_size=6),
    later_ms=st.sampled_from((0, 10, 4_000)),
    data=st.data(),
)
def test_what_is_seen_at_one_instant_has_no_order(
    before: list[Deed], seen: list[tuple[Cpe, int, bool]], later_ms: int, data: st.DataObject
) -> None:
    """Sightings of one instant give the same verdicts in whatever order they are written."""
    told, at_ms = _told(before)
    now_ms = at_ms + 60_000
    sightings: list[Lesson] = [_sighting(cpe, number, now_ms, v6=v6) for cpe, number, v6 in seen]
    other = data.draw(st.permutations(sightings))
    history = [lesson for _, lesson in told]

    assert asyncio.run(_verdicts([*history, *sightings], ASKED, now_ms + later_ms)) == asyncio.run(
        _verdicts([*history, *other], ASKED, now_ms + later_ms)
    )


@settings(max_examples=600, deadline=None)
@given(story=st.lists(deeds, min_size=2, max_size=12), later_ms=st.sampled_from((1, 4_000, 60_000)), data=st.data())
def test_replicas_that_lag_never_lead_to_another_line(story: list[Deed], later_ms: int, data: st.DataObject) -> None:
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
    for verdict in (*in_order, *lagging):  # no two lines are merged: a match is one of them, with its own ids
        assert (verdict.line, verdict.ids) in [(None, None), *((_line(n), _ids(n)) for n in range(1, LINES + 1))]

"""One write for boxes that are at different instants of their stories."""

from __future__ import annotations

from pathlib import Path

import pytest

from bngcorr.model.line import LineIds
from bngcorr.simulate.store import SimulatedStore
from bngcorr.store.embedded import EmbeddedValkey
from bngcorr.store.embedded import url as embedded_url
from bngcorr.store.lesson import Lesson, SessionChange, SessionStep, Sighting
from bngcorr.store.recollection import Recall

KEY, LINE, SESSION = "0a" * 12, "0b" * 12, "0c" * 12
NOON = 1_800_000_000_000


def _seen(domain: str, at_ms: int) -> Sighting:
    return Sighting(
        domain=domain, bng=domain, attachment_mac=KEY, line=LINE, ids=LineIds(b"line"), at_ms=at_ms, until_ms=at_ms + 1
    )


def _expected(domain: str, at_ms: int) -> SessionChange:
    return SessionChange(
        domain=domain, bng=domain, session=SESSION, nas=f"{domain}|", step=SessionStep.EXPECTED, at_ms=at_ms,
        until_ms=at_ms + 120_000, line=LINE, ids=LineIds(b"line"), own=True, keys=(KEY,),
    )  # fmt: skip


@pytest.mark.asyncio
async def test_each_lesson_is_written_at_its_own_instant(tmp_path: Path) -> None:
    """A session that is expected is heard of at the instant of its own box, not at that of the one in front."""
    server = EmbeddedValkey(tmp_path)
    await server.start()
    store = SimulatedStore(embedded_url(tmp_path), budget_s=5.0, events=0)
    try:
        lessons: list[tuple[Lesson, int]] = []
        for domain, at_ms in (("early", NOON), ("late", NOON + 1_000_000)):
            lessons += [(_seen(domain, at_ms), at_ms), (_expected(domain, at_ms), at_ms)]
        await store.write_each(lessons)
        questions = [Recall(domain=domain, keys=(KEY,), mac=None, session=None) for domain in ("early", "late")]
        found = await store.recall_all(questions, NOON)
    finally:
        await store.close()
        await server.stop()

    heard = [one.records[KEY].candidates[0].sessions[0].heard_ms for one in found]
    assert [NOON, NOON + 1_000_000] == heard

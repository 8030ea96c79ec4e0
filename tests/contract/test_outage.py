"""A server is lost in the middle: what is about its domains waits, all else goes on, and nothing is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bngcorr.model.usage import Usage
from bngcorr.store.lesson import AWAY, Lesson
from bngcorr.store.recollection import Recall
from tests.store.scene import Scene, Store
from tests.store.subjects import INTERIM, NOW, START, STOP, ia_pd, ids_of, key, line, v4

from .conftest import Place

BACK_WITHIN_S = 30.0


def _story(scene: Scene) -> list[Lesson]:
    return [
        scene.sighting(1, attachment="k", pair="k+m", mac="m", place="p"),
        scene.change(START, number=1, keys=["k", "k+m"], hosts=[v4(), ia_pd()]),
        scene.change(START, "ended", number=1, keys=["k"], hosts=[v4()]),
        scene.change(STOP, "ended", at=1_000),
        scene.sighting(2, attachment="k", at=2_000),
    ]


async def _answering(store: Store, domains: Sequence[str]) -> None:
    async with asyncio.timeout(BACK_WITHIN_S):
        for domain in domains:
            while not await store.ping(domain):  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.05)


@pytest.mark.asyncio
async def test_what_was_written_outlives_its_server(store: Store, place: Place) -> None:
    """Of eight domains those whose server is lost are away, and only those; then all is known, and new things are."""
    scenes = [Scene(store) for _ in range(8)]
    for scene in scenes:
        await store.plans.replace_plan(scene.domain, {key("planned"): ids_of(1)}, NOW)
        await scene.write(*_story(scene))
    domains = [scene.domain for scene in scenes]
    questions = [
        Recall(domain=domain, keys=(key("k"),), mac=key("m"), session=key("s1"), place=key("planned"))
        for domain in domains
    ]
    known = await store.recall(questions, NOW)
    rows = [await scene.rows() for scene in scenes]
    away = await asyncio.to_thread(place.lose, domains[0], domains)

    late: list[Lesson] = [scene.sighting(3, attachment="late") for scene in scenes]
    assert [domain in away for domain in domains] == [one is None for one in await store.recall(questions, NOW)]
    assert [domain in away for domain in domains] == [word == AWAY for word in await store.write(late, NOW)]
    assert [domain not in away for domain in domains] == [await store.ping(domain) for domain in domains]

    await asyncio.to_thread(place.regain)
    await _answering(store, domains)
    assert (known, rows) == (await store.recall(questions, NOW), [await scene.rows() for scene in scenes])
    assert [ids_of(1)] * 8 == [one.plan for one in known if one is not None]
    for scene, lesson in zip(scenes, late, strict=True):
        interim = scene.change(INTERIM, at=60_000, number=1, keys=["k", "k+m"], hosts=[v4()])
        assert ["ok", "applied"] == await scene.write(lesson, interim)
        assert {line(3)} == await scene.lines_on("late")
        assert Usage(v4=1, sessions=1) == await scene.usage()

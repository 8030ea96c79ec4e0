"""Answers to accounting while the store lags: who waits, for how long, and how many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry

from bngcorr.model.vocabulary import DropReason, VlanModel
from bngcorr.proxy import brake
from bngcorr.proxy.admit import describe
from bngcorr.proxy.brake import LESSONS, LONGEST_S, MOST, Brake
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.replies import Reply
from tests.lab_parts import nas
from tests.wire.radius_packets import plain

from .families import NOKIA, profile, request

pytestmark = pytest.mark.asyncio


ASKED = describe(
    nas("bng1", profile(NOKIA), vlan_model=VlanModel.PER_LINE), request(plain(44, b"0A"), code=4), "192.0.2.1", at_ms=0,
    authentic=True, numbers=Numbers(),
)  # fmt: skip


class Stage:
    """A brake, the room that the store has, and what left."""

    def __init__(self) -> None:
        self.room = 0
        self.left: list[tuple[int, float]] = []  # number and instant
        self.meters = Meters(CollectorRegistry())
        self.refuses: int | None = None  # a number that nobody sends
        self.brake = Brake(lambda: self.room, self._send, meters=self.meters, noise=Noise())

    def _send(self, reply: Reply, now: float) -> None:
        if reply.code == self.refuses:
            raise ValueError("nobody sends it")
        self.left.append((reply.code, now))
        self.room -= LESSONS  # its BNG sends the next record

    def put(self, *numbers: int) -> list[bool]:
        """Whether these wait."""
        now = monotonic()
        return [self.brake.takes(Reply(ASKED, number, b""), now) for number in numbers]

    @property
    def numbers(self) -> list[int]:
        """Of those that left after they had waited."""
        return [number for number, _ in self.left]

    def metric(self, name: str, **labels: str) -> float | None:
        """Of the proxy."""
        return self.meters.registry.get_sample_value(name, labels)


async def until(true: Callable[[], bool], within_s: float = 4.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.002)


async def test_nobody_waits_while_the_store_keeps_up() -> None:
    """With room for one more lesson an answer leaves at once."""
    stage = Stage()
    stage.room = 1

    assert [False, False] == stage.put(1, 2)
    assert 0.0 == stage.metric("bngcorr_accounting_held_answers_total")


async def test_answers_leave_in_order_as_far_as_there_is_room_for_what_follows_them() -> None:
    """Each lets a BNG send a record, of so many lessons; whoever comes later stands behind those that wait."""
    stage = Stage()
    held = stage.put(1, 2, 3, 4)
    await asyncio.sleep(3 * brake.LOOK_EVERY_S)
    none = stage.numbers
    stage.room = 2 * LESSONS
    held += stage.put(5)
    await asyncio.sleep(5 * brake.LOOK_EVERY_S)
    some = stage.numbers
    stage.room = 100
    await until(lambda: not len(stage.brake))
    held += stage.put(6)

    assert [True, True, True, True, True, False] == held
    assert [] == none
    assert [1, 2] == some
    assert [1, 2, 3, 4, 5] == stage.numbers
    assert 5.0 == stage.metric("bngcorr_accounting_held_answers_total")


async def test_no_answer_waits_until_its_bng_sends_again() -> None:
    """However long the store lags, an answer leaves within a second."""
    stage = Stage()
    began = monotonic()
    stage.put(1)
    await until(lambda: bool(stage.left))

    assert LONGEST_S <= stage.left[0][1] - began < 1.0
    assert 0 == len(stage.brake)


async def test_so_many_wait_and_no_more() -> None:
    """What comes beyond them leaves at once."""
    stage = Stage()
    held = stage.put(*range(MOST + 2))
    stage.brake.close()

    assert [True] * MOST + [False] * 2 == held
    assert list(range(MOST)) == stage.numbers


async def test_an_answer_that_goes_wrong_keeps_no_other() -> None:
    """It is dropped by name, and the others leave."""
    stage = Stage()
    stage.refuses = 2
    stage.put(1, 2, 3)
    stage.room = 100
    await until(lambda: len(stage.left) >= 2)

    assert [1, 3] == stage.numbers
    assert 1.0 == stage.metric("bngcorr_radius_discards_total", reason=str(DropReason.INTERNAL_ERROR))


async def test_the_end_sends_them() -> None:
    """Nothing waits after it, and no timer is left."""
    stage = Stage()
    stage.put(1, 2)
    stage.brake.close()
    at_once = stage.numbers
    await asyncio.sleep(3 * brake.LOOK_EVERY_S)

    assert [1, 2] == at_once == stage.numbers

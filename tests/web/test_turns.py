"""Long lists are told, and masked, a few rows at a time."""

from __future__ import annotations

import asyncio

import pytest

from bngcorr.config.web import Scope
from bngcorr.web.access.caller import Caller
from bngcorr.web.access.mask import outgoing, outgoing_in_turns
from bngcorr.web.models.model import Page
from bngcorr.web.models.session import Session
from bngcorr.web.resources.shown import session_shown
from bngcorr.web.turns import AT_ONCE, in_turns
from tests.web.test_diagnosis import V4, session

pytestmark = pytest.mark.asyncio

MASKED = Caller(name="trainee", scopes=frozenset({Scope.MASKED}), address="192.0.2.1")
SEEING = Caller(name="helpdesk", scopes=frozenset({Scope.READ}), address="192.0.2.1")


async def test_who_asks_meanwhile_has_a_turn() -> None:
    """Between a few rows and the next ones of a long list; the rows keep their order."""
    told: list[int] = []
    seen: list[int] = []  # how many rows were told at each turn of another task

    async def other() -> None:
        while True:
            seen.append(len(told))
            await asyncio.sleep(0)

    def tell(row: int) -> int:
        told.append(row)
        return -row

    task = asyncio.create_task(other())
    shown = await in_turns(range(3 * AT_ONCE), tell)
    task.cancel()

    assert tuple(-row for row in range(3 * AT_ONCE)) == shown
    assert {AT_ONCE, 2 * AT_ONCE} <= {*seen}


async def test_a_list_is_masked_in_turns_as_it_is_as_a_whole() -> None:
    """Item by item, with its cursor; whoever may see all of it is given the very same answer."""
    page = Page[Session](items=tuple(session_shown(session(V4), {}) for _ in range(2 * AT_ONCE)), next="0.1.2")
    shown = await outgoing_in_turns(page, MASKED)

    assert outgoing(page, MASKED) == shown
    assert page != shown
    assert page is await outgoing_in_turns(page, SEEING)

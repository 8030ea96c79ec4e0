"""Carrying out acts: each has its audit record before it begins, and what became of it is noted while it goes on.

Whoever asks waits for some seconds; what takes longer goes on without him, and the record tells how.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from bngcorr.errors import StoreError
from bngcorr.model.vocabulary import ActOutcome
from bngcorr.store.audit_trail import ActRow, Asked, AuditTrail, Ended
from bngcorr.store.commands import Json
from bngcorr.store.contract import Clock
from bngcorr.web.problem import Problem

WAIT_S: Final = 5.0  # whoever asks waits so long
NOTED_EVERY_S: Final = 2.0
GONE_MS: Final = 30_000  # an act of which nothing was noted for so long goes on no more
MOST_AT_ONCE: Final = 64
TRIES: Final = 3  # to note the end
AGAIN_S: Final = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an act."""

    outcome: ActOutcome
    said: str
    body: Json


class Progress:
    """How far an act is; whoever carries it out says so here."""

    def __init__(self) -> None:
        self.said = ""
        self.body: Json = {}


Carry = Callable[[Progress], Awaitable[Result]]


class Performer:
    """Acts under way."""

    def __init__(self, trail: AuditTrail, clock: Clock) -> None:
        self._trail = trail
        self._clock = clock
        self._tasks: set[asyncio.Task[Ended]] = set()

    async def perform(self, asked: Asked, carry: Carry) -> ActRow:
        """Begin, and tell how far it is after some seconds. Raises StoreError: without a record nothing is done."""
        if len(self._tasks) >= MOST_AT_ONCE:
            raise Problem(503, "Too much at a time", f"{MOST_AT_ONCE} acts are under way", headers={"Retry-After": "5"})
        act = await self._trail.begin(asked)
        log.warning(
            "act begun", act=act, kind=str(asked.kind), subject=asked.subject, who=asked.who, origin=asked.origin
        )
        progress = Progress()
        task = asyncio.get_running_loop().create_task(self._run(act, asked, carry, progress))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=WAIT_S)
        return ActRow(id=act, asked=asked, ended=task.result() if done else self._pending(progress))

    async def close(self) -> None:
        """End what is under way, and note that."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pending(self, progress: Progress) -> Ended:
        now_ms = self._clock.now_ms()
        return Ended(outcome=ActOutcome.PENDING, at_ms=now_ms, said=progress.said, body=progress.body)

    async def _run(self, act: str, asked: Asked, carry: Carry, progress: Progress) -> Ended:
        noting = asyncio.get_running_loop().create_task(self._note(act, progress))
        try:
            result = await carry(progress)
        except StoreError as error:
            result = Result(outcome=ActOutcome.FAILED, said=f"the store: {error}", body=progress.body)
        except Problem as problem:
            result = Result(outcome=ActOutcome.REFUSED, said=problem.detail, body=progress.body)
        except asyncio.CancelledError:
            result = Result(outcome=ActOutcome.FAILED, said="bngcorr web ended before it was over", body=progress.body)
        except Exception:
            log.exception("internal error, act not carried out", act=act, kind=str(asked.kind))
            said = "internal error, see the log of the process"
            result = Result(outcome=ActOutcome.FAILED, said=said, body=progress.body)
        finally:
            noting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await noting
        ended = Ended(outcome=result.outcome, at_ms=self._clock.now_ms(), said=result.said, body=result.body)
        log.warning(
            "act over", act=act, kind=str(asked.kind), subject=asked.subject, who=asked.who,
            outcome=str(ended.outcome), said=ended.said,
        )  # fmt: skip
        await self._end(act, ended)
        return ended

    async def _note(self, act: str, progress: Progress) -> None:
        while True:
            await asyncio.sleep(NOTED_EVERY_S)
            with contextlib.suppress(StoreError):
                await self._trail.end(act, self._pending(progress))

    async def _end(self, act: str, ended: Ended) -> None:
        for left in reversed(range(TRIES)):
            try:
                await self._trail.end(act, ended)
                return
            except StoreError as error:
                if not left:
                    log.warning("what became of an act could not be noted", act=act, error=str(error))
                    return
            await asyncio.sleep(AGAIN_S)

"""The right to import a plan: one import at a time for each domain; one that died keeps others out for seconds only."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from typing import Final, Self

from bngcorr.errors import StoreError
from bngcorr.store.keys import PlanKeys
from bngcorr.store.lane import Command, Lane

BUDGET_S: Final = 5.0  # of one round trip: an import is in no hurry
CLAIM_MS: Final = 15_000  # an import that was killed keeps others out for so long

_KEEP: Final = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
_RELEASE: Final = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class PlanBusyError(StoreError):
    """Somebody else is importing a plan."""

    def __init__(self, domain: str, left_ms: int) -> None:
        super().__init__(
            f"another import of domain {domain} is under way; if it was killed, try again in {left_ms / 1000:.0f} s"
        )


class Claim:
    """The right to import for some domains. It is kept up in the background until the context is left."""

    def __init__(self, lane: Lane, domains: Sequence[str]) -> None:
        """Nothing is claimed yet."""
        self.token = secrets.token_hex(16)
        self._lane = lane
        self._domains = sorted(set(domains))
        self._held: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Claim all of them. Raises PlanBusyError or StoreError, and then holds none."""
        try:
            for domain in self._domains:
                key = PlanKeys(domain).claim
                self._held.append(domain)  # also if the answer gets lost; the token tells whether it is ours
                (taken,) = await self._lane.run([("SET", key, self.token, "NX", "PX", CLAIM_MS)], BUDGET_S)
                if taken is None:
                    (left_ms,) = await self._lane.run([("PTTL", key)], BUDGET_S)
                    raise PlanBusyError(domain, max(int(left_ms), 0))  # noqa: TRY301 - what was claimed is let go of below
        except BaseException:
            await self._release()
            raise
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of what is still ours."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._release()

    async def _keep(self) -> None:
        commands: list[Command] = [
            ("EVAL", _KEEP, 1, PlanKeys(domain).claim, self.token, CLAIM_MS) for domain in self._held
        ]
        while True:
            await asyncio.sleep(CLAIM_MS / 3000)
            with contextlib.suppress(StoreError):  # if it runs out, putting in force is refused
                await self._lane.run(commands, BUDGET_S)

    async def _release(self) -> None:
        commands: list[Command] = [("EVAL", _RELEASE, 1, PlanKeys(domain).claim, self.token) for domain in self._held]
        with contextlib.suppress(StoreError):  # it runs out by itself
            await self._lane.run(commands, BUDGET_S)

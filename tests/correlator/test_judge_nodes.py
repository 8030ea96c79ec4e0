"""The judge before a store of several nodes: a vector's questions wait for their own node only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from bngcorr.correlator.judge import Judge
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.store.recollection import Recall, Recollection

from .questions import PORT, question, ring
from .test_judge import Noon, Store, Waiting

HANGS_S = 0.2


class Halves(Store):
    """The node that keeps domain "there" takes its time and then says nothing."""

    @property
    def undivided(self) -> bool:
        """There are several."""
        return False

    def where(self, domain: str) -> str:
        """One node for each domain."""
        return domain

    def where_events(self) -> str:
        """Anywhere."""
        return "here"

    def trouble(self, _domain: str) -> str:
        """What the log is told."""
        return "no answer within 200 ms"

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """The whole call lasts as long as its slowest node."""
        self.takes_s = HANGS_S if any(question.domain == "there" for question in questions) else 0.0
        return await super().recall(questions, now_ms)


@pytest.mark.asyncio
async def test_nobody_waits_for_a_node_that_is_not_his() -> None:
    """Of one vector, the questions to the node that is well are answered while the other one hangs."""
    store = Halves(away={"there"})
    judge: Judge[Waiting] = Judge(store, Noon(), store)
    given: dict[str, list[tuple[Outcome, float]]] = {"here": [], "there": []}
    started = time.monotonic()

    def then(requests: list[Waiting], verdicts: list[Verdict]) -> None:
        for request, verdict in zip(requests, verdicts, strict=True):
            given[request.question.domain].append((verdict.outcome, time.monotonic() - started))

    keyrings = [ring(PORT, Mac(bytes((0x3C, 0xA6, 0x2F, 0, 0, octet)))) for octet in range(8)]
    domains = ["here", "there"] * 4
    vector = [Waiting(question(keys, domain=domain)) for keys, domain in zip(keyrings, domains, strict=True)]
    judge.ask(vector, then)
    async with asyncio.timeout(5.0):
        while len(given["there"]) < 4:  # noqa: ASYNC110  # any condition
            await asyncio.sleep(0.002)

    assert [Outcome.UNMATCHED] * 4 == [outcome for outcome, _ in given["here"]]
    assert [Outcome.UNKNOWN] * 4 == [outcome for outcome, _ in given["there"]]
    assert max(at for _, at in given["here"]) < HANGS_S <= min(at for _, at in given["there"])
    assert [4, 4] == store.recalls
    await judge.close()

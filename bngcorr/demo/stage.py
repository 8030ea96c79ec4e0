"""The stage the scenarios play on: BNGs, fresh lines, and the passing of time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

from bngcorr.demo.aaa import Aaa
from bngcorr.demo.bng import Bng
from bngcorr.demo.cpe import Cpe
from bngcorr.demo.network import Network
from bngcorr.demo.truth import Line


class Stage:
    """One round. Scenarios ask it for routers; it provisions their lines at AAA."""

    def __init__(self, *, bngs: Mapping[str, Bng], network: Network, aaa: Aaa, spread_s: float, seed: int) -> None:
        self.bngs, self.network = bngs, network
        self.lines: list[Line] = []
        self._aaa = aaa
        self._spread_s = spread_s
        self._seed = seed
        self._random = random.Random(seed)

    def plug_in(self, scenario: str, line: Line) -> Cpe:
        """A router on that line."""
        self.lines.append(line)
        if line.provisioned:
            self._aaa.provision(line)
        return Cpe(line, self.bngs[line.bng], scenario=scenario, seed=f"{self._seed}/{line.number}")

    def crowd(
        self, scenario: str, count: int, bng: str, *, sap: int | None = None, tells_port: bool = True
    ) -> list[Cpe]:
        """Routers on ``count`` fresh lines of that BNG."""
        return [self.plug_in(scenario, self.network.line(bng, sap=sap, tells_port=tells_port)) for _ in range(count)]

    async def play(self, cpes: list[Cpe], story: Callable[[Cpe], Awaitable[object]]) -> None:
        """The same story for each router, begun at different moments of the round."""

        async def one(cpe: Cpe) -> None:
            await self.curtain()
            await story(cpe)

        async with asyncio.TaskGroup() as group:
            for cpe in cpes:
                group.create_task(one(cpe))

    async def curtain(self) -> None:
        """Wait for a moment within the round's opening."""
        await asyncio.sleep(self._random.uniform(0, self._spread_s))

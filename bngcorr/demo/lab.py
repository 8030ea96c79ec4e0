"""Everything the demonstration needs, put up and taken down: AAA, service, BNGs; and the playing of one round on it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from bngcorr.demo.aaa import Aaa
from bngcorr.demo.api import Api, ApiSilent
from bngcorr.demo.bng import Bng
from bngcorr.demo.history import judge
from bngcorr.demo.journal import Journal
from bngcorr.demo.nas_socket import NasSocket
from bngcorr.demo.network import Network, gateways
from bngcorr.demo.radius import Vocabulary
from bngcorr.demo.report import Audit, Host, Json, Result, assess, rung_of, tally
from bngcorr.demo.scenarios import SCENARIOS
from bngcorr.demo.service import DemoError, Service, choose_ports, write_config
from bngcorr.demo.session import Session
from bngcorr.demo.stage import Stage
from bngcorr.demo.truth import Event, Line
from bngcorr.resources import resource

_READY_S = 15.0
_ROUND_S = 13.0  # beyond the round's opening: longer than three transmissions of one request
_SETTLE_S = 4.0  # verdicts and ledger are written behind: how long to wait for them

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be chosen about a demonstration."""

    http: str = "127.0.0.1:8080"  # the web process; port 0 takes a free one
    data_dir: Path | None = None  # of the store; None: a temporary one, removed at the end
    seed: int = 1  # of everything random but secrets and authenticators
    direct: bool = False  # without the service: the BNGs ask AAA themselves
    scenarios: frozenset[str] | None = None  # names from `scenarios`; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Where a round stands; for showing."""

    phase: str
    requests: int
    answers: Mapping[str, int]
    by_rung: Mapping[str, int]
    hosts: Mapping[str, Host]


@dataclass(slots=True)
class _Leftovers:
    """What one round leaves for the next: lines that are still up, and the events that explain their sessions."""

    lines: Sequence[Line] = ()
    sessions: Sequence[tuple[Bng, Session]] = ()
    events: Sequence[Event] = field(default_factory=tuple)


class Lab:
    """The whole demonstration as a context manager. Raises DemoError where it cannot be put up or falls over."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.service: Service | None = None
        self.verdicts: dict[str, Json] = {}  # of this round, by the request's authenticator
        self.hosts: dict[str, Host] = {}
        self.phase = "starting"
        self._journal = Journal()
        self._specs = gateways()
        self._network = Network(self._specs, seed=options.seed)
        self._bngs: dict[str, Bng] = {}
        self._cursor: str | None = None
        self._left = _Leftovers()
        self._stack = AsyncExitStack()
        self._password = secrets.token_hex(12)  # more than one block of RFC 2865 §5.2

    async def __aenter__(self) -> Lab:
        try:
            await self._put_up()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _put_up(self) -> None:
        vocabulary = Vocabulary(resource("dictionaries") / "dictionary")
        aaa_secret = secrets.token_hex(12)
        known = (
            {spec.address: spec.secret.encode() for spec in self._specs}
            if self.options.direct
            else {"127.0.0.1": aaa_secret.encode()}
        )
        self._aaa = Aaa(
            vocabulary=vocabulary, secrets=known, password=self._password, needs_signature=not self.options.direct
        )
        self._stack.callback(self._aaa.close)
        await self._aaa.open()
        auth, acct = self._aaa.ports
        if not self.options.direct:
            self.service = await self._start_service(aaa_secret)
            auth, acct = self.service.ports.auth, self.service.ports.acct
            await self.unless_it_ends(self._ready(self.service))
        for spec in self._specs:
            bng = Bng(
                spec,
                vocabulary=vocabulary,
                journal=self._journal,
                password=self._password,
                seed=self.options.seed,
                auth=await NasSocket.open(spec.address, ("127.0.0.1", auth)),
                acct=await NasSocket.open(spec.address, ("127.0.0.1", acct)),
            )
            self._stack.callback(bng.close)
            self._bngs[spec.name] = bng

    async def _start_service(self, aaa_secret: str) -> Service:
        data_dir = self.options.data_dir
        if data_dir is None:
            data_dir = Path(tempfile.mkdtemp(prefix="bngcorr-demo-"))
            self._stack.callback(shutil.rmtree, data_dir, ignore_errors=True)
        else:
            data_dir.mkdir(parents=True, exist_ok=True)
        ports = choose_ports(self.options.http)
        config = data_dir / "demo.yaml"
        write_config(
            config, ports=ports, data_dir=data_dir, aaa_ports=self._aaa.ports, aaa_secret=aaa_secret, bngs=self._specs
        )
        service = Service(config, ports=ports, data_dir=data_dir)
        self._stack.push_async_callback(service.stop)
        self._api = await self._stack.enter_async_context(Api(service.http))
        await service.start()
        return service

    async def _ready(self, service: Service) -> None:
        """Both processes say that they are ready."""
        deadline = time.monotonic() + _READY_S
        for url in (f"{service.health}/readyz", f"{service.http}/healthz"):
            while not await self._api.answers(url):
                if time.monotonic() > deadline:
                    raise DemoError(f"{url} did not answer 200 within {_READY_S:.0f} s")
                await asyncio.sleep(0.1)

    async def unless_it_ends(self, work: Coroutine[None, None, T]) -> T:
        """Await that, or raise DemoError as soon as a process of the service is gone."""
        if self.service is None:
            return await work
        task = asyncio.create_task(work)
        try:
            waiting: list[asyncio.Future[Any]] = [task, self.service.ended]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if self.service.ended.done() and not task.done():
                raise self.service.ended.result()
            return await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def power_on(self) -> None:
        """Every BNG starts, says so, and waits longer than the second that Event-Timestamp can tell."""
        await asyncio.gather(*(bng.accounting_on(scenario="power_on") for bng in self._bngs.values()))
        await asyncio.sleep(1.1)

    async def round(self, number: int, *, spread_s: float) -> Result:
        """Play all scenarios at once, on fresh lines, and judge what came of it."""
        began = time.monotonic()
        if number == 1:
            self.phase = "BNGs start"
            await self.power_on()
        self.phase = "routers boot"
        stage = Stage(
            bngs=self._bngs,
            network=self._network,
            aaa=self._aaa,
            spread_s=spread_s,
            seed=self.options.seed * 1000 + number,
        )
        before = self._left
        with contextlib.suppress(TimeoutError):  # what is unanswered then stays so in the report
            async with asyncio.timeout(spread_s + _ROUND_S), asyncio.TaskGroup() as group:
                for scenario in SCENARIOS:
                    if self.options.scenarios is None or scenario.__name__ in self.options.scenarios:
                        group.create_task(scenario(stage))
                group.create_task(self._unplug(before, over_s=spread_s))
        self.phase = "counting"
        await self._settle()
        exchanges, bng_faults = self._journal.turn()
        seen, aaa_faults = self._aaa.turn()
        judged, events = judge(exchanges, before.events, {spec.name: spec.policy for spec in self._specs})
        self._aaa.forget(before.lines)
        self._left = _Leftovers(lines=stage.lines, sessions=self._sessions(), events=events)
        verdicts, self.verdicts = self.verdicts, {}
        audit = await self._audit()
        return assess(
            judged,
            seen=seen,
            verdicts=verdicts,
            hosts=self.hosts,
            audit=audit,
            faults=[*bng_faults, *aaa_faults],
            duration_s=time.monotonic() - began,
        )

    async def observe(self) -> Snapshot:
        """Ask the API what is new, as far as it answers, and say where things stand."""
        if self.service is not None:
            try:
                found, self._cursor = await self._api.verdicts(self._cursor)
                self.verdicts |= {str(verdict["request"]): verdict for verdict in found}
                self.hosts = await self._api.hosts()
            except ApiSilent:
                pass  # the store may be away; the next look will tell
        return Snapshot(
            phase=self.phase,
            requests=len(self._journal.exchanges),
            answers=tally(self._journal.exchanges),
            by_rung=Counter(map(rung_of, self.verdicts.values())),
            hosts=self.hosts,
        )

    async def ready(self) -> bool:
        """Whether the packet process says it is ready."""
        return self.service is not None and await self._api.answers(f"{self.service.health}/readyz")

    @property
    def example_line(self) -> Line | None:
        """A line that is up now."""
        return next((session.line for bng in self._bngs.values() for session in bng.sessions.values()), None)

    async def _unplug(self, left: _Leftovers, *, over_s: float) -> None:
        """The routers of the round before are switched off, one by one."""
        for bng, session in left.sessions:
            await bng.stop(session, scenario="unplugged")
            await asyncio.sleep(over_s / len(left.sessions))

    async def _settle(self) -> None:
        """Wait until every request's verdict is there and the ledger shows what the BNGs hold; a bounded while."""
        if self.service is None:
            return
        await _until(self._told, _SETTLE_S)

    async def _told(self) -> bool:
        await self.observe()
        owed = (exchange for exchange in self._journal if exchange.line is not None)
        agreed = all(
            name in self.hosts and bng.usage().items() <= self.hosts[name].usage.items()
            for name, bng in self._bngs.items()
        )
        return agreed and all(exchange.authenticator in self.verdicts for exchange in owed)

    async def _audit(self) -> dict[str, Audit]:
        if self.service is None:
            return {}
        try:
            self.hosts = await self._api.hosts()
            return {
                name: Audit(
                    ledger=self.hosts[name].usage if name in self.hosts else {},
                    recount=await self._api.recount(name),
                    truth=bng.usage(),
                )
                for name, bng in self._bngs.items()
            }
        except ApiSilent:
            return {name: Audit(ledger={}, recount={}, truth=bng.usage()) for name, bng in self._bngs.items()}

    def _sessions(self) -> list[tuple[Bng, Session]]:
        return [(bng, session) for bng in self._bngs.values() for session in bng.sessions.values()]


async def _until(condition: Callable[[], Awaitable[bool]], longest_s: float) -> None:
    deadline = time.monotonic() + longest_s
    while not await condition() and time.monotonic() < deadline:  # noqa: ASYNC110 - another process's
        await asyncio.sleep(0.2)

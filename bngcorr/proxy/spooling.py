"""The spool between pipeline, file, AAA and store.

A judged Accounting-Request is made durable first. Then it is acknowledged, sent on, and taught to the store, each in
its own time; it leaves the file when AAA and the store have it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from bngcorr.accountant.spool.journal import Bounds, Journal
from bngcorr.accountant.spool.row import Row
from bngcorr.model.verdict import UNKNOWN
from bngcorr.proxy.delivery import Delivery
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.relearning import Reader, Relearning, Writer
from bngcorr.proxy.request import Request
from bngcorr.proxy.tracing import Tracer
from bngcorr.proxy.upstream.flight import Flight, Lane
from bngcorr.proxy.upstream.routes import Way
from bngcorr.proxy.upstream.server import Server
from bngcorr.store.lesson import Lesson
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import HEADER_OCTETS

Then = Callable[[Request, bool], None]

log = structlog.get_logger()


class Spool:
    """Takes Accounting-Requests, and answers for them once they are durable."""

    def __init__(
        self,
        path: Path,
        bounds: Bounds,
        *,
        rate: int,
        writer: Writer,
        room: int,
        reader: Reader,
        meters: Meters,
        noise: Noise,
        tracer: Tracer | None = None,
    ) -> None:
        """`rate`: records a second to AAA while older ones wait; `room`: lessons of a domain with the writer."""
        self._path = path
        self._journal = Journal(path, bounds, self._committed)
        self._delivery = Delivery(self._journal, rate, meters, noise, tracer)
        self._relearning = Relearning(self._journal, writer, room, reader.read)
        self._reader = reader
        self._writer = writer
        self._meters = meters
        self._noise = noise
        self._under_way: dict[int, tuple[Request, Then]] = {}
        self._refusing = False

    # ---- life

    async def open(self) -> None:
        """Open the file. Raises SpoolError."""
        self._relearning.begin(await self._journal.open())
        log.info("spool open", path=str(self._path), records=self._journal.records)

    def deliver(self, way: Way[Row]) -> None:
        """Send to AAA from now on, or in another way than before."""
        self._delivery.use(way)

    def rest(self) -> None:
        """Send nothing more, but hear what AAA says to what it has."""
        self._delivery.rest()

    @property
    def in_flight(self) -> int:
        """Records that AAA has been sent and has not answered."""
        return self._delivery.in_flight

    async def close(self) -> None:
        """Make durable what waits, and let go of the file. What was acknowledged is there at the next start."""
        self._delivery.close()
        self._relearning.close()
        await self._journal.close()

    # ---- from the pipeline

    def take(self, request: Request, attributes: bytes, then: Then) -> None:
        """Keep a judged Accounting-Request; `then` is told whether it is durable. `attributes` are those for AAA."""
        full = self._journal.full
        if full is not None:
            self._refuse(request, full, then)
            return
        view = request.view
        row = Row(
            seq=self._journal.next_seq(),
            domain=request.nas.domain,
            restart=request.record is not None and request.record.restart,
            wall_ms=time.time_ns() // 1_000_000,
            arrived_ms=request.arrived_ms,
            host=request.host,
            bng=request.nas.name,
            box=request.box,
            session=request.session,
            octets=view.octets,
            changed=None if attributes == view.octets[HEADER_OCTETS:] else attributes,
            signed=view.has(a.MESSAGE_AUTHENTICATOR),
            verdict=request.verdict or UNKNOWN,
        )
        self._under_way[row.seq] = (request, then)
        self._journal.append(row)

    def _refuse(self, request: Request, why: str, then: Then) -> None:
        """The BNG keeps it and tells it again; what it teaches is told to the store all the same."""
        self._refusing = True
        self._noise.spool_full(why)
        for lesson in self._reader.lessons(request):
            self._writer.put(lesson)
        then(request, False)

    # ---- from the file

    def _committed(self, rows: list[Row], error: str | None, took_s: float) -> None:
        self._meters.spool.fsync.observe(took_s)
        if error is None and self._refusing:
            self._refusing = False
            self._noise.spool_takes()
        for row in rows:
            request, then = self._under_way.pop(row.seq)
            try:
                if error is None:
                    self._delivery.add(row)  # first of all: whatever else goes wrong, AAA gets what is durable
                    then(request, True)
                    self._meters.spool.acknowledged.inc()
                    self._relearning.take(row, functools.partial(self._reader.lessons, request))
                else:
                    self._refuse(request, error, then)
            except Exception as fault:
                what = "a spooled record is not answered or not learnt from"
                self._noise.internal(what, row.host, fault, row.octets[4:20])
        self._delivery.pump()

    # ---- from AAA and from the store

    def answered(self, server: Server[Row], lane: Lane[Row], replies: list[bytes], now: float) -> None:
        """Datagrams from AAA."""
        for octets in replies:
            self._delivery.answered(server, lane.awaiting(octets), octets, now)

    def expired(self, flight: Flight[Row]) -> None:
        """AAA did not answer in time."""
        self._delivery.expired(flight)

    def written(self, taken: Sequence[Lesson]) -> None:
        """The store has these lessons, or will never take them."""
        self._relearning.written(taken)

    def lost(self, given_up: Sequence[Lesson]) -> None:
        """The writer had to give these lessons up."""
        self._relearning.lost(given_up)

    # ---- state

    @property
    def records(self) -> int:
        """How many are in the file: AAA, the store or both do not have them."""
        return self._journal.records

    @property
    def state(self) -> str:
        """For people: ok, or what keeps records from being acknowledged."""
        trouble = self._journal.trouble
        full = self._journal.full
        return f"failing: {trouble}" if trouble is not None else f"full: {full}" if full is not None else "ok"

    def refresh(self) -> None:
        """Set the gauges."""
        meters, oldest_ms = self._meters.spool, self._journal.oldest_ms
        meters.records.set(self._journal.records)
        meters.octets.set(self._journal.octets)
        meters.oldest.set(0.0 if oldest_ms is None else max(time.time() - oldest_ms / 1000, 0.0))
        meters.full.set(0 if self.state == "ok" else 1)

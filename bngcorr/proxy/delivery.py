"""From the spool to AAA: what is durable and not sent goes out in order, as fast as AAA and the rate allow.

A bounded part of it is in memory, the rest is read from the file page by page.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import Final

from bngcorr.accountant.spool.delay import delayed
from bngcorr.accountant.spool.journal import Journal
from bngcorr.accountant.spool.order import Order, Waiting
from bngcorr.accountant.spool.pace import Pace
from bngcorr.accountant.spool.row import Row
from bngcorr.errors import IdentifierExhausted, Malformed, NoUpstream, WireError
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy import hops
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.rewrite import Hop
from bngcorr.proxy.tracing import Tracer
from bngcorr.proxy.upstream.flight import Flight
from bngcorr.proxy.upstream.pool import Pool
from bngcorr.proxy.upstream.routes import Way
from bngcorr.proxy.upstream.server import Server
from bngcorr.wire import attributes as a
from bngcorr.wire import radius

MOST_ROWS: Final = 20_000  # in memory
MOST_OCTETS: Final = 67_108_864  # likewise
STUCK: Final = 5  # times as many rows may be in memory if none of them may go though AAA would take more
PAGE: Final = 1_000
READ_AGAIN_S: Final = 1.0
MOST_SKIPPED: Final = 32  # rows in a row that nobody takes; requests do not wait longer for that
SKIPPING_PAUSE_S: Final = 0.01


@dataclass(slots=True, eq=False)
class _Kept:
    row: Row
    arrived_at: float  # monotonic seconds
    tried: bool = False


class Delivery:
    """Sends rows until AAA has answered each of them."""

    def __init__(
        self, journal: Journal, rate: int, meters: Meters, noise: Noise, tracer: Tracer | None = None
    ) -> None:  # fmt: skip
        """`rate`: records a second while older ones wait."""
        self._journal = journal
        self._most_rows, self._stuck, self._page = MOST_ROWS, STUCK, PAGE
        self._meters = meters
        self._noise = noise
        self._tracer = tracer
        self._order = Order()
        self._pace = Pace(rate)
        self._kept: dict[int, _Kept] = {}
        self._octets = 0
        self._more = False  # there may be rows on disk that are not in memory
        self._upto = 0  # rows up to this place are in memory, or sent
        self._early: set[int] = set()  # restarts beyond that place that are in memory, or sent
        self._overtaking = True  # a restart is taken into memory ahead of what is on disk
        self._reading = False
        self._resting = False
        self._way: Way[Row] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._nonce = os.urandom(4)
        self._serial = 0

    def use(self, way: Way[Row]) -> None:
        """Send to these pools from now on, first of all what an earlier process left."""
        begun, self._way = self._way is not None, way
        if begun:
            return
        if self._journal.records:
            self._more = self._reading = True
            self._overtaking = False  # until those on disk are known
            self._journal.restarts(self._page, self._read_restarts)
        else:
            self._upto = self._journal.last_seq

    def rest(self) -> None:
        """Send nothing more, but hear what AAA says to what it has."""
        self._resting = True

    @property
    def in_flight(self) -> int:
        """Rows that AAA has been sent and has not answered."""
        return self._order.out

    def close(self) -> None:
        """Send no more."""
        self._way = None
        if self._timer is not None:
            self._timer.cancel()

    # ---- what is to be sent

    def add(self, row: Row) -> None:
        """A row that has just become durable."""
        if not self._more and not self._has_room(self._most_rows):
            self._more = True
        if not self._more:
            self._upto = row.seq
            self._keep(row)
        elif row.restart:  # an On overtakes what is on disk; all else is read when its turn comes
            self._keep_early(row)

    def _keep_early(self, row: Row) -> None:
        """A restart, ahead of its turn; once one has to stay on disk, all behind it have to."""
        self._overtaking = self._overtaking and len(self._early) < self._most_rows
        if self._overtaking and row.seq not in self._early:
            self._early.add(row.seq)
            self._keep(row)

    def _has_room(self, rows: int) -> bool:
        return len(self._kept) < rows and self._octets < MOST_OCTETS

    def _keep(self, row: Row) -> None:
        loop_now, age_s = asyncio.get_running_loop().time(), time.time() - row.wall_ms / 1000
        kept = self._kept[row.seq] = _Kept(row, loop_now - max(age_s, 0.0))
        self._octets += row.size
        self._order.add(Waiting(row.seq, row.box, row.lane, row.restart, kept.arrived_at))

    def _read_more(self) -> None:
        if self._reading or not self._more:
            return
        idle = not self._order.ready and self._order.out < self._pace.window  # what is in memory is stuck
        if self._has_room(self._most_rows * self._stuck if idle else self._most_rows - self._page):
            self._reading = True
            self._journal.unsent(self._upto, self._page, self._read)

    def _read_restarts(self, rows: list[Row] | None, last: int) -> None:  # noqa: ARG002 -- as a Reader
        self._overtaking = True
        for row in rows or ():
            self._keep_early(row)
        self._overtaking = rows is not None and len(rows) < self._page
        self._reading = False
        self.pump()

    def _read(self, rows: list[Row] | None, last: int) -> None:
        self._reading = False
        if rows is None:
            asyncio.get_running_loop().call_later(READ_AGAIN_S, self.pump)
            return
        if last:
            self._upto = last
        else:
            self._more = False  # whatever becomes durable from here on comes through `add`
        for row in rows:
            if row.seq in self._early:
                self._early.discard(row.seq)
            else:
                self._keep(row)
        if not self._more:
            self._early.clear()
            self._overtaking = True
        self.pump()

    # ---- to AAA

    def pump(self) -> None:
        """Send what may go now."""
        way = self._way
        if way is None or self._resting:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        wake_at: float | None = None
        skipped = 0
        while True:
            backlog = self._order.backlog(now)
            if not self._pace.allows(now, self._order.out, backlog=backlog):
                if self._order.out < self._pace.window:
                    wake_at = self._pace.allowed_at(now)
                break
            seq = self._order.take(now)
            if seq is None:
                break
            try:
                self._send(way, self._kept[seq], now)
            except IdentifierExhausted:
                self._order.unanswered(seq, now, ignored=False)
                break
            except NoUpstream:  # those of another pool may go
                self._order.unanswered(seq, now, ignored=False)
                skipped += 1
                if skipped == MOST_SKIPPED:
                    wake_at = now + SKIPPING_PAUSE_S
                    break
                continue
            except Exception as error:  # it is acknowledged: it must not be forgotten, nor keep others waiting
                self._order.unanswered(seq, now, ignored=True)
                self._meters.drop(DropReason.INTERNAL_ERROR)
                row = self._kept[seq].row
                self._noise.internal("record of the spool not sent", row.host, error, row.octets[4:20])
                continue
            self._pace.launched()
        self._read_more()
        pause_over_at = self._order.wakes_at()
        due = [at for at in (wake_at, pause_over_at) if at is not None]
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(max(min(due), now + 0.001), self.pump) if due else None

    def _send(self, way: Way[Row], kept: _Kept, now: float) -> None:
        """Raises IdentifierExhausted or NoUpstream."""
        row = kept.row
        attributes = delayed(row.attributes, int(now - kept.arrived_at))
        flight = _pool(way, row).take(row, None, now)
        server = flight.server
        self._serial = self._serial + 1 & 0xFFFFFFFF
        state = self._nonce + self._serial.to_bytes(4, "big")
        try:
            octets = hops.spooled_to_aaa(attributes, server.secret, flight.identifier, state, signed=row.signed)
        except BaseException:
            server.give_back(flight)
            raise
        flight.aaa = Hop(server.secret, octets[4:20])
        flight.proxy_state = state
        if kept.tried:
            self._meters.spool.resent.inc()
        kept.tried = True
        server.launch(flight, octets, now)
        if self._tracer is not None and self._tracer.owed:
            self._tracer.delivering(row.octets[4:20], f"{server.settings.pool}/{server.name}", octets)

    # ---- from AAA

    def answered(self, server: Server[Row], flight: Flight[Row] | None, octets: bytes, now: float) -> None:
        """A datagram from AAA: if it is the answer to a row, the row is sent."""
        try:
            self._complete(server, flight, octets, now)
        except WireError as error:
            self._meters.drop(DropReason(error.reason))
            self._noise.bad_reply(server.settings, str(error.reason), octets, _named(flight))
        except Exception as fault:
            self._meters.drop(DropReason.INTERNAL_ERROR)
            self._noise.internal("reply dropped", server.name, fault, _named(flight))

    def _complete(self, server: Server[Row], flight: Flight[Row] | None, octets: bytes, now: float) -> None:
        view = radius.decode(octets)
        if flight is None:
            server.meters.late.inc()
            raise Malformed(DropReason.UNEXPECTED_REPLY)
        row = flight.context
        if row is None or self._way is None:
            raise Malformed(DropReason.UNEXPECTED_REPLY)
        hops.verify(view, flight.aaa, server.replies, require_message_authenticator=False)
        states = view.all(a.PROXY_STATE)
        foreign = states and states[-1] != flight.proxy_state
        if foreign or (len(states) > 1 and states[:-1] != radius.decode(row.octets).all(a.PROXY_STATE)):
            server.unusable(flight, now)
            raise Malformed(DropReason.FOREIGN_PROXY_STATE)
        server.finish(flight, now)
        if self._tracer is not None and self._tracer.owed:
            self._tracer.delivered(row.octets[4:20], f"{server.settings.pool}/{server.name}", view)
        flight.over()
        self._order.delivered(row.seq)
        self._octets -= self._kept.pop(row.seq).row.size
        self._journal.mark_sent(row.seq)
        self._meters.spool.sent.inc()
        if self._pace.answered(now):
            self._order.resume()
        self.pump()

    def expired(self, flight: Flight[Row]) -> None:
        """AAA did not answer in time: again later."""
        row = flight.context
        flight.over()
        if row is None or self._way is None:
            return
        self._noise.no_reply(flight.server.settings, row.octets[4:20])
        now = asyncio.get_running_loop().time()
        ignored = self._pace.unanswered(now, flight.sent_at)
        self._order.unanswered(row.seq, now, ignored=ignored)
        self.pump()


def _named(flight: Flight[Row] | None) -> bytes | None:
    """The authenticator of the record that waits for an answer, if one does."""
    return None if flight is None or flight.context is None else flight.context.octets[4:20]


def _pool(way: Way[Row], row: Row) -> Pool[Row]:
    """The pool of a record; its request is only looked at if any route does."""
    return way.pool(row.bng, radius.decode(row.octets)) if way.routed else way.default

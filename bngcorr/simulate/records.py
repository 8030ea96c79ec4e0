"""Accounting of a BNG: Start, Interims and Stop of its sessions, some of them late, twice or never."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping
from functools import partial
from typing import Final

from bngcorr.simulate.circuit import Session
from bngcorr.simulate.packet import Code, Packet
from bngcorr.simulate.timeline import SECOND
from bngcorr.simulate.uplink import Schedule, Uplink

LATE: Final = 2.0  # percent of records that come seconds to two hours late
TWICE: Final = 2.0  # percent that are sent again although they came
LOST: Final = 2.0  # percent that never come
AGAIN_S: Final = 5


class Records:
    """What a box tells of its sessions."""

    def __init__(
        self,
        box: int,
        watched: Mapping[int, tuple[int, ...]],
        rng: random.Random,
        schedule: Schedule,
        uplink: Uplink,
    ) -> None:
        """`watched`: by line, the instants before which its Interims matter."""
        self._box = box
        self._watched = watched
        self._rng = rng
        self._schedule = schedule
        self._uplink = uplink

    def start(self, session: Session, at: int) -> None:
        """The session is up."""
        if not session.ended:
            session.started = True
            self._tell(session, Code.START, at)
            self._plan(session, at)

    def changed(self, session: Session, at: int) -> None:
        """A host came or went: an Interim-Update says so at once."""
        if session.started and not session.ended:
            self._tell(session, Code.INTERIM, at)

    def end(self, session: Session, at: int) -> None:
        """The session is over; one that never came up is not told of."""
        if not session.ended:
            session.ended = True
            if session.started:
                self._tell(session, Code.STOP, at)

    def _plan(self, session: Session, at: int) -> None:
        """The next Interim; in quiet stretches none is sent until shortly before something happens near the line."""
        interval = session.interval_ms
        if interval is None:
            return
        due = at + interval
        if not session.line.closely:
            watched = self._watched.get(session.line.number, ())
            position = bisect_right(watched, due)
            if position == len(watched):
                return
            due += max(watched[position] - due - interval, 0) // interval * interval
        self._schedule(due, partial(self._interim, session))

    def _interim(self, session: Session, at: int) -> None:
        if not session.ended:
            self._tell(session, Code.INTERIM, at)
            self._plan(session, at)

    def _tell(self, session: Session, code: Code, at: int) -> None:
        chance = self._rng.random() * 100
        if chance < LOST:
            return
        if chance < LOST + LATE:
            delay_s = round(5 * 1440 ** self._rng.random())
            self._uplink.send(at + delay_s * SECOND, self._packet(session, code, at, delay_s))
            return
        self._uplink.send(at, self._packet(session, code, at, 0))
        if chance < LOST + LATE + TWICE:
            self._uplink.send(at + AGAIN_S * SECOND, self._packet(session, code, at, AGAIN_S))

    def _packet(self, session: Session, code: Code, at: int, delay_s: int) -> Packet:
        return Packet(
            code=code,
            box=self._box,
            line=session.line.number,
            place=session.place,
            mac=session.mac,
            v6=session.v6 and not session.v4_host,
            form=session.form,
            session=session.name,
            event_ms=at,
            delay_s=delay_s,
            v4_host=session.v4_host,
            v6_host=session.v6_host,
        )

"""Accepts that tell the store nothing: it expects their session already, and was told so moments ago. Pure.

A CPE is authenticated for IPv4, for IPv6 and again when it was not answered, within seconds; each time AAA accepts the
same session. The store keeps it for `EXPECTED_LIFE_MS`, of which it then counts up to `REPEATED_MS` less.
"""

from __future__ import annotations

from typing import Final

from bngcorr.accountant.grant import granting
from bngcorr.model.memo import Memo
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.request import Request
from bngcorr.store.lesson import Lesson, Restart, SessionChange
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import Layout, PacketView, Span

REPEATED_MS: Final = 20_000
SESSIONS: Final = 16_384

# named here once: looking a member up in its class costs more than the comparison
_OWN: Final = Outcome.OWN
_MATCHED: Final = Outcome.MATCHED
_USER_NAME: Final = a.USER_NAME


class _Told:
    """What was told of a session, unless something else was since."""

    __slots__ = (
        "by", "change", "holds", "layout", "lines_turn", "nas", "restarts", "session", "sessions_turn", "spans",
        "user_name", "values",
    )  # fmt: skip

    def __init__(self, change: SessionChange) -> None:
        self.change: Final = change
        self.holds = True
        # what it was made of besides; see `Expecting.keep`
        self.by: Expecting | None = None
        self.restarts = 0  # a number, and not what was remembered then: that would last as long as this
        self.sessions_turn = 0
        self.lines_turn = 0
        self.nas: Nas | None = None
        self.session: str | None = None  # of the request
        self.user_name: bytes | None = None
        self.layout: Layout | None = None  # of the Accept
        self.spans: list[Span] | None = None  # what is read of it, if anything is
        self.values: list[bytes] = []

    def is_said_by(self, accept: PacketView) -> bool:
        """Whether an Accept of the same layout says the same."""
        spans = self.spans
        if spans is not None:
            for place, span in enumerate(spans):
                if accept.value(span) != self.values[place]:
                    return False
        return True


class Expecting:
    """Sessions that the store was told to expect of late."""

    __slots__ = ("_lines", "_most", "_restarts", "_sessions")

    def __init__(self, most: int = SESSIONS) -> None:
        """Of at least so many."""
        self._most: Final = most
        self._sessions: Memo[str, _Told] = Memo(most)
        self._lines: Memo[str, _Told] = Memo(most)  # the latest of each
        self._restarts = 0  # of boxes so far: what was told ahead of one is forgotten

    def repeats(self, request: Request, verdict: Verdict, accept: PacketView, now_ms: int) -> bool:
        """Whether this Accept surely makes a change that `knows` knows.

        Compares what the change would be made of with what the last one was made of that its CPE had, which costs much
        less than to make it and to look that up.
        """
        ring = request.keyring
        told = ring.told
        if not isinstance(told, _Told) or not told.holds:
            return False
        change = told.change
        if (
            told.by is not self
            or told.restarts != self._restarts
            or self._sessions.turns - told.sessions_turn > 1  # what is not known any more can't be told by accounting
            or self._lines.turns - told.lines_turn > 1
            or not 0 <= now_ms - change.at_ms < REPEATED_MS
        ):
            return False
        outcome, identity = verdict.outcome, request.identity
        ids = identity.ids if outcome is _OWN else verdict.ids
        named = change.ids
        return (
            (outcome is change.outcome or (change.own and outcome is _MATCHED))
            and verdict.line == change.line
            and ids is not None
            and named is not None
            and ids.remote_id == named.remote_id
            and ids.circuit_id == named.circuit_id
            and told.nas is request.nas  # domain, BNG, what is filled in
            and change.nas == request.box
            # the keyring is the same: MAC, keys and fingerprint, and with the line the name of a session without one
            and told.session == request.session
            and (change.port is identity.attachment or change.port == identity.attachment)
            and told.user_name == request.view.first(_USER_NAME)
            and told.layout is accept.layout
            and (told.spans is None or told.is_said_by(accept))
        )

    def knows(self, change: SessionChange) -> bool:
        """Whether the store need not be told that this session is expected. Else it will be."""
        before = self._sessions.get(change.session)
        if before is not None:
            if before.holds and _covers(before.change, change):
                return True
            before.holds = False
        told = self._sessions.put(change.session, _Told(change))
        if change.line is not None:
            latest = self._lines.get(change.line)
            if latest is not None and latest.change.session != change.session:
                latest.holds = False  # a line has room for so many sessions
            self._lines.put(change.line, told)
        return False

    def keep(self, change: SessionChange, request: Request, accept: PacketView) -> None:
        """The store is told of this change, which was made of these: for `repeats`."""
        if not accept.layout.shared:
            return  # no other Accept comes with it
        told = self._sessions.get(change.session)
        if told is None or told.change is not change:
            return
        told.by, told.restarts = self, self._restarts
        told.sessions_turn, told.lines_turn = self._sessions.turns, self._lines.turns
        told.nas, told.session, told.user_name = request.nas, request.session, request.view.first(_USER_NAME)
        told.layout = accept.layout
        spans = granting(accept.layout)
        if spans:
            told.spans, told.values = spans, accept.values(spans)
        request.keyring.told = told

    def told(self, lesson: Lesson) -> None:
        """The store is told of a session by accounting: nothing that was told of it before holds, nor of its line."""
        if isinstance(lesson, SessionChange):
            self._forget(self._sessions.get(lesson.session))
            if lesson.accepted_as is not None:
                self._forget(self._sessions.get(lesson.accepted_as))
            if lesson.line is not None:
                self._forget(self._lines.get(lesson.line))
        elif isinstance(lesson, Restart):
            self._sessions, self._lines = Memo(self._most), Memo(self._most)
            self._restarts += 1

    def _forget(self, told: _Told | None) -> None:
        if told is None:
            return
        told.holds = False
        line = told.change.line
        latest = None if line is None else self._lines.get(line)
        if latest is not None:
            latest.holds = False


def _covers(told: SessionChange, change: SessionChange) -> bool:
    """Whether it tells the store all that the other one does: a word of the line's own tells more than a match, which
    vouches on no key.
    """
    return (
        0 <= change.at_ms - told.at_ms < REPEATED_MS
        and told.line == change.line
        and (told.own or not change.own)
        and (told.keys == change.keys or not change.keys)
        and told.nas == change.nas
        and told.domain == change.domain
        and told.fingerprint == change.fingerprint
        and told.ids == change.ids
        and told.port == change.port
        and told.address == change.address
        and told.user_name == change.user_name
        and told.session_id == change.session_id
        and told.interval_ms == change.interval_ms
        and told.timeout_ms == change.timeout_ms
        and told.promised == change.promised
        and told.fill is change.fill
        and (told.outcome is change.outcome or told.own)
    )

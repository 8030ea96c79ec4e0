"""Accepts that tell the store nothing: it expects their session already, and was told so moments ago. Pure.

A CPE is authenticated for IPv4, for IPv6 and again when it was not answered, within seconds; each time AAA accepts the
same session. The store keeps it for `EXPECTED_LIFE_MS`, of which it then counts up to `REPEATED_MS` less.
"""

from __future__ import annotations

from typing import Final

from bngcorr.model.memo import Memo
from bngcorr.store.lesson import Lesson, Restart, SessionChange

REPEATED_MS: Final = 20_000
SESSIONS: Final = 16_384


class _Told:
    """What was told of a session, unless something else was since."""

    __slots__ = ("change", "holds")

    def __init__(self, change: SessionChange) -> None:
        self.change: Final = change
        self.holds = True


class Expecting:
    """Sessions that the store was told to expect of late."""

    __slots__ = ("_lines", "_sessions")

    def __init__(self) -> None:
        self._sessions: Memo[str, _Told] = Memo(SESSIONS)
        self._lines: Memo[str, _Told] = Memo(SESSIONS)  # the latest of each

    def knows(self, change: SessionChange) -> bool:
        """Whether the store need not be told that this session is expected. Else it will be."""
        told = self._sessions.get(change.session)
        if told is not None and told.holds and _covers(told.change, change):
            return True
        told = self._sessions.put(change.session, _Told(change))
        if change.line is not None:
            before = self._lines.get(change.line)
            if before is not None and before.change.session != change.session:
                before.holds = False  # a line has room for so many sessions
            self._lines.put(change.line, told)
        return False

    def told(self, lesson: Lesson) -> None:
        """The store is told of a session by accounting: nothing that was told of it before holds, nor of its line."""
        if isinstance(lesson, SessionChange):
            self._forget(self._sessions.get(lesson.session))
            if lesson.accepted_as is not None:
                self._forget(self._sessions.get(lesson.accepted_as))
            if lesson.line is not None:
                self._forget(self._lines.get(lesson.line))
        elif isinstance(lesson, Restart):
            self._sessions, self._lines = Memo(SESSIONS), Memo(SESSIONS)

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

"""Sightings that this process has put and the store may not have told of yet, found by what a request has. Pure.

One is here from when it is put until the store has taken it, and on until every question has its answer that was under
way then: the answer may be older than the write.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from bngcorr.store.lesson import Sighting

MOST_LEAVING: Final = 65_536  # taken, and kept for questions under way
NONE: Final[tuple[Sighting, ...]] = ()


class Pending:
    """An index by MAC, attachment and Acct-Multi-Session-Id: whatever shares a correlation key shares one of them, for
    no request has a key with its MAC without having the MAC (`correlator.keys.keyring`).
    """

    __slots__ = ("_first", "_further", "_leaving", "_open", "_turn")

    def __init__(self) -> None:
        """None is pending."""
        self._first: dict[str, Sighting] = {}  # by hash: nearly always the only one
        self._further: dict[str, list[Sighting]] = {}
        self._leaving: deque[tuple[int, Sighting]] = deque()  # taken during or after this turn, the earliest first
        self._open: dict[int, None] = {}  # turns that have not ended, the earliest first
        self._turn = 0

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self._first)

    # ---- from the writer

    def put(self, sighting: Sighting) -> None:
        """It waits for the store from now on. One that has no key serves nobody."""
        first = self._first
        name = sighting.mac
        if name is not None and first.setdefault(name, sighting) is not sighting:
            self._add(name, sighting)
        name = sighting.attachment
        if name is not None and first.setdefault(name, sighting) is not sighting:
            self._add(name, sighting)
        name = sighting.multi_session
        if name is not None and first.setdefault(name, sighting) is not sighting:
            self._add(name, sighting)

    def taken(self, sighting: Sighting) -> None:
        """The store has it; questions that were asked before need not know."""
        if not self._open:
            self.lost(sighting)
            return
        leaving = self._leaving
        leaving.append((self._turn, sighting))
        if len(leaving) > MOST_LEAVING:
            self.lost(leaving.popleft()[1])

    def lost(self, sighting: Sighting) -> None:
        """The store will not have it."""
        name = sighting.mac
        if name is not None:
            self._drop(name, sighting)
        name = sighting.attachment
        if name is not None:
            self._drop(name, sighting)
        name = sighting.multi_session
        if name is not None:
            self._drop(name, sighting)

    # ---- from whoever asks the store

    def begin(self) -> int:
        """The store is asked now; what it takes from now on stays until the `end` of this turn."""
        self._turn += 1
        self._open[self._turn] = None
        return self._turn

    def end(self, turn: int) -> None:
        """What the store said has been judged. A second time changes nothing."""
        still = self._open
        still.pop(turn, None)
        leaving = self._leaving
        if not leaving:
            return
        earliest = next(iter(still)) if still else self._turn + 1
        while leaving and leaving[0][0] < earliest:
            self.lost(leaving.popleft()[1])

    def like(self, domain: str, mac: str | None, attachment: str | None, session: str | None) -> Sequence[Sighting]:
        """Those of a domain with this MAC, attachment or Acct-Multi-Session-Id (hashes), as they happened."""
        first = self._first
        found: dict[int, Sighting] | None = None
        if mac is not None and mac in first:
            found = {}
            self._find(mac, domain, found)
        if attachment is not None and attachment in first:
            found = {} if found is None else found
            self._find(attachment, domain, found)
        if session is not None and session in first:
            found = {} if found is None else found
            self._find(session, domain, found)
        if not found:
            return NONE
        return sorted(found.values(), key=_at_ms) if len(found) > 1 else list(found.values())

    # ---- the index

    def _find(self, name: str, domain: str, found: dict[int, Sighting]) -> None:
        for sighting in (self._first[name], *self._further.get(name, ())):
            if sighting.domain == domain:
                found[id(sighting)] = sighting

    def _add(self, name: str, sighting: Sighting) -> None:
        those = self._further.get(name)
        if those is None:
            self._further[name] = [sighting]
        else:
            those.append(sighting)

    def _drop(self, name: str, sighting: Sighting) -> None:
        if self._first.get(name) is sighting and name not in self._further:
            del self._first[name]
        else:
            self._remove(name, sighting)

    def _remove(self, name: str, sighting: Sighting) -> None:
        """One of several, or none of them."""
        those = self._further.get(name)
        if those is None:
            return
        if self._first[name] is sighting:
            self._first[name] = those.pop(0)
        else:
            for at, one in enumerate(those):
                if one is sighting:
                    del those[at]
                    break
        if not those:
            del self._further[name]


def _at_ms(sighting: Sighting) -> int:
    return sighting.at_ms

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

    __slots__ = ("_by_name", "_leaving", "_open", "_turn")

    def __init__(self) -> None:
        """None is pending."""
        self._by_name: dict[str, list[Sighting]] = {}  # by hash
        self._leaving: deque[tuple[int, Sighting]] = deque()  # taken during or after this turn, the earliest first
        self._open: dict[int, None] = {}  # turns that have not ended, the earliest first
        self._turn = 0

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self._by_name)

    # ---- from the writer

    def put(self, sighting: Sighting) -> None:
        """It waits for the store from now on. One that has no key serves nobody."""
        name = sighting.mac
        if name is not None:
            self._add(name, sighting)
        name = sighting.attachment
        if name is not None:
            self._add(name, sighting)
        name = sighting.multi_session
        if name is not None:
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
            self._remove(name, sighting)
        name = sighting.attachment
        if name is not None:
            self._remove(name, sighting)
        name = sighting.multi_session
        if name is not None:
            self._remove(name, sighting)

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
        by_name = self._by_name
        first = None if mac is None else by_name.get(mac)
        second = None if attachment is None else by_name.get(attachment)
        third = None if session is None else by_name.get(session)
        if first is None and second is None and third is None:
            return NONE
        found: dict[int, Sighting] = {}
        for some in (first, second, third):
            if some is not None:
                for sighting in some:
                    if sighting.domain == domain:
                        found[id(sighting)] = sighting
        return sorted(found.values(), key=_at_ms) if len(found) > 1 else list(found.values())

    # ---- the index

    def _add(self, name: str, sighting: Sighting) -> None:
        those = self._by_name.get(name)
        if those is None:
            self._by_name[name] = [sighting]
        else:
            those.append(sighting)

    def _remove(self, name: str, sighting: Sighting) -> None:
        those = self._by_name.get(name)
        if those is None:
            return
        for at, one in enumerate(those):
            if one is sighting:
                if len(those) == 1:
                    del self._by_name[name]
                else:
                    del those[at]
                return


def _at_ms(sighting: Sighting) -> int:
    return sighting.at_ms

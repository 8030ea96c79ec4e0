"""Whose line a lease is that names none: that of the same CPE at the same place, as its own messages told it. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from bngcorr.correlator.dhcp import Told
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import VlanModel

MOST: Final = 32_768  # CPEs
REMEMBER_MS: Final = 86_400_000

Line = tuple[str, LineIds]  # key of the line, and its ids


class _Known:
    __slots__ = ("at_ms", "line", "other_ms")

    def __init__(self, line: Line, at_ms: int) -> None:
        self.line = line
        self.at_ms = at_ms
        self.other_ms: int | None = None  # when it was last on another one


class Lines:
    """Of the CPEs of one place, the one that was silent for longest is forgotten first.

    A CPE that was seen on two lines within a day is on neither.
    """

    def __init__(self, most: int = MOST) -> None:
        self._known: Final[OrderedDict[str, _Known]] = OrderedDict()
        self._lines: Final[OrderedDict[str, Line]] = OrderedDict()  # each of them once, however many CPEs it has
        self._most: Final = most

    def learn(self, told: Told, at_ms: int) -> None:
        """A message that names a line."""
        key = _key(told)
        if key is None or told.line is None or not told.teaches:
            return
        line = self._line(told.line, told.ids)
        known = self._known.get(key)
        if known is None or at_ms - known.at_ms > REMEMBER_MS:
            known = self._known[key] = _Known(line, at_ms)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        elif known.line[0] != line[0]:
            known.other_ms = max(known.at_ms, known.other_ms or 0)
        known.line = line
        known.at_ms = max(known.at_ms, at_ms)
        self._known.move_to_end(key)

    def of(self, told: Told, at_ms: int) -> Line | None:
        """The line of a message that names none; None if nobody can tell."""
        key = _key(told)
        known = None if key is None else self._known.get(key)
        if known is None or at_ms - known.at_ms > REMEMBER_MS:
            return None
        return known.line if known.other_ms is None or at_ms - known.other_ms > REMEMBER_MS else None

    def _line(self, key: str, ids: LineIds) -> Line:
        known = self._lines.get(key)
        if known is None or known[1] != ids:
            known = self._lines[key] = (key, ids)
            if len(self._lines) > self._most:
                self._lines.popitem(last=False)
        self._lines.move_to_end(key)
        return known


def _key(told: Told) -> str | None:
    """CPE and place; a MAC that is only claimed counts where the VLAN pair is one line."""
    ring = told.keyring
    alone = told.place.vlan_model is VlanModel.PER_LINE
    return None if ring.claimed and not alone else ring.attachment_mac or ring.bng_mac


__all__ = ["Line", "Lines"]

"""DHCP exchanges as they pass by: answers find their requests, retransmissions are told. Pure; memory is bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from bngcorr.correlator import leases
from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.leases import Lease
from bngcorr.model.vocabulary import Trigger

MOST: Final = 4_096  # exchanges under way, each with a message of up to 2 KiB
LASTS_MS: Final = 120_000  # from a request to its answer at most; a v6 client tries for longer with the same number
COPY_MS: Final = 500  # the same message again so soon is a copy; no client sends one anew within (RFC 8415 §7.6)

Exchange = tuple[Trigger, bytes, bytes, str]


class _Open:
    __slots__ = ("answered", "answered_ms", "asked", "at_ms", "types")

    def __init__(self, told: Told, at_ms: int) -> None:
        self.asked = told.remembered()  # the client's last message
        self.at_ms = at_ms
        self.types = {told.type}
        self.answered = ""  # what the last answer said, and when
        self.answered_ms = 0


class Noted:
    """What a message is in its exchange. Never changed."""

    __slots__ = ("again", "copy", "leases", "owner")

    def __init__(
        self, *, again: bool, copy: bool = False, owner: Told | None = None, given: tuple[Lease, ...] = ()
    ) -> None:
        self.again: Final = again  # one like it was seen: a retransmission, or the same one behind a relay
        self.copy: Final = copy  # a mirror's or relay's copy that says no more
        self.owner: Final = owner  # the client's message that the leases are about
        self.leases: Final = given  # what is granted or over by it


class Exchanges:
    """Of one place. What was not touched for longest is forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._open: Final[OrderedDict[Exchange, _Open]] = OrderedDict()
        self._most: Final = most

    def __len__(self) -> int:
        return len(self._open)

    def note(self, told: Told, at_ms: int) -> Noted:
        """The next message, with its instant in milliseconds; instants need not rise."""
        return self._asked(told, at_ms) if told.to_server else self._answered(told, at_ms)

    def _asked(self, told: Told, at_ms: int) -> Noted:
        known = self._open.get(told.exchange)
        if known is None or abs(at_ms - known.at_ms) > LASTS_MS:
            known = self._open[told.exchange] = _Open(told, at_ms)
            again = False
            if len(self._open) > self._most:
                self._open.popitem(last=False)
        else:
            again = told.type in known.types
            known.types.add(told.type)
        more = not again or (known.asked.line is None and told.line is not None)  # behind a relay it may say more
        copy = not more and abs(at_ms - known.at_ms) < COPY_MS
        if more:
            known.asked = told.remembered()
        if not copy:
            known.at_ms = at_ms
        self._open.move_to_end(told.exchange)
        if told.leaves and not again:
            return Noted(again=False, owner=told, given=tuple(leases.given_back(told)))
        return Noted(again=again, copy=copy)

    def _answered(self, told: Told, at_ms: int) -> Noted:
        known = self._open.get(told.exchange)
        if known is None or abs(at_ms - known.at_ms) > LASTS_MS:
            return Noted(again=False)
        given = tuple(leases.granted(known.asked, told))
        said = f"{told.type} {given}"
        copy = known.answered == said and abs(at_ms - known.answered_ms) < COPY_MS
        known.answered, known.answered_ms = said, at_ms
        if told.final:  # there are v4 clients that renew with the number of their first REQUEST
            known.types.clear()
        return Noted(again=copy, copy=copy, owner=known.asked, given=() if copy else given)


__all__ = ["Exchanges", "Noted"]

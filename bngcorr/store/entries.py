"""How requests that are over come into the timelines of their lines. Pure.

Nearly all are about what their line's timeline knows already: one plain command pushes the moment of such a one, if
there is a timeline, and no script has to run. `timeline.lua` takes the others, and shortens what has become long.
"""

from __future__ import annotations

from binascii import a2b_hex
from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final

from bngcorr.model.memo import Memo
from bngcorr.store import row_core
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lane.commands import Packed
from bngcorr.store.lesson import Event
from bngcorr.store.timeline import DIGEST_OCTETS, ENTRY

Reply = Any  # what the server said, or an error in its place

REMEMBERED: Final = 32_768  # abouts, and lines
RELIABLE_MS: Final = 3_600_000  # an about that was told so long ago is told again: its line may have been forgotten
LATELY: Final = 4  # the abouts that a timeline was told last stay there, whatever comes: entries.lua
LONGEST: Final = 12  # abouts and surplus entries at which a timeline is shortened: entries.lua
_ENTRY_VALUES: Final = 4
# bound once: compiled code looks an imported function up at every call
_head: Final = row_core.head
_values: Final = row_core.values
_entry: Final = row_core.entry
_push: Final = row_core.push
_octets_of: Final = a2b_hex


class _Line:
    """How often a line was told what an entry is about."""

    __slots__ = ("told", "turn")

    def __init__(self) -> None:
        self.told = 0
        self.turn = 0  # of the memory of lines when this was looked up there

    def lost(self) -> None:
        """It has no timeline, and whatever it was told is not there."""
        self.told += LATELY


class _About:
    """What entries are about that the timeline of their line knows."""

    __slots__ = ("at_ms", "digest", "line", "name", "number")

    def __init__(self, name: str, line: _Line, digest: bytes, at_ms: int) -> None:
        self.name: Final = name  # the line's
        self.line: Final = line
        self.digest: Final = digest
        self.number: Final = line.told
        self.at_ms: Final = at_ms

    def is_there(self, name: str, now_ms: int, turns: int) -> bool:
        """Whether the timeline of that line surely has it; `turns` of the memory of lines."""
        return (
            self.line.told - self.number < LATELY
            and turns - self.line.turn <= 1  # else what the line was told since may be counted elsewhere
            and 0 <= now_ms - self.at_ms < RELIABLE_MS
            and self.name == name
        )  # fmt: skip


class _Domain:
    """What timelines of a domain are to be told by the script."""

    __slots__ = ("long", "prefix", "rows")

    def __init__(self, name: str) -> None:
        self.prefix: Final[bytes] = DomainKeys(name).timelines.encode()
        self.rows: list[bytes] = []
        self.long: set[bytes] = set()  # lines


class Pushes:
    """Plain commands, and what each of them tells."""

    __slots__ = ("commands", "events")

    def __init__(self) -> None:
        self.commands: Final[list[Packed]] = []
        self.events: Final[list[Event]] = []


class Entries:
    """What the lines were told of late, and what they still have to be."""

    def __init__(self, most: int, *, plain: bool, remembered: int = REMEMBERED) -> None:
        """`most` entries of each line. Not `plain`: the script is told everything, as in a Cluster, where each command
        goes its own way. `remembered`: abouts, and lines.
        """
        self._most: Final = most
        self._plain: Final = plain
        self._longest: Final = most + LONGEST
        self._remembered: Final = remembered
        self._abouts: Memo[bytes, _About] = Memo(remembered)
        self._lines: Memo[str, _Line] = Memo(remembered)
        self._domains: Final[dict[str, _Domain]] = {}
        self._waiting: Final[dict[str, _Domain]] = {}  # those with anything for the script

    def push(self, events: Sequence[Event], now_ms: int) -> Pushes:
        """What plain commands can tell. All else waits for the script, as do later entries of its lines."""
        pushes = Pushes()
        apart: set[str] = set()
        for event in events:
            line = event.line
            if line is None:
                if event.mac is not None:
                    self._tell(event)
                continue
            if self._plain and line not in apart:
                about = self._abouts.get(event.about)
                if about is not None and about.is_there(line, now_ms, self._lines.turns):
                    prefix = self._domain(event.domain).prefix
                    pushes.commands.append(_push(prefix, line, ENTRY, about.digest, event.moment))
                    pushes.events.append(event)
                    continue
                apart.add(line)
            self._tell(event)
            if self._plain:
                self._note(line, event.about, now_ms)
        return pushes

    def take(self, pushes: Pushes, replies: Sequence[Reply]) -> bool:
        """What the server said of these commands. Where there was no timeline the script is to be told, now if this
        gives back True; what has become long is shortened with whatever is told next.
        """
        missed = False
        for event, reply in zip(pushes.events, replies, strict=True):
            if not isinstance(reply, int):
                continue  # nobody tries again
            if reply == 0:
                self._lost(event.line or "")
                self._tell(event)
                missed = True
            elif reply > self._longest:
                self._domain(event.domain).long.add(_octets_of(event.line or ""))
                self._waiting[event.domain] = self._domain(event.domain)
        return missed

    def told(self, reply: Reply) -> None:
        """What the script said: lines that nobody knows, which have no timeline."""
        if isinstance(reply, Exception):
            self._abouts, self._lines = Memo(self._remembered), Memo(self._remembered)
            return
        unknown: list[bytes] = reply
        for name in unknown:
            self._lost(name.hex())

    @property
    def domains(self) -> list[str]:
        """Those with anything for the script."""
        return list(self._waiting)

    def packed(self, domains: Sequence[str]) -> bytes:
        """It, as `timeline.lua` takes it; they have nothing any more."""
        parts = [_head(1 + 2 * len(domains)), _values(self._most)]
        for name in domains:
            domain = self._waiting.pop(name)
            parts.append(_head(_ENTRY_VALUES * len(domain.rows)))
            parts += domain.rows
            parts.append(_values(b"".join(domain.long)))
            domain.rows = []
            domain.long.clear()
        return b"".join(parts)

    def _domain(self, name: str) -> _Domain:
        domain = self._domains.get(name)
        if domain is None:
            domain = self._domains[name] = _Domain(name)
        return domain

    def _tell(self, event: Event) -> None:
        domain = self._waiting[event.domain] = self._domain(event.domain)
        domain.rows.append(_entry(event.line, event.mac, event.about, event.moment))

    def _note(self, name: str, about: bytes, now_ms: int) -> None:
        """The line's timeline will know what an entry is about."""
        line = self._lines.get(name)
        if line is None:
            line = self._lines.put(name, _Line())
        line.told += 1
        line.turn = self._lines.turns
        self._abouts.put(about, _About(name, line, sha1(about).digest()[:DIGEST_OCTETS], now_ms))

    def _lost(self, name: str) -> None:
        line = self._lines.get(name)
        if line is not None:
            line.lost()

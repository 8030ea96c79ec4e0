"""The oracle's own log of one box: which line was seen on which key, and which of its sessions are up.

Only what names its line by itself, and is trusted, gets in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.sites import Place, Site
from bngcorr.simulate.timeline import DAY, MINUTE

EXPECTED_MS: Final = 2 * MINUTE  # from Access-Accept until Accounting-Start
SILENT_MS: Final = 7 * DAY  # a session whose interval nobody knows counts for so long
MISSED: Final = 3  # intervals without a word
WRITE_MS: Final = 4  # until the store knows
DOUBT_MS: Final = MINUTE  # on hours and days
RECENT_MS: Final = 20_000  # sightings of which every single one is kept

Key = tuple[Place | None, bytes]  # a place, a MAC, or both
NO_MAC: Final = b""


@dataclass(slots=True)
class Live:
    """A session that names its line by itself."""

    line: int
    keys: tuple[Key, ...]
    known_ms: int
    heard_ms: int
    until_ms: int
    ended_ms: int | None = None


@dataclass(slots=True)
class Seen:
    """A line on a key."""

    first_ms: int
    last_ms: int
    last_known_ms: int
    recent: list[tuple[int, int]] = field(default_factory=list)  # (sent, known)
    sessions: dict[bytes, Live] = field(default_factory=dict)


class Log:
    """What was delivered. Instants are milliseconds, and never go back."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.seen: dict[Key, dict[int, Seen]] = {}  # by key: lines
        self.macs: dict[int, set[bytes]] = {}  # of each line
        self.lines: dict[bytes, dict[int, int]] = {}  # of each MAC that the box itself has seen: when last
        self.shared: set[Key] = set()  # places that showed two live lines at a time
        self._live: dict[bytes, Live] = {}
        self._intervals: dict[bytes, int] = {}  # told in Access-Accept, by session
        self._ended: set[bytes] = set()  # sessions whose Stop was delivered

    def heard(self, packet: Packet, at: int) -> None:
        """A request has arrived."""
        if packet.code in (Code.ON, Code.OFF):
            self._restarted(packet.event_ms)
        elif packet.code is Code.STOP:
            self._ended.add(packet.session)
            live = self._live.get(packet.session)
            if live is not None:
                live.ended_ms = at
        elif packet.form is Form.NONE:
            return
        elif packet.code is not Code.ACCESS:
            self._sighted(packet, packet.event_ms, at + WRITE_MS)
            self._told(packet, at)
        elif self._site.signs:
            self._sighted(packet, at, at + WRITE_MS)

    def accepted(self, packet: Packet, at: int, interval_s: int | None) -> None:
        """AAA has accepted an Access-Request."""
        if self._site.early_session and interval_s:
            self._intervals[packet.session] = interval_s * 1000
        if packet.form is Form.NONE:
            return
        if not self._site.signs:
            self._sighted(packet, packet.event_ms, at + WRITE_MS)
        name = packet.session if self._site.early_session else b"expected " + packet.session
        self._up(name, packet, at, heard=at, until=at + EXPECTED_MS)

    def keys(self, packet: Packet) -> tuple[Key, ...]:
        """What a request has in common with others of its line, strongest first."""
        if packet.place is None:
            local = bool(packet.mac[0] & 2)
            return () if local or self._site.claims_mac else ((None, packet.mac),)
        if self._site.per_line:
            pair = (packet.place, NO_MAC)
            # what a DUID claims counts beside a VLAN pair that is one line's, nowhere else
            return (pair,) if self._site.claims_mac and pair in self.shared else ((packet.place, packet.mac), pair)
        return () if self._site.claims_mac else ((packet.place, packet.mac),)

    def _sighted(self, packet: Packet, sent: int, known: int) -> None:
        line, mac = packet.line, packet.mac
        self.macs.setdefault(line, set()).add(mac)
        if not self._site.claims_mac:
            self.lines.setdefault(mac, {})[line] = sent
        for key in self.keys(packet):
            lines = self.seen.setdefault(key, {})
            seen = lines.get(line)
            if seen is None:
                seen = lines[line] = Seen(sent, sent, known)
            elif key[1] == NO_MAC and self._two_at_a_time(lines, line, known):
                self.shared.add(key)
            seen.first_ms = min(seen.first_ms, sent)
            if sent >= seen.last_ms:
                seen.last_ms, seen.last_known_ms = sent, known
            seen.recent = [one for one in seen.recent if one[0] > known - RECENT_MS][-8:]
            seen.recent.append((sent, known))

    def _two_at_a_time(self, lines: dict[int, Seen], line: int, now: int) -> bool:
        """Whether another line with a session was seen since this one first was."""
        return any(
            other != line
            and seen.last_ms > lines[line].first_ms
            and any(live.ended_ms is None and live.until_ms > now - DOUBT_MS for live in seen.sessions.values())
            for other, seen in lines.items()
        )

    def _told(self, packet: Packet, at: int) -> None:
        """Start or Interim of a session that names its line."""
        if packet.session in self._ended:
            return
        interval = self._intervals.get(packet.session)
        until = packet.event_ms + (MISSED * interval if interval else SILENT_MS)
        self._up(packet.session, packet, at, heard=packet.event_ms, until=until)

    def _up(self, name: bytes, packet: Packet, at: int, *, heard: int, until: int) -> None:
        live = self._live.get(name)
        if live is None:
            live = self._live[name] = Live(packet.line, self.keys(packet), at + WRITE_MS, heard, until)
            for key in live.keys:
                seen = self.seen.get(key, {}).get(packet.line)
                if seen is not None:
                    seen.sessions[name] = live
        elif heard >= live.heard_ms:
            live.heard_ms, live.until_ms = heard, until

    def _restarted(self, event_ms: int) -> None:
        """The box began anew: what it had told before counts no more."""
        gone = [name for name, live in self._live.items() if live.heard_ms <= event_ms]
        for name in gone:
            live = self._live.pop(name)
            for key in live.keys:
                seen = self.seen.get(key, {}).get(live.line)
                if seen is not None:
                    seen.sessions.pop(name, None)

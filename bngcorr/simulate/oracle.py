"""Which requests without a line id could be attributed: by the truth, and by the rules that operators were promised.

The oracle keeps a log of its own of what was delivered: who truly sent it, from which place and MAC, with which id,
when.
It never asks the product, and shares no code with it. Where two clocks or a few milliseconds decide, the true line gets
no benefit of the doubt, and every other line does.

Keys, strongest first: the accounting session; place and MAC; the place alone, if it is one line's; the MAC alone, where
the box tells no port. On a key: a sighting within the window; a session that is expected or up; for a day after the
last
sighting, the memory of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.population import Place, Site
from bngcorr.simulate.timeline import DAY, HOUR, MINUTE

WINDOW_MS: Final = 5_000
REMEMBERED_MS: Final = DAY
FRESH_MS: Final = HOUR  # a session heard of within this time is there for sure
EXPECTED_MS: Final = 2 * MINUTE  # from Access-Accept until Accounting-Start
SILENT_MS: Final = 7 * DAY  # a session whose interval nobody knows counts for so long
MISSED: Final = 3  # intervals without a word
TAINT_MS: Final = 30 * DAY

GUARD_MS: Final = 10  # on what arrives
WINDOW_GUARD_MS: Final = 50
GUARD_LONG_MS: Final = MINUTE  # on hours and days
WRITE_MS: Final = 4  # until the store knows

Key = tuple[Place | None, bytes]  # a place, a MAC, or both
NO_MAC: Final = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the oracle says of one request."""

    attributable: bool
    indistinguishable: bool = False  # another line fits, or nothing but a MAC that two lines have: must not be matched
    why: str


@dataclass(slots=True)
class _Live:
    """A session that names its line by itself."""

    line: int
    keys: tuple[Key, ...]
    known_ms: int
    heard_ms: int
    until_ms: int
    regular: bool  # the interval of its Interims is known
    ended_ms: int | None = None


@dataclass(slots=True)
class _Seen:
    """A line on a key."""

    first_ms: int
    last_ms: int
    last_known_ms: int
    recent: list[tuple[int, int]] = field(default_factory=list)  # (sent, known)
    sessions: dict[bytes, _Live] = field(default_factory=dict)


class Oracle:
    """The log of one box, and judgement by it. Instants are milliseconds, and never go back."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._seen: dict[Key, dict[int, _Seen]] = {}
        self._live: dict[bytes, _Live] = {}
        self._intervals: dict[bytes, int] = {}  # told in Access-Accept, by session
        self._ended: dict[bytes, int] = {}  # sessions whose Stop was delivered
        self._macs: dict[int, set[bytes]] = {}  # of each line
        self._lines: dict[bytes, dict[int, int]] = {}  # of each MAC that the box itself has seen: when last
        self._shared: set[Key] = set()  # places that showed two live lines at a time
        self._fixed: dict[bytes, tuple[bool, int, bool]] = {}  # sessions: attributable, heard, told by accounting

    # ---- what is delivered

    def heard(self, packet: Packet, at: int) -> None:
        """A request has arrived. Of one without an id, `judged` is told beside."""
        if packet.code in (Code.ON, Code.OFF):
            self._restarted(packet.event_ms)
            return
        own = packet.form is not Form.NONE
        if packet.code is Code.ACCESS:
            if own and self._site.signs:
                self._sighted(packet, at, at + WRITE_MS)
            return
        if packet.code is Code.STOP:
            self._ended[packet.session] = at
            live = self._live.get(packet.session)
            if live is not None:
                live.ended_ms = at
        elif own:
            self._sighted(packet, packet.event_ms, at + WRITE_MS)
            self._told(packet, at)
        if own:
            self._fixed[packet.session] = (True, at, True)

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
        if self._site.early_session:
            self._fixed[packet.session] = (True, at, False)

    def judged(self, packet: Packet, at: int, finding: Finding, *, accepted: bool) -> None:
        """What was said of a request without an id holds for the rest of its session."""
        if packet.code is Code.ACCESS:
            if accepted and finding.attributable and self._site.early_session:
                self._fixed[packet.session] = (True, at, False)
        elif packet.session not in self._fixed or not self._fixed[packet.session][2]:
            self._fixed[packet.session] = (finding.attributable, at, True)
        else:
            self._fixed[packet.session] = (self._fixed[packet.session][0], at, True)

    def _sighted(self, packet: Packet, sent: int, known: int) -> None:
        line, mac = packet.line, packet.mac
        self._macs.setdefault(line, set()).add(mac)
        if not self._site.claims_mac:
            self._lines.setdefault(mac, {})[line] = sent
        for key in self._keys(packet):
            lines = self._seen.setdefault(key, {})
            seen = lines.get(line)
            if seen is None:
                seen = lines[line] = _Seen(sent, sent, known)
            elif key[1] == NO_MAC and self._two_at_a_time(lines, line, known):
                self._shared.add(key)
            seen.first_ms = min(seen.first_ms, sent)
            if sent >= seen.last_ms:
                seen.last_ms, seen.last_known_ms = sent, known
            seen.recent = [one for one in seen.recent if one[0] > known - 4 * WINDOW_MS][-8:]
            seen.recent.append((sent, known))

    def _two_at_a_time(self, lines: dict[int, _Seen], line: int, now: int) -> bool:
        """Whether another line with a session was seen since this one first was."""
        return any(
            other != line
            and seen.last_ms > lines[line].first_ms
            and any(live.ended_ms is None and live.until_ms > now - GUARD_LONG_MS for live in seen.sessions.values())
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
        regular = packet.session in self._intervals
        if live is None:
            live = self._live[name] = _Live(packet.line, self._keys(packet), at + WRITE_MS, heard, until, regular)
            for key in live.keys:
                seen = self._seen.get(key, {}).get(packet.line)
                if seen is not None:
                    seen.sessions[name] = live
        elif heard >= live.heard_ms:
            live.heard_ms, live.until_ms, live.regular = heard, until, regular

    def _restarted(self, event_ms: int) -> None:
        """The box began anew: what it had told before counts no more."""
        gone = [name for name, live in self._live.items() if live.heard_ms <= event_ms]
        for name in gone:
            live = self._live.pop(name)
            for key in live.keys:
                seen = self._seen.get(key, {}).get(live.line)
                if seen is not None:
                    seen.sessions.pop(name, None)
        self._fixed = {name: one for name, one in self._fixed.items() if one[1] > event_ms}

    # ---- judgement

    def _keys(self, packet: Packet) -> tuple[Key, ...]:
        """What a request has in common with others of its line, strongest first."""
        if packet.place is None:
            local = bool(packet.mac[0] & 2)
            return () if local or self._site.claims_mac else ((None, packet.mac),)
        if self._site.per_line:
            pair = (packet.place, NO_MAC)
            # what a DUID claims counts beside a VLAN pair that is one line's, nowhere else
            return (pair,) if self._site.claims_mac and pair in self._shared else ((packet.place, packet.mac), pair)
        return () if self._site.claims_mac else ((packet.place, packet.mac),)

    def judge(self, packet: Packet, at: int, hold_ms: int) -> Finding:
        """A request without an id that came at `at`; call it when it leaves, at `at + hold_ms` at the latest."""
        if packet.code is not Code.ACCESS:
            fixed = self._by_session(packet, at)
            if fixed is not None:
                return fixed
        tainted = len([last for last in self._lines.get(packet.mac, {}).values() if last > at - TAINT_MS]) > 1
        skipped = False
        for key in self._keys(packet):
            if key[1] != NO_MAC and tainted:
                skipped = True
                continue
            found = self._on_key(packet, key, at, hold_ms)
            if found is not None:
                return found
        if skipped and not self._site.per_line:
            return Finding(attributable=False, indistinguishable=True, why="the MAC is on two lines")
        return Finding(attributable=False, why="nothing is known of the line")

    def _by_session(self, packet: Packet, at: int) -> Finding | None:
        fixed = self._fixed.get(packet.session)
        if fixed is None:
            return None
        attributable, heard, by_accounting = fixed
        if at - heard > (REMEMBERED_MS - GUARD_LONG_MS if by_accounting else EXPECTED_MS - 10 * GUARD_MS):
            del self._fixed[packet.session]  # nobody remembers it for longer
            return None
        return Finding(attributable=attributable, why="session" if attributable else "session began without identity")

    def _on_key(self, packet: Packet, key: Key, at: int, hold_ms: int) -> Finding | None:
        lines = self._seen.get(key)
        if not lines:
            return None
        if key[1] == NO_MAC and key in self._shared:
            return None
        name = "place" if key[1] == NO_MAC else "MAC" if key[0] is None else "place+MAC"
        mine = lines.get(packet.line)
        for rungs in (("window", "live"), ("remembered",)):
            for line, seen in lines.items():
                if line != packet.line and any(
                    self._may_fit(rung, packet, key, line, seen, at, hold_ms) for rung in rungs
                ):
                    return Finding(attributable=False, indistinguishable=True, why=f"another line fits: {name}")
            for rung in rungs:
                if mine is not None and self._fits(rung, packet, key, mine, at, hold_ms):
                    return Finding(attributable=True, why=f"{name}, {rung}")
        return None

    def _fits(self, rung: str, packet: Packet, key: Key, seen: _Seen, at: int, hold_ms: int) -> bool:
        """Whether the true line fits beyond doubt."""
        deadline = at + hold_ms - GUARD_MS
        if rung == "window":
            most = WINDOW_MS - WINDOW_GUARD_MS
            return any(abs(sent - at) <= most and known <= deadline for sent, known in seen.recent)
        known_mac = packet.mac in self._macs.get(packet.line, ())
        if rung == "live":
            wants_fresh = self._wants_fresh(key, known_mac=known_mac)
            return any(
                live.known_ms <= deadline
                and live.until_ms > at + hold_ms + WINDOW_GUARD_MS
                and live.ended_ms is None
                and (not wants_fresh or live.regular or at - live.heard_ms <= FRESH_MS - GUARD_LONG_MS)
                for live in seen.sessions.values()
            )
        if not self._site.per_line or (key[1] == NO_MAC and not known_mac) or (key[0], NO_MAC) in self._shared:
            return False
        return seen.last_known_ms <= deadline and at - seen.last_ms <= REMEMBERED_MS - GUARD_LONG_MS

    def _may_fit(self, rung: str, packet: Packet, key: Key, line: int, seen: _Seen, at: int, hold_ms: int) -> bool:
        """Whether another line could be taken for the one that is meant."""
        deadline = at + hold_ms + GUARD_MS
        if rung == "window":
            most = WINDOW_MS + WINDOW_GUARD_MS
            return any(abs(sent - at) <= most and known <= deadline for sent, known in seen.recent)
        known_mac = packet.mac in self._macs.get(line, ())
        if rung == "live":
            wants_fresh = self._wants_fresh(key, known_mac=known_mac)
            return any(
                live.until_ms > at - WINDOW_GUARD_MS
                and (live.ended_ms is None or live.ended_ms > at - 2 * GUARD_MS)
                and (not wants_fresh or live.regular or at - live.heard_ms <= FRESH_MS + GUARD_LONG_MS)
                for live in seen.sessions.values()
            )
        if not self._site.per_line or (key[1] == NO_MAC and not known_mac):
            return False
        return at - seen.last_ms <= REMEMBERED_MS + GUARD_LONG_MS

    def _wants_fresh(self, key: Key, *, known_mac: bool) -> bool:
        """Whether only a session that was lately heard of counts, or one whose silence would be noticed."""
        return not self._site.per_line or (key[1] == NO_MAC and not known_mac)

"""Which requests without a line id could be attributed: by the truth, and by the rules that operators were promised.

The oracle judges by a log of its own of what was delivered: who truly sent it, from which place and MAC, with which id,
when. It never asks the product, and shares no code with it. Where two clocks or a few milliseconds decide, the true
line gets no benefit of the doubt, and every other line does.

First comes the accounting session, then the operator's plan, then the keys, strongest first: place and MAC; the place
alone, if it is one line's; the MAC alone, where the box tells no port. On a key: a sighting within the window, or a
session that is expected or up; else, for a day after the last sighting, the memory of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bngcorr.simulate.log import DOUBT_MS, EXPECTED_MS, NO_MAC, Key, Log, Seen
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.sites import Place, Site
from bngcorr.simulate.timeline import DAY, HOUR

WINDOW_MS: Final = 5_000
REMEMBERED_MS: Final = DAY
FRESH_MS: Final = HOUR  # a session heard of within this time is there for sure
TAINT_MS: Final = 30 * DAY

GUARD_MS: Final = 10  # on what arrives
WINDOW_GUARD_MS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the oracle says of one request."""

    attributable: bool
    indistinguishable: bool = False  # another line fits, or nothing but a MAC that two lines have: must not be matched
    why: str


class Oracle:
    """Judgement on the requests of one box. Instants are milliseconds, and never go back."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._log = Log(site)
        self._plan: dict[Place, int] = {}
        self._fixed: dict[bytes, tuple[bool, int, bool]] = {}  # sessions: attributable, heard, told by accounting

    def planned(self, plan: Mapping[Place, int]) -> None:
        """The operator's plan in force from now on: lines by place."""
        self._plan = dict(plan)

    # ---- what is delivered

    def heard(self, packet: Packet, at: int) -> None:
        """A request has arrived. Of one without an id, `judged` is told beside."""
        self._log.heard(packet, at)
        if packet.code in (Code.ON, Code.OFF):
            self._fixed = {name: one for name, one in self._fixed.items() if one[1] > packet.event_ms}
        elif packet.code is not Code.ACCESS and packet.form is not Form.NONE:
            self._fixed[packet.session] = (True, at, True)

    def accepted(self, packet: Packet, at: int, interval_s: int | None) -> None:
        """AAA has accepted an Access-Request."""
        self._log.accepted(packet, at, interval_s)
        if packet.form is not Form.NONE and self._site.early_session:
            self._fixed[packet.session] = (True, at, False)

    def judged(self, packet: Packet, at: int, finding: Finding, *, accepted: bool) -> None:
        """What was said of a request without an id holds for the rest of its session."""
        if packet.code is Code.ACCESS:
            if accepted and finding.attributable and self._site.early_session:
                self._fixed[packet.session] = (True, at, False)
            return
        before = self._fixed.get(packet.session)
        told = before is not None and before[2]
        self._fixed[packet.session] = (before[0] if before is not None and told else finding.attributable, at, True)

    # ---- judgement

    def judge(self, packet: Packet, at: int, hold_ms: int) -> Finding:
        """A request without an id that came at `at`; call it when it leaves, at `at + hold_ms` at the latest."""
        if packet.code is not Code.ACCESS:
            fixed = self._by_session(packet, at)
            if fixed is not None:
                return fixed
        planned = self._plan.get(packet.place) if packet.place is not None else None
        if planned is not None:
            right = planned == packet.line
            return Finding(attributable=right, indistinguishable=not right, why="inventory")
        tainted = len([last for last in self._log.lines.get(packet.mac, {}).values() if last > at - TAINT_MS]) > 1
        skipped = False
        for key in self._log.keys(packet):
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
        if attributable and at - heard > (REMEMBERED_MS - DOUBT_MS if by_accounting else EXPECTED_MS - 10 * GUARD_MS):
            del self._fixed[packet.session]  # nobody remembers it for longer
            return None
        return Finding(attributable=attributable, why="session" if attributable else "session began without identity")

    def _on_key(self, packet: Packet, key: Key, at: int, hold_ms: int) -> Finding | None:
        lines = self._log.seen.get(key)
        if not lines:
            return None
        if key[1] == NO_MAC and key in self._log.shared:
            return None
        name = "place" if key[1] == NO_MAC else "MAC" if key[0] is None else "place+MAC"
        mine = lines.get(packet.line) if self._same_cpe(packet, key, packet.line) else None
        for rungs in (("window", "live"), ("remembered",)):
            for line, seen in lines.items():
                if line == packet.line or not self._same_cpe(packet, key, line):
                    continue
                if any(self._may_fit(rung, packet, key, line, seen, at, hold_ms) for rung in rungs):
                    return Finding(attributable=False, indistinguishable=True, why=f"another line fits: {name}")
            for rung in rungs:
                if mine is not None and self._fits(rung, packet, key, mine, at, hold_ms):
                    return Finding(attributable=True, why=f"{name}, {rung}")
        return None

    def _same_cpe(self, packet: Packet, key: Key, line: int) -> bool:
        """On a place alone: whether the CPE may be that of the line. A MAC that is known as another line's is not."""
        if key[1] != NO_MAC or packet.mac in self._log.macs.get(line, ()):
            return True
        here = self._log.seen.get((packet.place, packet.mac), {})
        return packet.mac not in self._log.lines and all(other == line for other in here)

    def _fits(self, rung: str, packet: Packet, key: Key, seen: Seen, at: int, hold_ms: int) -> bool:
        """Whether the true line fits beyond doubt."""
        deadline = at + hold_ms - GUARD_MS
        if rung == "window":
            most = WINDOW_MS - WINDOW_GUARD_MS
            return any(abs(sent - at) <= most and known <= deadline for sent, known in seen.recent)
        known_mac = packet.mac in self._log.macs.get(packet.line, ())
        if rung == "live":
            wants_fresh = self._wants_fresh(key, known_mac=known_mac)
            return any(
                live.known_ms <= deadline
                and live.until_ms > at + hold_ms + WINDOW_GUARD_MS
                and live.ended_ms is None
                and (not wants_fresh or at - live.heard_ms <= FRESH_MS - DOUBT_MS)
                for live in seen.sessions.values()
            )
        if not self._site.per_line or (key[1] == NO_MAC and not known_mac) or (key[0], NO_MAC) in self._log.shared:
            return False
        on_place = self._log.seen.get((key[0], NO_MAC), {})
        if any(other.last_ms >= seen.last_ms for line, other in on_place.items() if line != packet.line):
            return False  # another line has come to stand there since
        return seen.last_known_ms <= deadline and at - seen.last_ms <= REMEMBERED_MS - DOUBT_MS

    def _may_fit(self, rung: str, packet: Packet, key: Key, line: int, seen: Seen, at: int, hold_ms: int) -> bool:
        """Whether another line could be taken for the one that is meant."""
        deadline = at + hold_ms + GUARD_MS
        if rung == "window":
            most = WINDOW_MS + WINDOW_GUARD_MS
            return any(abs(sent - at) <= most and known <= deadline for sent, known in seen.recent)
        known_mac = packet.mac in self._log.macs.get(line, ())
        if rung == "live":
            wants_fresh = self._wants_fresh(key, known_mac=known_mac)
            return any(
                live.until_ms > at - WINDOW_GUARD_MS
                and (live.ended_ms is None or live.ended_ms > at - 2 * GUARD_MS)
                and (not wants_fresh or at - live.heard_ms <= FRESH_MS + DOUBT_MS)
                for live in seen.sessions.values()
            )
        if not self._site.per_line or (key[1] == NO_MAC and not known_mac):
            return False
        return at - seen.last_ms <= REMEMBERED_MS + DOUBT_MS

    def _wants_fresh(self, key: Key, *, known_mac: bool) -> bool:
        """Whether only a session that was heard of lately counts."""
        return not self._site.per_line or (key[1] == NO_MAC and not known_mac)

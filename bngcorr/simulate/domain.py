"""One box from the first act to the last: gateway, product, oracle and kludge, event by event, in virtual time.

The story stops wherever the store is needed and says what for; whoever plays it answers and lets it go on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.request import Request
from bngcorr.simulate import plan
from bngcorr.simulate.aaa import Aaa, read
from bngcorr.simulate.agenda import Agenda
from bngcorr.simulate.bng import Bng
from bngcorr.simulate.decision import Decision
from bngcorr.simulate.gateway import Gateway
from bngcorr.simulate.kludge import Kludge
from bngcorr.simulate.need import Ask, Keep, Need, Plan, Steps, Tell
from bngcorr.simulate.oracle import Oracle
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.population import Line
from bngcorr.simulate.product import HOLD_S, Product
from bngcorr.simulate.sites import Place
from bngcorr.simulate.timeline import HOUR, Story
from bngcorr.store.lesson import Lesson, Sighting

WRITE_BEHIND_MS: Final = 3
ASK_AGAIN_MS: Final = (20, 60, 140, 300)
UPKEEP_EVERY_MS: Final = 8 * HOUR
_ANSWER_MS: Final = (5, 20)  # AAA's round trip


@dataclass(slots=True, eq=False)
class _Asked:
    """A request that waits for its verdict."""

    packet: Packet
    request: Request
    at_ms: int
    until_ms: int  # end of the hold
    done: bool = False


class Domain:
    """One box's story. `report` gets every decision, `noticed` every finding of the product by name."""

    def __init__(
        self,
        story: Story,
        lines: Sequence[Line],
        aaa: Aaa,
        profile: Profile,
        seed: int,
        report: Callable[[Decision], None],
        noticed: Callable[[str], None],
    ) -> None:
        self._site = story.box.site
        self._name = story.box.name
        self._lines = lines
        self._aaa = aaa
        self._report = report
        self._noticed = noticed
        self._agenda: Agenda[Steps | None] = Agenda()
        self._bng = Bng(story.box)
        self._product = Product(story.box, profile)
        self._oracle = Oracle(self._site)
        self._kludge = Kludge()
        self._rng = random.Random(f"domain {seed} {self._name}")
        self._taught: list[Lesson] = []  # to be written
        self._waiting: dict[str, list[_Asked]] = {}  # held requests by correlation key
        self._gateway = Gateway(story, lines, self._agenda.at, self._deliver, seed)
        self._end_ms = story.end_ms
        for at in range(UPKEEP_EVERY_MS, story.end_ms, UPKEEP_EVERY_MS):
            self._agenda.at(at, self._upkeep)
        self._plan: dict[Place, int] = {}
        self._places: dict[Place, str] = {}
        if self._site.planned:
            for at, together in groupby(plan.changes(story, lines), key=lambda change: change.at_ms):
                self._agenda.at(at, partial(self._replan, tuple(together)))

    def steps(self) -> Steps:
        """Play."""
        while (due := self._agenda.next_ms) is not None and due <= self._end_ms:
            at, do = self._agenda.pop()
            steps = do(at)
            if steps is not None:
                yield from steps

    def _upkeep(self, at: int) -> Steps:
        yield Keep(at, self._product.domain)

    def _replan(self, changes: Sequence[plan.Change], at: int) -> Steps:
        for change in changes:
            if change.line is None:
                del self._plan[change.place]
            else:
                self._plan[change.place] = change.line
        entries: dict[str, LineIds] = {}
        for place, number in self._plan.items():
            line = self._lines[number]
            entries[self._name_of(place, line)] = LineIds(line.remote_id, line.circuit_id)
        yield Plan(at, self._product.domain, entries)
        self._oracle.planned(self._plan)

    def _name_of(self, place: Place, line: Line) -> str:
        name = self._places.get(place)
        if name is None:
            sent = Packet(code=Code.STOP, box=line.box, line=line.number, place=place, mac=line.cpe.mac)
            name = self._places[place] = self._product.place_of(self._bng.write(sent, line))
        return name

    # ---- a request

    def _deliver(self, at: int, packet: Packet) -> None:
        self._agenda.at(at, partial(self._arrived, packet))

    def _arrived(self, packet: Packet, at: int) -> Steps:
        line = self._lines[packet.line] if packet.line >= 0 else None
        request = self._product.take(self._bng.write(packet, line), at)
        if packet.form is not Form.NONE or line is None:
            self._oracle.heard(packet, at)
        verdict = self._product.at_once(request, at)
        asked = _Asked(packet, request, at, at + round(request.hold_s * 1000))
        if verdict is None:
            verdict = yield from self._verdict(asked, at)
            if self._product.holds(request, verdict, at):
                self._hold(asked)
                return
        self._decided(asked, verdict, at)

    def _verdict(self, asked: _Asked, at: int) -> Generator[Need, None, Verdict]:
        ask = Ask(at, self._product.recall(asked.request))
        yield ask
        return self._product.judge(asked.request, ask.found, at)

    def _hold(self, asked: _Asked) -> None:
        for handle in asked.request.keyring.handles:
            self._waiting.setdefault(handle.hash, []).append(asked)
        for wait in ASK_AGAIN_MS:
            if asked.at_ms + wait < asked.until_ms:
                self._agenda.at(asked.at_ms + wait, partial(self._ask_again, asked))
        self._agenda.at(asked.until_ms, partial(self._ask_again, asked))

    def _ask_again(self, asked: _Asked, at: int) -> Steps:
        if asked.done:
            return
        verdict = yield from self._verdict(asked, at)
        if verdict.outcome is Outcome.UNMATCHED and at < asked.until_ms:
            return
        asked.done = True
        for handle in asked.request.keyring.handles:
            waiting = self._waiting[handle.hash]
            waiting.remove(asked)
            if not waiting:
                del self._waiting[handle.hash]
        self._product.held(verdict, at)
        self._decided(asked, verdict.with_held(at - asked.at_ms), at)

    def _decided(self, asked: _Asked, verdict: Verdict, at: int) -> None:
        packet, request = asked.packet, asked.request
        verdict = self._product.settle(request, verdict)
        self._learn(self._product.teaches(request, verdict), at)
        if packet.line < 0:
            return
        reading = read(self._product.leaves(request, verdict))
        accepted = self._aaa.places(reading)
        kludge = self._kludge.take(packet)
        finding = None
        if packet.form is Form.NONE:
            v6_hold = packet.code is Code.ACCESS and self._site.holds(v6=packet.v6)
            finding = self._oracle.judge(packet, asked.at_ms, round(HOLD_S * 1000) if v6_hold else 0)
            self._oracle.heard(packet, at)
            self._oracle.judged(packet, at, finding, accepted=accepted)
        self._report(
            Decision(
                box=self._name,
                packet=packet,
                kind=self._lines[packet.line].kind,
                at_ms=asked.at_ms,
                verdict=verdict,
                named=self._aaa.names(reading),
                accepted=accepted,
                finding=finding,
                kludge=kludge,
            )
        )
        if packet.code is Code.ACCESS:
            wait = self._rng.randint(*_ANSWER_MS)
            self._agenda.at(at + wait, partial(self._answered, asked, verdict, accepted))

    def _answered(self, asked: _Asked, verdict: Verdict, accepted: bool, at: int) -> None:
        interval_s = self._aaa.interim_s if accepted and self._site.tells_interval else None
        if accepted:
            self._learn(self._product.accepted(asked.request, verdict, at, interval_s), at)
            self._oracle.accepted(asked.packet, at, interval_s)
        self._gateway.answered(asked.packet, at, accepted=accepted, interval_s=interval_s)

    # ---- written behind

    def _learn(self, lessons: list[Lesson], at: int) -> None:
        if lessons and not self._taught:
            self._agenda.at(at + WRITE_BEHIND_MS, self._write)
        self._taught += lessons

    def _write(self, at: int) -> Steps:
        lessons, self._taught = self._taught, []
        tell = Tell(at, lessons)
        yield tell
        for finding in self._product.findings(lessons, tell.words):
            self._noticed(str(finding))
        woken: dict[int, _Asked] = {}
        for lesson in lessons:
            if isinstance(lesson, Sighting):
                for key in lesson.keys:
                    woken.update((id(asked), asked) for asked in self._waiting.get(key, ()))
        for asked in woken.values():
            yield from self._ask_again(asked, at)

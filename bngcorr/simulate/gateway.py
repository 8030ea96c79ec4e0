"""One BNG: DHCP comes in, Access-Requests go out, and AAA's answers decide how it goes on.

Clients send again until they are served (RFC 2131 §4.1, RFC 8415 §15); the box asks AAA again until it is answered.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import Final

from bngcorr.simulate.circuit import Circuit, Phase, Session, Stack
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.population import Kind, Line
from bngcorr.simulate.records import Records
from bngcorr.simulate.timeline import MINUTE, SECOND, Act, Do, Story
from bngcorr.simulate.uplink import Deliver, Schedule, Uplink

ASKS: Final = 4  # times a request is sent before the box gives up
DISCOVERS: Final = 6  # 0, 4, 12, 28, 60, 124 s, each ±1
SOLICITS: Final = 7  # 0, 1, 3, 7, 15, 31, 63 s, each ±10 %
_HANDSHAKE: Final = (70, 150)  # from Access-Accept to Accounting-Start: the rest of the exchange
_HANDSHAKE6: Final = (300, 1200)  # DHCPv6 collects ADVERTISEs for up to a second first
_ON_TRIES: Final = 20  # of Accounting-On: a box does not give it up


class Gateway:
    """The box. What it sends it hands to `deliver` with the instant of arrival."""

    def __init__(self, story: Story, lines: Sequence[Line], schedule: Schedule, deliver: Deliver, seed: int) -> None:
        self._box = story.box.number
        self._site = story.box.site
        self._lines = lines
        self._schedule = schedule
        self._rng = random.Random(f"gateway {seed} {story.box.name}")
        self._uplink = Uplink(self._rng, schedule, deliver)
        self._records = Records(self._box, story.watched, self._rng, schedule, self._uplink)
        self._circuits: dict[int, Circuit] = {}
        self._asked: dict[int, tuple[Circuit, Stack, int, Session]] = {}  # by ticket; with the stack's life
        self._serial = 0
        self._back_ms = -1  # when it is up again
        for act in story.acts:
            schedule(act.at_ms, partial(self._act, act))

    # ---- acts

    def _act(self, act: Act, at: int) -> None:
        if at < self._back_ms:
            self._schedule(self._back_ms + SECOND, partial(self._act, act))
            return
        if act.do is Do.REBOOT:
            self._reboot(at, act.grace_ms)
            return
        circuit = self._circuit(act.line)
        match act.do:
            case Do.SWITCH_ON:
                circuit.place = act.place or circuit.place
                circuit.cpe = act.cpe or circuit.cpe
                self._boot(circuit, at)
            case Do.SWITCH_OFF:
                circuit.on = False
                circuit.parked.clear()
                sessions = [*circuit.shared.values(), *(stack.session for stack in circuit.stacks)]
                circuit.shared.clear()
                for stack in circuit.stacks:
                    stack.anew()
                    stack.session = None
                for session in sessions:
                    if session is not None:
                        self._schedule(at + act.grace_ms, partial(self._records.end, session))
            case Do.V6_ON:
                circuit.v6_wanted = True
                if circuit.on and (not circuit.line.careful or circuit.v4.phase is Phase.UP):
                    self._begin(circuit, circuit.v6, at)
            case Do.V6_OFF:
                self._without_v6(circuit, at + act.grace_ms)

    def _circuit(self, number: int) -> Circuit:
        circuit = self._circuits.get(number)
        if circuit is None:
            line = self._lines[number]
            wanted = line.kind not in (Kind.V4_ONLY, Kind.V6_LATE)
            circuit = self._circuits[number] = Circuit(line, line.place, line.cpe, wanted)
        return circuit

    def _without_v6(self, circuit: Circuit, noticed_ms: int) -> None:
        circuit.v6_wanted = False
        stack = circuit.v6
        stack.anew()
        if stack in circuit.parked:
            circuit.parked.remove(stack)
        if stack.session is not None:
            self._schedule(noticed_ms, partial(self._records.end, stack.session))
            stack.session = None
        for session in circuit.shared.values():
            if session.v6_host:
                session.v6_host = False
                self._schedule(noticed_ms, partial(self._records.changed, session))

    def _reboot(self, at: int, down_ms: int) -> None:
        if self._rng.random() < 0.5:  # orderly
            self._uplink.send(at, Packet(code=Code.OFF, box=self._box, event_ms=at))
        else:
            self._uplink.cut()
        self._back_ms = at + down_ms
        self._asked.clear()
        for circuit in self._circuits.values():
            for stack in circuit.stacks:
                if stack.session is not None:
                    stack.session.ended = True
                    stack.session = None
                stack.anew()
            for session in circuit.shared.values():
                session.ended = True
            circuit.shared.clear()
            circuit.parked.clear()
        self._schedule(self._back_ms, self._back)

    def _back(self, at: int) -> None:
        self._uplink.cut()
        delay_s = 5 * self._uplink.losses(_ON_TRIES)
        on = Packet(code=Code.ON, box=self._box, event_ms=at, delay_s=delay_s)
        self._uplink.send(at + delay_s * SECOND, on)
        for circuit in self._circuits.values():
            if circuit.on:  # the link went down and up: every client begins anew
                self._schedule(at + self._rng.randint(SECOND, MINUTE), partial(self._reconnect, circuit))

    def _reconnect(self, circuit: Circuit, at: int) -> None:
        if circuit.on:
            self._boot(circuit, at)

    # ---- the CPE

    def _boot(self, circuit: Circuit, at: int) -> None:
        circuit.on = True
        circuit.parked.clear()
        for stack in circuit.stacks:
            stack.anew()
        rng, line = self._rng, circuit.line
        v6_first = line.kind is Kind.V6_FIRST or (line.kind is Kind.ONE_REQUEST and line.number % 2 == 0)
        if line.kind is not Kind.V6_ONLY:
            self._begin(circuit, circuit.v4, at + (rng.randint(10, 60) if v6_first and not line.careful else 0))
        if circuit.v6_wanted and not line.careful:
            at_once = v6_first or line.kind is Kind.V6_ONLY
            self._begin(circuit, circuit.v6, at if at_once else at + rng.randint(20, 3000))

    def _begin(self, circuit: Circuit, stack: Stack, at: int) -> None:
        self._schedule(at, partial(self._client_sends, circuit, stack, stack.life, 0))

    def _client_sends(self, circuit: Circuit, stack: Stack, life: int, attempt: int, at: int) -> None:
        if stack.life != life or stack.phase is Phase.UP or not circuit.on:
            return
        if attempt + 1 < (SOLICITS if stack.v6 else DISCOVERS):
            wait = self._wait6(attempt) if stack.v6 else self._wait4(attempt)
            self._schedule(at + wait, partial(self._client_sends, circuit, stack, life, attempt + 1))
        if not self._uplink.lost():
            self._triggered(circuit, stack, at)

    def _wait4(self, attempt: int) -> int:
        return min(4 * SECOND << attempt, 64 * SECOND) + self._rng.randint(-SECOND, SECOND)

    def _wait6(self, attempt: int) -> int:
        """Doubled each time, a tenth more or less; on the first try never less."""
        spread = self._rng.uniform(0.0 if attempt == 0 else -0.1, 0.1)
        return round((SECOND << attempt) * (1 + spread))

    # ---- the box asks

    def _triggered(self, circuit: Circuit, stack: Stack, at: int) -> None:
        if stack.phase is Phase.ASKING or stack in circuit.parked:
            return
        if self._site.one_request:
            if Phase.ASKING in (circuit.v4.phase, circuit.v6.phase):
                circuit.parked.append(stack)
                return
            session = circuit.shared.get(circuit.mac(stack))
            if session is not None and not session.ended:  # a further host of the session: no request
                stack.phase = Phase.UP
                session.host(v6=stack.v6)
                self._schedule(at + self._rng.randint(*_HANDSHAKE), partial(self._records.changed, session))
                return
        self._ask(circuit, stack, at)

    def _ask(self, circuit: Circuit, stack: Stack, at: int) -> None:
        stack.phase = Phase.ASKING
        self._serial += 1
        form = Form.PLAIN if not stack.v6 else Form.OPTION37 if circuit.line.ldra else Form.NONE
        name = f"{self._box:06X}{self._serial:08X}{at // 1000:08X}".encode()
        session = Session(name, circuit.line, circuit.place, circuit.mac(stack), stack.v6, form)
        self._asked[self._serial] = (circuit, stack, stack.life, session)
        packet = Packet(
            code=Code.ACCESS,
            box=self._box,
            line=circuit.line.number,
            place=session.place,
            mac=session.mac,
            v6=stack.v6,
            form=form,
            session=name,
            event_ms=at,
            ticket=self._serial,
        )
        losses = self._uplink.losses(ASKS)
        answered_or_not = at + losses * self._site.timeout_ms
        if losses == ASKS:
            self._schedule(answered_or_not, partial(self._answer, packet.ticket, _NO_ANSWER, None))
        else:
            self._uplink.send(answered_or_not, packet)

    def answered(self, packet: Packet, at: int, *, accepted: bool, interval_s: int | None) -> None:
        """AAA's answer leaves the proxy; if it is lost, a retransmission brings it again."""
        losses = self._uplink.losses(ASKS)
        answer = accepted if losses < ASKS else _NO_ANSWER
        self._schedule(
            at + 1 + losses * self._site.timeout_ms, partial(self._answer, packet.ticket, answer, interval_s)
        )

    def _answer(self, ticket: int, accepted: bool, interval_s: int | None, at: int) -> None:
        asked = self._asked.pop(ticket, None)
        if asked is None:
            return
        circuit, stack, life, session = asked
        if stack.life != life:  # the client is gone, or has begun anew
            return
        parked, circuit.parked = circuit.parked, []
        stack.phase = Phase.UP if accepted else Phase.IDLE
        if accepted:
            session.interval_ms = interval_s * SECOND if interval_s else None
            self._up(circuit, stack, session, at)
        for other in parked:
            self._triggered(circuit, other, at)

    def _up(self, circuit: Circuit, stack: Stack, session: Session, at: int) -> None:
        session.host(v6=stack.v6)
        if self._site.one_request:
            old = circuit.shared.get(session.mac)
            circuit.shared[session.mac] = session
        else:
            old, stack.session = stack.session, session
        if old is not None:
            self._records.end(old, at)
        started = at + self._rng.randint(*(_HANDSHAKE6 if stack.v6 else _HANDSHAKE))
        self._schedule(started, partial(self._records.start, session))
        if circuit.line.careful and not stack.v6 and circuit.v6_wanted:
            self._begin(circuit, circuit.v6, started + self._rng.randint(50, 3000))


_NO_ANSWER: Final = False  # is to the client as good as a reject: it sends again

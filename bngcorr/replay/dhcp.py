"""The story of DHCP messages: what they teach, and, where no RADIUS is captured, what would have been asked."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final

from bngcorr.capture.packets import Kind
from bngcorr.correlator import leases
from bngcorr.correlator.dhcp import Told, of4, of6
from bngcorr.correlator.place import Place
from bngcorr.errors import WireError
from bngcorr.model.verdict import CONFLICT, UNMATCHED, Verdict
from bngcorr.model.vocabulary import Outcome, Strength, Trigger
from bngcorr.proxy.nas import Nas
from bngcorr.replay.bngs import Bngs
from bngcorr.replay.clock import Clock
from bngcorr.replay.heard import Heard
from bngcorr.replay.judge import Judge
from bngcorr.replay.knowledge import Knowledge
from bngcorr.replay.messages import (
    COPY_MS,
    NO_ADDRESS,
    Message,
    Messages,
    Name,
    name_of,
    rank_of,
    sighting_of_both,
    verdict_of,
)
from bngcorr.replay.row import Row, Rows, Sort
from bngcorr.replay.tally import Part
from bngcorr.replay.why import Why, of_dhcp, untaught
from bngcorr.store.lesson import Lesson
from bngcorr.wire import dhcp4, dhcp6
from bngcorr.wire.frame import Frame

CUT: Final = "cut"  # the reason of messages that the capture holds too little of
OTHER: Final = "other"  # and of those that no client and server of an access line exchange
SILENCE: Final = "none"  # the answer that did not come
MOST_PLACES: Final = 4096
_NOWHERE4: Final = bytes(4)
_TO_CLIENT: Final = 2
_LINK_LOCAL: Final = b"\xfe"
_ON_LINK: Final = (b"", NO_ADDRESS)  # of a client's own message, and of an access node's
_DHCPV6: Final = Trigger.DHCPV6
_ANSWERED4: Final = {
    dhcp4.ACK: (dhcp4.REQUEST, dhcp4.DISCOVER),
    dhcp4.NAK: (dhcp4.REQUEST,),
}
_ANSWERED6: Final = {
    dhcp6.REPLY: (dhcp6.REQUEST, dhcp6.RENEW, dhcp6.REBIND, dhcp6.SOLICIT),
}  # fmt: skip


class Dhcp:
    """All DHCP of a capture."""

    def __init__(
        self,
        clock: Clock,
        bngs: Bngs,
        knowledge: Knowledge,
        judge: Judge,
        rows: Rows | None,
        *,
        nas: Nas,
        host: str | None,
        port: str | None,
        decides: bool,
    ) -> None:
        """`nas`: the BNG whose customers they are, `host` where it sends RADIUS from. `decides`: each DISCOVER and
        SOLICIT is a request; else they only help those of RADIUS. `port`: all frames come from that port of the BNG;
        None: each interface of a capture is a port of its own, or, beside RADIUS, nobody knows.
        """
        self._clock: Final = clock
        self._bngs: Final = bngs
        self._knowledge: Final = knowledge
        self._judge: Final = judge
        self._rows: Final = rows
        self.nas: Final = nas
        self._host: Final = host
        self._port: Final = port
        self.decides: Final = decides
        self._places: Final[dict[tuple[int, int], Place]] = {}
        self._nowhere: Final = bngs.place(nas, host, None)  # behind a router
        self._messages: Final = Messages()
        self.part: Final = Part()
        self.seen = 0  # messages of clients
        self.taught = 0  # sightings
        self.untaught: Final[Counter[Why]] = Counter()  # messages that were none
        self.leases = 0  # given, renewed or given back
        self.copies = 0
        self.retransmissions = 0
        self.refused: Final[Counter[str]] = Counter()
        may_hold = not nas.profile.serialises_stacks
        self._hold_ms: Final = round(min(nas.hold_s, nas.profile.radius_timeout_s / 3) * 1000) if may_hold else 0

    def take(self, heard: Heard) -> None:
        """One message."""
        try:
            if heard.kind is Kind.DHCPV4:
                self._four(heard, heard.frame)
            else:
                self._six(heard, heard.frame)
        except WireError as error:
            self.refused[CUT if heard.frame.cut else str(error.reason)] += 1

    def _four(self, heard: Heard, frame: Frame) -> None:
        """A message that a router has relayed comes from no port. Raises Malformed."""
        four = dhcp4.decode(frame.payload, cut=frame.cut)
        if four.operation == _TO_CLIENT and four.type == dhcp4.OFFER:
            self._offered((Trigger.DHCPV4, dhcp4.DISCOVER, four.xid, four.chaddr), "OFFER", heard.at_ms)
            return
        place = self._places.get((heard.site, heard.interface)) or self._place(heard)
        told = of4(four, frame, place if four.giaddr == _NOWHERE4 or four.operation == _TO_CLIENT else self._nowhere)
        if told is not None and told.asks and not told.believed:
            told = of4(four, frame, self._nowhere)
        self._take(heard, told)

    def _six(self, heard: Heard, frame: Frame) -> None:
        """Likewise. Raises Malformed."""
        six = dhcp6.decode(frame.payload, cut=frame.cut)
        inner = six.inner
        if inner is not None and inner.type == dhcp6.ADVERTISE:
            client = inner.values.get(dhcp6.CLIENT_ID, b"")
            name = (Trigger.DHCPV6, dhcp6.SOLICIT, inner.transaction_id, client)
            self._offered(name, "ADVERTISE", heard.at_ms)
            return
        place = self._nowhere
        if frame.source[:1] == _LINK_LOCAL and six.layers and six.layers[0].link_address in _ON_LINK:
            place = self._places.get((heard.site, heard.interface)) or self._place(heard)
        self._take(heard, of6(six, frame, place))

    def _take(self, heard: Heard, told: Told | None) -> None:
        if told is None:
            self.refused[CUT if heard.frame.cut else OTHER] += 1
        elif told.to_server:
            self._from_client(heard, told)
        else:
            self._from_server(heard, told)

    def elapsed(self) -> None:
        """Messages whose time is over had no answer."""
        for message in self._messages.expire(self._clock.now_ms):
            self._over(message)

    def close(self) -> None:
        """The capture is over."""
        for message in self._messages.close():
            self._over(message)

    # ---- from the client

    def _from_client(self, heard: Heard, told: Told) -> None:
        at_ms = heard.at_ms
        self.seen += 1
        name, rank = name_of(told), rank_of(told, heard.site, heard.interface)
        known = self._messages.find(name)
        # dhclient renews with the number of its first REQUEST: one that was answered is not sent again
        if known is not None and known.answered and not told.begins and at_ms - known.sent_ms > COPY_MS:
            known = None
        if known is not None:
            self._repeated(known, told, rank, at_ms)
            return
        message = self._messages.begin(name, at_ms, told, rank)
        if told.begins and self.decides:
            self._request(heard, message, told)
        self._teach(message, at_ms)
        if told.leaves:
            self._learn([leases.step(told, told, lease, at_ms) for lease in leases.given_back(told)])

    def _repeated(self, known: Message, told: Told, rank: tuple[int, ...], at_ms: int) -> None:
        row = known.row
        if abs(at_ms - known.sent_ms) <= COPY_MS:
            self.copies += 1
            if row is not None:
                row.copies += 1
        else:
            known.sent_ms = at_ms
            self.retransmissions += 1
            if row is not None:
                row.retransmissions += 1
        better = known.take(told, rank)
        if better and row is not None:
            row.mac, row.attachment = told.mac, told.attachment
        asked = known.asked
        if asked is not None and not asked.decided:
            if known.namer is not None and not known.named:
                known.named = True
                self._judge.settle(asked, verdict_of(known.namer))
            elif better:
                self._judge.ask_anew(asked, told.question(known.at_ms))
        self._teach(known, known.sent_ms)

    def _request(self, heard: Heard, message: Message, told: Told) -> None:
        if self._rows is not None:
            message.row = Row(Sort.DHCP, heard.file, heard.number, heard.at_ms, told.place.bng, told.name)
            self._rows.begin(message.row)
        then = partial(self._decided, message)
        question = told.question(heard.at_ms)
        if told.contradictory:
            then(CONFLICT, None)
        elif told.line is not None:
            if question.own is None:
                then(verdict_of(told), None)
            else:  # the store may know better
                self._judge.ask(question, hold_ms=0, least_ms=0, bng=told.place.bng, tried=False, then=then)
        elif not self._judge.may_ask(question):
            then(UNMATCHED, Why.LIMITED)
        else:
            hold_ms = self._hold_ms if told.trigger is _DHCPV6 else 0
            message.asked = self._judge.ask(
                question, hold_ms=hold_ms, least_ms=COPY_MS, bng=told.place.bng, tried=True, then=then
            )

    def _decided(self, message: Message, verdict: Verdict, why: Why | None) -> None:
        namer = message.namer
        if verdict.outcome is Outcome.OWN and namer is not None:
            verdict = verdict_of(namer)
        if why is not None:
            why = of_dhcp(why, message.best)
        self.part.decided(message.best.trigger, verdict, why)
        row = message.row
        if row is None:
            return
        best = message.best
        row.trigger, row.strength, row.verdict, row.why = best.trigger, Strength.PROOF, verdict, why
        row.evidence = f"{row.what} on the wire"
        row.mac, row.attachment = best.mac, best.attachment
        if namer is not None:
            row.raw_remote_id, row.raw_circuit_id = namer.raw_remote_id, namer.ids.circuit_id
        ids = verdict.ids if verdict.ids is not None else namer.ids if namer is not None else None
        if ids is not None:
            row.remote_id, row.circuit_id = ids.remote_id, ids.circuit_id
        row.whole = message.answered

    def _teach(self, message: Message, at_ms: int) -> None:
        """The line was seen on the keys of the sight that tells most of the CPE."""
        namer, best = message.namer, message.best
        seen = None
        if namer is not None and namer.teaches:
            seen = sighting_of_both(namer, best, at_ms, self._bngs.remember_ms)
        if seen is not None:
            self.taught += 1
            message.taught = True
            self._learn([seen])
        if best.asks:
            message.remains(None if message.taught else untaught(namer, best), self.untaught)

    # ---- from the server

    def _from_server(self, heard: Heard, told: Told) -> None:
        asked = self._asked(told)
        if asked is None or asked.answered:
            return
        self._answered(asked, told.name, heard.at_ms)
        owner, best = asked.best if asked.namer is None else asked.namer, asked.best
        steps = [leases.step(told, owner, lease, heard.at_ms) for lease in leases.granted(owner, told)]
        for step in steps:
            step.fingerprint, step.port = best.keyring.fingerprint, best.attachment
            if step.own and asked.namer is not None:
                step.keys = best.keyring.hashes
            else:
                step.line, step.ids, step.own, step.keys, step.outcome = None, None, False, (), None
        self.leases += len(steps)
        self._learn(list(steps))

    def _offered(self, name: Name, what: str, at_ms: int) -> None:
        """An offer grants nothing, but it is an answer."""
        asked = self._messages.find(name)
        if asked is not None and not asked.answered:
            self._answered(asked, what, at_ms)

    def _answered(self, asked: Message, what: str, at_ms: int) -> None:
        asked.answered = True
        took_ms = max(at_ms - asked.at_ms, 0)
        if asked.best.begins and self.decides:
            self.part.answered(what, took_ms)
        row = asked.row
        if row is not None:
            row.answer, row.answer_ms = what, took_ms
            row.whole = row.verdict is not None

    def _asked(self, told: Told) -> Message | None:
        """The message that it answers."""
        kinds = (_ANSWERED4 if told.trigger is Trigger.DHCPV4 else _ANSWERED6).get(told.type, ())
        for kind in kinds:
            name: Name = (told.trigger, kind, told.exchange[1], told.client)
            found = self._messages.find(name)
            if found is not None:
                return found
        return None

    def _over(self, message: Message) -> None:
        if not message.answered and message.best.begins and self.decides:
            self.part.answers[SILENCE] += 1
        if message.row is not None:
            message.row.whole = True

    # ---- small things

    def _learn(self, taught: list[Lesson]) -> None:
        if taught:
            self._knowledge.write(taught, self._clock.now_ms)
            self._judge.sighted(taught)

    def _place(self, heard: Heard) -> Place:
        port = self._port
        if port is None and self.decides:
            port = f"if{heard.interface}" if not heard.site else f"if{heard.interface}@{heard.site + 1}"
        place = self._bngs.place(self.nas, self._host, port)
        if len(self._places) < MOST_PLACES:
            self._places[heard.site, heard.interface] = place
        return place

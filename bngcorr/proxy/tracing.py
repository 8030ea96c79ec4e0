"""Subject traces: the packets of requests that somebody wants to see, at every hop, without what is secret in them.

While no rule is set it costs a look at one attribute at each hop. What is kept is bounded: requests and octets of each
trace, packets of each request, requests under way, and requests that wait to be taken away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from bngcorr.errors import WireError
from bngcorr.model.mac import parse_mac
from bngcorr.model.shown import corr_id
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import DropReason, Leg, TraceBy, Trigger
from bngcorr.proxy.request import Request
from bngcorr.store.contract import Clock
from bngcorr.store.traces import MOST_OCTETS, MOST_REQUESTS
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView
from bngcorr.wire.values import without_secrets

MOST_OPEN: Final = 256  # requests under way
MOST_DONE: Final = 256  # that wait to be taken away
MOST_OWED: Final = 256  # records that the spool still has to deliver
MOST_PACKETS: Final = 16  # of one request
MOST_ATTRIBUTES: Final = 128  # of one packet

ANSWERED: Final = "answered"
ACKNOWLEDGED: Final = "acknowledged"  # by us: the spool has it
DELIVERED: Final = "delivered"  # from the spool to AAA

_NO_VERDICT: Final = (None,) * 7  # strength, outcome, rung, key, line, distance and time held
_ALWAYS_SECRET: Final = frozenset(
    (a.USER_PASSWORD, a.CHAP_PASSWORD, a.CHAP_CHALLENGE, a.EAP_MESSAGE, a.MESSAGE_AUTHENTICATOR)
)


class Rule:
    """Which requests one trace keeps, and how much of them there is by now."""

    __slots__ = ("by", "id", "octets", "requests", "value")

    def __init__(self, id: str, by: TraceBy, value: bytes) -> None:  # noqa: A002 -- the trace's word
        self.id: Final = id
        self.by: Final = by
        self.value: Final = value
        self.requests = 0
        self.octets = 0

    @property
    def full(self) -> bool:
        """Whether it keeps no more."""
        return self.requests >= MOST_REQUESTS or self.octets >= MOST_OCTETS


class Traced:
    """One request under way, or one record on its way out of the spool."""

    __slots__ = ("packets", "rules", "size", "told")

    def __init__(self, rules: list[Rule], told: list[Any]) -> None:
        self.rules: Final = rules
        self.told: Final = told  # as `store.traces.TracedRequest`, from request to held_ms
        self.packets: Final[list[list[Any]]] = []
        self.size = 0  # octets

    @property
    def sent_on(self) -> bool:
        """Whether AAA got it."""
        return any(packet[0] == Leg.TO_AAA for packet in self.packets)


class Tracer:
    """Keeps what the rules want."""

    def __init__(self, clock: Clock, secret: Iterable[int] = ()) -> None:
        """`secret`: keys of attributes whose values are not kept."""
        self._clock: Final = clock
        self._secret: Final = _ALWAYS_SECRET | frozenset(secret)
        self.rules: list[Rule] = []
        self._by_name: dict[
            TraceBy, dict[bytes, list[Rule]]
        ] = {}  # the same: a request costs as much for many as for one
        self.active = False  # there are rules
        self.open: dict[int, Traced] = {}  # by the id of their exchange
        self.owed: dict[bytes, Traced] = {}  # by the Request Authenticator of the record
        self._done: deque[tuple[list[str], list[Any]]] = deque(maxlen=MOST_DONE)

    def use(self, rules: Sequence[tuple[str, TraceBy, bytes]]) -> None:
        """Go by these from now on; those that stay go on counting."""
        known = {rule.id: rule for rule in self.rules}
        self.rules = [known.get(name) or Rule(name, by, value) for name, by, value in rules]
        self._by_name = {}
        for rule in self.rules:
            self._by_name.setdefault(rule.by, {}).setdefault(rule.value, []).append(rule)
        self.active = len(self.rules) > 0
        if not self.active:
            self.open.clear()
            self.owed.clear()

    def take(self) -> list[tuple[list[str], list[Any]]]:
        """What is complete: ids of traces, and the request as `store.traces.packed_request` takes it."""
        taken = list(self._done)
        self._done.clear()
        return taken

    # ---- a request's way

    def judged(self, request: Request, verdict: Verdict | None) -> None:
        """It has its verdict: keep it from now on if a rule fits."""
        if request.wire is None or len(self.open) >= MOST_OPEN:
            return
        wanted: list[Rule] = []
        for by, rules in self._by_name.items():
            for name in _names(by, request, verdict):
                wanted += [rule for rule in rules.get(name, ()) if not rule.full and rule not in wanted]
        if not wanted:
            return
        traced = Traced(wanted, _told(request, verdict))
        peer = request.wire.peer
        self._add(traced, Leg.FROM_BNG, request.arrived_ms, f"{peer.host}:{peer.port}", request.view)
        self.open[id(request.wire.exchange)] = traced

    def again(self, request: Request, octets: bytes) -> None:
        """The BNG sent it once more."""
        traced = self.open.get(id(request.link.exchange))
        if traced is not None:
            peer = request.link.peer
            self._read(traced, Leg.FROM_BNG, f"{peer.host}:{peer.port}", octets)

    def to_aaa(self, request: Request, server: str, octets: bytes) -> None:
        """It went to a server."""
        traced = self.open.get(id(request.link.exchange))
        if traced is not None:
            self._read(traced, Leg.TO_AAA, server, octets)

    def from_aaa(self, request: Request, server: str, view: PacketView) -> None:
        """A server answered."""
        traced = self.open.get(id(request.link.exchange))
        if traced is not None:
            self._add(traced, Leg.FROM_AAA, self._clock.now_ms(), server, view)

    def to_bng(self, request: Request, octets: bytes) -> None:
        """The BNG has its answer: that is the end, but for a record in the spool."""
        traced = self.open.pop(id(request.link.exchange), None)
        if traced is None:
            return
        peer = request.link.peer
        self._read(traced, Leg.TO_BNG, f"{peer.host}:{peer.port}", octets)
        spooled = request.accounting and not traced.sent_on
        self._end(traced, ACKNOWLEDGED if spooled else ANSWERED)
        if spooled and len(self.owed) < MOST_OWED:
            self.owed[request.view.authenticator] = Traced(traced.rules, _told(request, request.verdict))

    def dropped(self, request: Request, reason: DropReason) -> None:
        """It gets no answer."""
        exchange = id(request.link.exchange)
        if exchange not in self.open and self.active and request.verdict is None:
            self.judged(request, None)
        traced = self.open.pop(exchange, None)
        if traced is not None:
            self._end(traced, str(reason))

    def lost(self, exchange: int) -> None:
        """Its time is over."""
        traced = self.open.pop(exchange, None)
        if traced is not None:
            self._end(traced, str(DropReason.NO_REPLY))

    def refused(self, bngs: Sequence[str], peer: str, octets: bytes, reason: DropReason) -> None:
        """A datagram from where these BNGs are was not let in: whoever traces one of them sees it."""
        names = [name.encode() for name in bngs]
        wanted = [rule for rule in self.rules if rule.by is TraceBy.BNG and rule.value in names and not rule.full]
        if not wanted:
            return
        now_ms = self._clock.now_ms()
        traced = Traced(wanted, [corr_id(octets[4:20]), now_ms, bngs[0], str(Trigger.UNKNOWN), *_NO_VERDICT])
        self._read(traced, Leg.FROM_BNG, peer, octets)
        self._end(traced, str(reason))

    # ---- out of the spool

    def delivering(self, authenticator: bytes, server: str, octets: bytes) -> None:
        """A record of the spool went to a server; again, if none answered before."""
        traced = self.owed.get(authenticator)
        if traced is not None:
            self._read(traced, Leg.TO_AAA, server, octets)

    def delivered(self, authenticator: bytes, server: str, view: PacketView) -> None:
        """A server has it."""
        traced = self.owed.pop(authenticator, None)
        if traced is not None:
            self._add(traced, Leg.FROM_AAA, self._clock.now_ms(), server, view)
            self._end(traced, DELIVERED)

    # ---- keeping

    def _read(self, traced: Traced, leg: Leg, peer: str, octets: bytes) -> None:
        try:
            view = radius.decode(octets)
        except WireError:
            now_ms = self._clock.now_ms()
            code, identifier = (octets[0], octets[1]) if len(octets) > 1 else (0, 0)
            traced.packets.append([str(leg), now_ms, peer, code, identifier, len(octets), [], True])
            traced.size += 32
            return
        self._add(traced, leg, self._clock.now_ms(), peer, view)

    def _add(self, traced: Traced, leg: Leg, at_ms: int, peer: str, view: PacketView) -> None:
        if len(traced.packets) >= MOST_PACKETS:
            return
        secret = self._secret
        spans = view.spans[:MOST_ATTRIBUTES]
        attributes = [
            [span.key, without_secrets(span.key, view.value(span), span.key in secret)] for span in spans
        ]  # fmt: skip
        cut = len(view.spans) > MOST_ATTRIBUTES
        size = len(view.octets)
        traced.packets.append([str(leg), at_ms, peer, view.code, view.identifier, size, attributes, cut])
        traced.size += size

    def _end(self, traced: Traced, how: str) -> None:
        rules = [rule for rule in traced.rules if not rule.full]
        for rule in rules:
            rule.requests += 1
            rule.octets += traced.size
        if rules:
            self._done.append(([rule.id for rule in rules], [*traced.told, how, traced.packets]))


def _names(by: TraceBy, request: Request, verdict: Verdict | None) -> list[bytes]:
    """What a request is called, in the words of one kind of rule."""
    identity, view = request.identity, request.view
    found: list[bytes | None] = []
    if by is TraceBy.BNG:
        found.append(request.nas.name.encode())
    elif by is TraceBy.MAC:
        found.append(identity.mac or parse_mac(view.text(a.CALLING_STATION_ID) or ""))
    elif by is TraceBy.USER_NAME:
        found.append(view.first(a.USER_NAME))
    elif by is TraceBy.LINE:
        if verdict is not None and verdict.line is not None:
            found.append(f"{request.nas.domain}~{verdict.line}".encode())
    else:
        ids, named = identity.ids, None if verdict is None else verdict.ids
        found = [ids.remote_id, ids.circuit_id, identity.raw_remote_id]
        if named is not None:
            found += [named.remote_id, named.circuit_id]
    return [name for name in found if name is not None]


def _told(request: Request, verdict: Verdict | None) -> list[Any]:
    classification = request.classification
    strength = classification.strength
    told: list[Any] = [
        corr_id(request.view.authenticator),
        request.arrived_ms,
        request.nas.name,
        str(classification.trigger),
        None if strength is None else str(strength),
    ]
    if verdict is None:
        return [*told, *_NO_VERDICT[1:]]
    return [
        *told,
        str(verdict.outcome),
        None if verdict.rung is None else str(verdict.rung),
        None if verdict.key is None else str(verdict.key),
        None if verdict.line is None else f"{request.nas.domain}~{verdict.line}",
        verdict.distance_ms,
        verdict.held_ms,
    ]

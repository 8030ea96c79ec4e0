"""Subject traces: which there are, and what they have kept, decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bngcorr.model.mac import Mac, format_mac
from bngcorr.model.shown import instant_shown
from bngcorr.model.vocabulary import TraceBy
from bngcorr.store.contract import Clock
from bngcorr.store.processes import ProcessRow, ProcessStore
from bngcorr.store.traces import TracedPacket, TracedRequest, TraceRule, TraceStore
from bngcorr.web.models.model import Page
from bngcorr.web.models.trace import (
    AttributeShown,
    KeptBy,
    PacketShown,
    Trace,
    TracedRequestShown,
    TraceKept,
    TraceQuery,
)
from bngcorr.web.problem import not_found
from bngcorr.web.resources.cursors import EVENT, shaped
from bngcorr.wire.attributes import Code
from bngcorr.wire.values import Named, key_name, shown

MAC_OCTETS: Final = 6
_CODES: Final = {int(code): code.title for code in Code}


class Traces:
    """Those that run, and those that ended within the last hour."""

    def __init__(
        self, traces: TraceStore, processes: ProcessStore, named: Mapping[int, Named], clock: Clock
    ) -> None:  # fmt: skip
        """`named`: what the dictionaries say of attributes."""
        self._traces = traces
        self._processes = processes
        self._named = named
        self._clock = clock

    async def page(self) -> Page[Trace]:
        """The newest first."""
        rules = await self._traces.rules()
        if not rules:
            return Page(items=())
        processes = await self._processes.all()
        counts = await self._traces.counts([rule.id for rule in rules])
        now_ms = self._clock.now_ms()
        told = zip(rules, counts, strict=True)
        return Page(items=tuple(_trace(rule, count, processes, now_ms) for rule, count in told))

    async def one(self, trace: str, query: TraceQuery) -> TraceKept:
        """A trace, and a part of what it has kept. Raises Problem."""
        after = shaped("cursor", query.cursor, EVENT)
        rule = next((one for one in await self._traces.rules() if one.id == trace), None)
        if rule is None:
            raise not_found("trace", trace)
        kept = await self._traces.kept(trace, after, query.limit)
        (count,) = await self._traces.counts([trace])
        told = _trace(rule, count, await self._processes.all(), self._clock.now_ms())
        following = kept[-1][0] if kept else after
        more = len(kept) == query.limit or told.state == "running"
        items = tuple(self._request(request) for _, request in kept)
        return TraceKept(trace=told, items=items, next=(following or None) if more else None)

    def _request(self, request: TracedRequest) -> TracedRequestShown:
        return TracedRequestShown(
            process=request.process,
            request=request.request,
            at=instant_shown(request.at_ms) or "",
            bng=request.bng,
            trigger=request.trigger,
            strength=request.strength,
            outcome=request.outcome,
            rung=request.rung,
            key=request.key,
            line=request.line,
            distance_ms=request.distance_ms,
            held_ms=request.held_ms,
            end=request.end,
            packets=tuple(self._packet(packet, request.at_ms) for packet in request.packets),
        )

    def _packet(self, packet: TracedPacket, began_ms: int) -> PacketShown:
        return PacketShown(
            leg=packet.leg,
            at=instant_shown(packet.at_ms) or "",
            after_ms=max(packet.at_ms - began_ms, 0),
            peer=packet.peer,
            code=_CODES.get(packet.code, f"code {packet.code}"),
            identifier=packet.identifier,
            octets=packet.octets,
            attributes=tuple(self._attribute(key, value) for key, value in packet.attributes),
            cut=packet.cut,
        )

    def _attribute(self, key: int, value: bytes | None) -> AttributeShown:
        named = self._named.get(key)
        name = key_name(key) if named is None else named.name
        if value is None:
            return AttributeShown(name=name, value=None, hex=None)
        return AttributeShown(name=name, value=shown(named, value), hex=value.hex())


def value_shown(by: TraceBy, value: bytes) -> str:
    """What a trace looks for, for people."""
    if by is TraceBy.MAC and len(value) == MAC_OCTETS:
        return format_mac(Mac(value))
    text = value.decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() else f"0x{value.hex()}"


def _trace(rule: TraceRule, count: int, processes: Sequence[ProcessRow], now_ms: int) -> Trace:
    return Trace(
        id=rule.id,
        by=rule.by,
        value=value_shown(rule.by, rule.value),
        who=rule.who,
        started_at=instant_shown(rule.at_ms) or "",
        until=instant_shown(rule.until_ms) or "",
        state="running" if rule.holds(now_ms) else "over",
        requests=count,
        processes=tuple(
            KeptBy(process=row.id, requests=one.requests, full=one.full)
            for row in processes
            for one in row.traces
            if one.id == rule.id
        ),
    )

"""Packet processes, and the AAA servers that they send to."""

from __future__ import annotations

from typing import Final

from bngcorr.model.shown import instant_shown
from bngcorr.model.vocabulary import Condition
from bngcorr.store.processes import ProcessRow, ProcessStore, UpstreamRow
from bngcorr.web.models.model import Page
from bngcorr.web.models.process import Process, TraceAt
from bngcorr.web.models.upstream import Upstream, UpstreamAt
from bngcorr.web.problem import not_found

_WORST: Final = (Condition.DEAD, Condition.SUSPECT, Condition.ALIVE)


class Processes:
    """Those that were heard of lately."""

    def __init__(self, store: ProcessStore) -> None:
        self._store = store

    async def page(self) -> Page[Process]:
        """All of them."""
        return Page(items=tuple(_process(row) for row in await self._store.all()))


class Upstreams:
    """AAA servers, over all packet processes."""

    def __init__(self, store: ProcessStore) -> None:
        self._store = store

    async def page(self) -> Page[Upstream]:
        """All of them, pool by pool, in the order of the configuration."""
        found: dict[tuple[str, str, str], list[tuple[str, UpstreamRow]]] = {}
        for process in await self._store.all():
            for row in process.upstreams:
                found.setdefault((row.pool, row.name, row.address), []).append((process.id, row))
        return Page(items=tuple(_upstream(rows) for rows in found.values()))

    async def named(self, name: str) -> Page[Upstream]:
        """Those of that name, or "pool/name". Raises Problem if there is none."""
        every = await self.page()
        items = tuple(one for one in every.items if name in (one.name, f"{one.pool}/{one.name}"))
        if not items:
            raise not_found("upstream", name)
        return Page(items=items)


def _process(row: ProcessRow) -> Process:
    return Process(
        id=row.id,
        host=row.host,
        pid=row.pid,
        version=row.version,
        started_at=instant_shown(row.started_ms) or "",
        told_at=instant_shown(row.told_ms) or "",
        config=row.config,
        loaded_at=instant_shown(row.loaded_ms) or "",
        needs_restart=row.needs_restart,
        ready=row.ready,
        parts=dict(row.parts),
        bngs=row.bngs,
        in_flight=dict(row.in_flight),
        traces=tuple(TraceAt(trace=one.id, requests=one.requests, full=one.full) for one in row.traces),
    )


def _upstream(rows: list[tuple[str, UpstreamRow]]) -> Upstream:
    _, first = rows[0]
    told = [row for _, row in rows]
    admins = {row.admin for row in told}
    states = {row.state for row in told}
    return Upstream(
        pool=first.pool,
        name=first.name,
        address=first.address,
        state=next(state for state in _WORST if state in states),
        admin=first.admin if len(admins) == 1 else None,
        in_flight=sum(row.in_flight for row in told),
        requests=sum(row.requests for row in told),
        timeouts=sum(row.timeouts for row in told),
        late_replies=sum(row.late_replies for row in told),
        rtt_s=max((row.rtt_s for row in told if row.rtt_s is not None), default=None),
        processes=tuple(_at(process, row) for process, row in rows),
    )


def _at(process: str, row: UpstreamRow) -> UpstreamAt:
    return UpstreamAt(
        process=process,
        state=row.state,
        admin=row.admin,
        since=instant_shown(row.since_ms) or "",
        in_flight=row.in_flight,
        most_in_flight=row.most_in_flight,
        sockets=row.sockets,
        requests=row.requests,
        timeouts=row.timeouts,
        late_replies=row.late_replies,
        source=row.source,
        rtt_s=row.rtt_s,
    )

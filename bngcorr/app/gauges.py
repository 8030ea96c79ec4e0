"""Metrics that are set when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bngcorr.accountant.watch import Watch
from bngcorr.app.ports import Ports
from bngcorr.app.receive_queues import QueueWatch
from bngcorr.config import Config
from bngcorr.correlator.caretaker import Caretaker
from bngcorr.correlator.judge import Judge
from bngcorr.model.vocabulary import Finding
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.spooling import Spool
from bngcorr.store.behind import WriteBehind
from bngcorr.store.clock import StoreClock
from bngcorr.store.valkey import ValkeyStore


class Gauges:
    """The parts of a packet process, read."""

    def __init__(
        self,
        meters: Meters,
        *,
        config: Callable[[], Config],
        ports: Ports,
        spool: Spool | None,
        judge: Judge[Any],
        behind: WriteBehind,
        store: ValkeyStore,
        clock: StoreClock,
        caretaker: Caretaker,
        watch: Watch,
        queues: QueueWatch,
    ) -> None:
        self._meters = meters
        self._config = config
        self._ports = ports
        self._spool = spool
        self._judge = judge
        self._behind = behind
        self._store = store
        self._clock = clock
        self._caretaker = caretaker
        self._watch = watch
        self._queues = queues
        self._told_of: set[str] = set()

    @property
    def degraded(self) -> bool:
        """Whether the store does not answer, or takes no writes. It is told, never asked for."""
        return self._judge.broken or self._behind.failing

    def refresh(self) -> None:
        """Set all of them."""
        meters = self._meters
        meters.upstream.show(self._ports.servers())
        if self._spool is not None:
            self._spool.refresh()
        meters.held.set(self._judge.held)
        bngs = {bng.name for bng in self._config().bngs}
        for of_bngs in (meters.hold_pays, meters.lines):  # one that a reload has taken away is told no more
            of_bngs.clear()
        for bng in bngs - self._told_of:  # a counter that begins with its first event hides that one from `increase`
            for finding in Finding:
                meters.findings.labels(bng, str(finding))
        self._told_of |= bngs
        for bng in bngs:
            meters.hold_pays.labels(bng).set(1 if self._judge.holds(bng) else 0)
        meters.backlog.set(len(self._behind))
        meters.lost.set(self._behind.lost)
        meters.degraded.set(1 if self.degraded else 0)
        meters.store_calls.set(self._store.calls)
        meters.away.set(self._judge.away)
        meters.clock_steady.set(1 if self._clock.steady else 0)
        meters.expired.set(self._caretaker.expired)
        for name, counts in self._caretaker.census.items():
            for families, count in zip(("dual", "v4_only", "v6_only"), counts, strict=True):
                if name in bngs:
                    meters.lines.labels(name, families).set(count)
        meters.usage.show(self._watch.seen)
        self._queues.look()

"""What an operator sees of a running packet process, and asks of it, through its control socket or by a signal."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import structlog

from bngcorr import __version__
from bngcorr.app.notify import Notifier
from bngcorr.app.ports import Ports
from bngcorr.app.reload import Reloader
from bngcorr.config.changes import Changes
from bngcorr.model.shown import instant_shown
from bngcorr.model.vocabulary import Admin
from bngcorr.store.processes import ProcessRow, TraceState, UpstreamRow
from bngcorr.web.health import Readiness

log = structlog.get_logger()


class Orders:
    """One process, from outside."""

    def __init__(
        self, reloader: Reloader, ports: Ports, notifier: Notifier, readiness: Callable[[], Readiness]
    ) -> None:  # fmt: skip
        self._reloader = reloader
        self._ports = ports
        self._notifier = notifier
        self._readiness = readiness
        self._started_at = time.monotonic()

    def status(self) -> dict[str, Any]:
        """How it is."""
        ready, running = self._readiness(), self._reloader.running
        return {
            "version": __version__,
            "pid": os.getpid(),
            "ready": ready.ready,
            "parts": ready.parts,
            "uptime_s": round(time.monotonic() - self._started_at, 1),
            "config": {
                "file": str(self._reloader.file.absolute()),
                "hash": running.digest,
                "loaded_at": instant_shown(round(running.loaded_at_s * 1000)),
                "needs_restart": running.needs_restart,
            },
            "bngs": len(self._reloader.config.bngs),
            "in_flight": dict(self._ports.in_flight),
        }

    def row(self, process: str, now_ms: int, started_ms: int, traces: tuple[TraceState, ...]) -> ProcessRow:
        """How it is, for everybody who reads the store; instants are the store's."""
        ready, running = self._readiness(), self._reloader.running
        ahead_ms = now_ms - time.time_ns() // 1_000_000  # of this host's clock
        return ProcessRow(
            id=process,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            started_ms=started_ms,
            told_ms=now_ms,
            config=running.digest,
            loaded_ms=round(running.loaded_at_s * 1000) + ahead_ms,
            needs_restart=running.needs_restart,
            ready=ready.ready,
            parts=tuple(ready.parts.items()),
            bngs=len(self._reloader.config.bngs),
            in_flight=tuple(self._ports.in_flight.items()),
            upstreams=tuple(
                UpstreamRow(**{**asdict(one), "since_ms": one.since_ms + ahead_ms}) for one in self._ports.servers()
            ),
            traces=traces,
        )

    def line(self) -> str:
        """The same in a few words."""
        under_way = sum(self._ports.in_flight.values())
        return f"{len(self._reloader.config.bngs)} BNGs, {under_way} requests wait for AAA"

    def servers(self) -> list[dict[str, Any]]:
        """The AAA servers, one row each."""
        rows = [asdict(row) for row in self._ports.servers()]
        for row in rows:
            row["since"] = instant_shown(row.pop("since_ms"))
        return rows

    def set_admin(self, name: str, admin: Admin) -> bool:
        """Switch a server; False if there is none of that name."""
        known = self._ports.set_admin(name, admin)
        if known:
            log.warning("upstream switched by an operator", server=name, admin=str(admin))
        return known

    def serves(self, domain: str) -> bool:
        """Whether BNGs of that correlation domain are configured here."""
        return any(bng.domain_name == domain for bng in self._reloader.config.bngs)

    async def reload(self) -> Changes:
        """Take the configuration file anew. Raises BngcorrError: then nothing has changed."""
        self._notifier.reloading()
        try:
            return await self._reloader.reload()
        finally:
            self._notifier.ready(self.line())

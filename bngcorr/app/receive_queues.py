"""The kernel's queues in front of our sockets, watched: what it granted, what it had to drop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from bngcorr.proxy.meters import SocketMeters
from bngcorr.proxy.receive_queue import ReceiveQueue

LOOK_EVERY_S: Final = 5.0
TELL_EVERY_S: Final = 60.0

log = structlog.get_logger()

Queues = Callable[[], Iterable[tuple[str, ReceiveQueue]]]


class QueueWatch:
    """Counts drops, and says so now and then while they grow."""

    def __init__(self, queues: Queues, meters: SocketMeters) -> None:
        """`queues`: each by the label of its socket; several may have the same."""
        self._queues = queues
        self._meters = meters
        self._untold: dict[str, int] = {}
        self._told_at = -TELL_EVERY_S  # monotonic seconds

    def look(self) -> None:
        """Count what was dropped since the last look."""
        for label, queue in self._queues():
            self._meters.buffer.labels(label, "requested").set(queue.requested)
            self._meters.buffer.labels(label, "granted").set(queue.granted)
            more = queue.more_drops()
            self._meters.drops.labels(label).inc(more)
            if more:
                self._untold[label] = self._untold.get(label, 0) + more
        now = time.monotonic()
        if self._untold and now - self._told_at >= TELL_EVERY_S:
            for label, dropped in self._untold.items():
                log.warning(
                    "the kernel dropped datagrams before they were read", socket=label, dropped=dropped,
                    hint="more comes than this process can carry, or its receive buffer is too small for a burst: "
                    "compare bngcorr_udp_receive_buffer_bytes, and see net.core.rmem_max and listen.receive_buffer",
                )  # fmt: skip
            self._untold, self._told_at = {}, now

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

"""The kernel's queues in front of our sockets, watched: what it granted, what it had to drop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from bngcorr.proxy.meters import SocketMeters
from bngcorr.proxy.receive_queue import Drops

LOOK_EVERY_S: Final = 5.0
TELL_EVERY_S: Final = 60.0

log = structlog.get_logger()

Queues = Callable[[], Iterable[tuple[str, Drops]]]


class QueueWatch:
    """Counts drops, and says so now and then while they grow."""

    def __init__(self, queues: Queues, meters: SocketMeters, asked: int) -> None:
        """`queues`: each socket by its label; `asked`: the receive buffer asked for, in octets."""
        self._queues = queues
        self._meters = meters
        self._asked = asked
        self._untold = 0
        self._told_at = -TELL_EVERY_S  # monotonic seconds

    def look(self) -> None:
        """Count what was dropped since the last look."""
        for label, drops in self._queues():
            more = drops.more()
            self._meters.drops.labels(label).inc(more)
            self._untold += more
        now = time.monotonic()
        if self._untold and now - self._told_at >= TELL_EVERY_S:
            log.warning(
                "the kernel dropped datagrams before they were read", dropped=self._untold,
                hint=f"the process is too busy, or its buffers are too small: sysctl -w net.core.rmem_max={self._asked}"
                " and listen.receive_buffer; see bngcorr_udp_receive_buffer_bytes",
            )  # fmt: skip
            self._untold, self._told_at = 0, now

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

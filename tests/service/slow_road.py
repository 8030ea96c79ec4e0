"""A road to a server that takes as long as a test wants: a TCP forwarder in a thread, on loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from tests.service.ports import free_port
from tests.store.servers.single import single_valkey

PIECE: Final = 65_536  # octets read at once
START_WITHIN_S: Final = 5.0


class SlowRoad:
    """Forwards connections to a port of loopback. Delays and `altered` may be set at any time, for octets yet to come.

    Latency, not a narrow road: octets that follow each other closely arrive as closely. Connecting itself is quick.
    """

    def __init__(self, server_port: int) -> None:
        """Listens when it returns; the server need not be there yet."""
        self.port = free_port()
        self.there_s = 0.0  # from the client to the server
        self.back_s = 0.0  # from the server to the client
        self.altered: Callable[[bytes], bytes] = lambda octets: octets  # what the client is told in the server's name
        self._server_port = server_port
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._listening.wait(START_WITHIN_S)

    @property
    def url(self) -> str:
        """For `store.url`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def slow(self, round_trip_s: float) -> None:
        """Half of it each way."""
        self.there_s = self.back_s = round_trip_s / 2

    def close(self) -> None:
        """End the thread; all connections are closed."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_WITHIN_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", self.port))
        self._listening.set()
        self._loop.run_forever()
        listener.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _connected(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            to_client.close()
            return
        await asyncio.gather(
            self._carry(from_client, to_server, lambda: self.there_s, lambda octets: octets),
            self._carry(from_server, to_client, lambda: self.back_s, lambda octets: self.altered(octets)),
        )

    async def _carry(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        delay_s: Callable[[], float],
        altered: Callable[[bytes], bytes],
    ) -> None:
        latest = 0.0
        try:
            while octets := await source.read(PIECE):
                latest = max(latest, self._loop.time() + delay_s())  # what was sent first arrives first
                self._loop.call_at(latest, sink.write, altered(octets))
        except OSError:
            pass  # the other end hears of it as of an orderly end
        self._loop.call_at(max(latest, self._loop.time()), sink.close)


@contextmanager
def road_to_a_store() -> Iterator[SlowRoad]:
    """With a server of its own at the end."""
    with single_valkey() as one:
        road = SlowRoad(one.server.port)
        try:
            yield road
        finally:
            road.close()

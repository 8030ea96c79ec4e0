"""The RADIUS client end of a simulated BNG: a UDP socket, identifiers, and the retransmission timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from bngcorr.demo.radius import Reply, Request, Unreadable

REPEAT_AFTER_S = 3.0
TRANSMISSIONS = 3


class NasSocket(asyncio.DatagramProtocol):
    """Asks one RADIUS server, and matches the answers by identifier."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._identifiers = asyncio.Queue[int]()
        for identifier in range(256):
            self._identifiers.put_nowait(identifier)
        self._waiting: dict[int, tuple[Request, asyncio.Future[Reply]]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.refused: list[str] = []  # answers that did not verify

    @classmethod
    async def open(cls, address: str, server: tuple[str, int]) -> NasSocket:
        """A socket bound to ``address`` and any port."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: cls(server), local_addr=(address, 0))
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio calls this)."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """An answer, perhaps (asyncio calls this). Late ones, to a request already answered, are ignored."""
        waiting = self._waiting.get(data[1]) if len(data) > 1 and addr[:2] == self._server else None
        if waiting is None or waiting[1].done():
            return
        request, future = waiting
        try:
            future.set_result(request.read_reply(data))
        except Unreadable as refusal:
            self.refused.append(str(refusal))

    async def ask(
        self,
        build: Callable[[int], Request],
        *,
        on_sent: Callable[[Request], None],
        duplicate_after_s: float | None = None,
    ) -> Reply | None:
        """Send what ``build`` makes for a free identifier until it is answered; None after the last time-out.

        ``on_sent`` is called before each transmission. ``duplicate_after_s``: the same octets once more after so long.
        """
        identifier = await self._identifiers.get()
        request = build(identifier)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = (request, future)
        try:
            for _ in range(TRANSMISSIONS):
                on_sent(request)
                self._send(request.octets)
                if duplicate_after_s is not None:
                    asyncio.get_running_loop().call_later(duplicate_after_s, self._send, request.octets)
                    duplicate_after_s = None
                done, _ = await asyncio.wait({future}, timeout=REPEAT_AFTER_S)
                if done:
                    return future.result()
            return None
        finally:
            del self._waiting[identifier]
            self._identifiers.put_nowait(identifier)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _send(self, octets: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(octets, self._server)

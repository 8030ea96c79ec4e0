"""Server-sent events (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web

from bngcorr.errors import StoreError
from bngcorr.web.resources.live import Event

RETRY_MS: Final = 2_000  # after which a client that was cut off comes again
WRITE_WITHIN_S: Final = 30.0  # one that reads nothing for so long is cut off
MOST_S: Final = 3_600.0  # then a client comes again, with its last id and whatever it may see by then


class EventStream:
    """To one client."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )

    async def tell(self, events: AsyncIterator[Event | None], shown: Callable[[Event], Event]) -> web.StreamResponse:
        """As they come; `shown` is what the client may see of one. Until either side ends."""
        until = asyncio.get_running_loop().time() + MOST_S
        await self._response.prepare(self._request)
        try:
            await self._write(f"retry: {RETRY_MS}\n\n".encode())
            async for event in events:
                await self._write(_told(event, shown))
                if asyncio.get_running_loop().time() > until:
                    break
        except StoreError:
            await self._write(b": the store does not answer\n\n")  # the client comes again
        except (ConnectionError, TimeoutError):
            if self._request.transport is not None:
                self._request.transport.abort()
        return self._response

    async def _write(self, octets: bytes) -> None:
        async with asyncio.timeout(WRITE_WITHIN_S):
            await self._response.write(octets)


def _told(event: Event | None, shown: Callable[[Event], Event]) -> bytes:
    """An event; a comment to keep the connection open if there is none."""
    if event is None:
        return b":\n\n"
    cursor = getattr(event, "id", None)
    name = f"id: {cursor}\n" if cursor else ""
    return f"{name}event: {event.kind}\ndata: {shown(event).model_dump_json()}\n\n".encode()

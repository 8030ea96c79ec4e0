"""Packed commands over redis-py's connections: one write, then as many replies as there were commands.

redis-py keeps what is hard (TLS, authentication, reconnecting); its pipeline costs more than the commands themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib import resources
from typing import Any, Final

from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from bngcorr.errors import StoreError

Argument = str | bytes | int | float
Command = tuple[Argument, ...]
_pack: Callable[[Command], bytes] = pack_command  # type: ignore[assignment]  # its stub allows one argument only
Reply = Any  # what redis-py parsed; turned into values on the line after it is read

SCRIPTS: Final = ("recall", "sight", "session", "restart")


def _load_scripts() -> dict[str, bytes]:
    folder = resources.files("bngcorr.store").joinpath("scripts")
    return {name: folder.joinpath(f"{name}.lua").read_bytes() for name in SCRIPTS}


class Lane:
    """Pipelined commands to one server. Raises StoreError and nothing else."""

    def __init__(self, url: str) -> None:
        """`url` is redis-py's. Raises StoreError if it is none; nothing is contacted yet."""
        try:
            pool = ConnectionPool.from_url(
                url,
                socket_connect_timeout=1.0,
                socket_timeout=None,  # every call brings its own budget
                retry=Retry(NoBackoff(), 0),
                health_check_interval=0,
                max_connections=64,
            )
        except ValueError:
            raise StoreError("store.url is no URL of a store (it is not shown, for it may hold a password)") from None
        self._client: Redis = Redis(connection_pool=pool)
        self._pool = pool
        self._scripts = _load_scripts()
        self._sha = {name: sha1(text).hexdigest() for name, text in self._scripts.items()}
        self.calls = 0  # round trips, for the metrics

    def script(self, name: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Command:
        """Command that runs one of our scripts."""
        return ("EVALSHA", self._sha[name], len(keys), *keys, *arguments)

    async def run(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        """Send all commands in one write, read all replies. A reply that is an error is raised as StoreError.

        A call that fails or overruns closes its connection, so that no late reply meets the next caller.
        """
        try:
            async with asyncio.timeout(budget_s):
                return await self._run(commands, may_load=True)
        except TimeoutError:
            raise StoreError(f"no answer within {budget_s * 1000:.0f} ms") from None
        except (RedisError, OSError) as error:
            raise StoreError(f"{type(error).__name__}: {error}") from None

    async def _run(self, commands: Sequence[Command], *, may_load: bool) -> list[Reply]:
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        clean = False
        try:
            await connection.send_packed_command([b"".join(map(_pack, commands))])
            replies: list[Reply] = [None] * len(commands)
            missing: list[int] = []
            failure: ResponseError | None = None
            for index in range(len(commands)):
                try:
                    replies[index] = await connection.read_response()
                except NoScriptError:
                    missing.append(index)
                except ResponseError as error:
                    failure = error
            clean = True
        finally:
            if not clean:
                await connection.disconnect(nowait=True)
            await self._pool.release(connection)
        self.calls += 1
        if missing and may_load:
            await self._run([("SCRIPT", "LOAD", text) for text in self._scripts.values()], may_load=False)
            again = await self._run([commands[index] for index in missing], may_load=False)
            for index, reply in zip(missing, again, strict=True):
                replies[index] = reply
        if failure is not None:
            raise failure
        return replies

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        await self._pool.disconnect()

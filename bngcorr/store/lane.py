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
from redis.exceptions import (
    BusyLoadingError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from bngcorr.errors import StoreError

Argument = str | bytes | int | float
Command = tuple[Argument, ...]
_pack: Callable[[Command], bytes] = pack_command  # type: ignore[assignment]  # its stub allows one argument only
Reply = Any  # what redis-py parsed; turned into values on the line after it is read

MOST_AT_ONCE: Final = 16  # calls under way; further ones wait their turn
CONNECT_BUDGET_S: Final = 0.2  # for a turn and a connection: some round trips with TLS and authentication

# Errors that say something of the server, whatever the command was; the others are the command's own for good
_SERVER_ERRORS: Final = (
    "OOM", "READONLY", "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF", "NOSCRIPT", "NOREPLICAS",
    "NOAUTH", "NOPERM", "WRONGPASS",
)  # fmt: skip

SCRIPTS: Final = ("recall", "sight", "session", "restart")


def _load_scripts() -> dict[str, bytes]:
    folder = resources.files("bngcorr.store").joinpath("scripts")
    return {name: folder.joinpath(f"{name}.lua").read_bytes() for name in SCRIPTS}


def _is_the_servers(error: ResponseError) -> bool:
    known = isinstance(error, ReadOnlyError | OutOfMemoryError | NoScriptError | BusyLoadingError | NoPermissionError)
    return known or str(error).startswith(_SERVER_ERRORS)


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
                max_connections=2 * MOST_AT_ONCE,
                protocol=2,  # with the next: no greeting, which would cost round trips
                driver_info=None,
            )
        except ValueError:
            raise StoreError("store.url is no URL of a store (it is not shown, for it may hold a password)") from None
        self._client: Redis = Redis(connection_pool=pool)
        self._pool = pool
        self._scripts = _load_scripts()
        self._sha = {name: sha1(text).hexdigest() for name, text in self._scripts.items()}
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self.calls = 0  # round trips, for the metrics

    def script(self, name: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Command:
        """Command that runs one of our scripts."""
        return ("EVALSHA", self._sha[name], len(keys), *keys, *arguments)

    async def run(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        """Send all commands in one write, read all replies. A reply that is an error is raised as StoreError.

        A call that fails or overruns closes its connection, so that no late reply meets the next caller. The budget is
        for the round trip; waiting for a connection has one of its own (`CONNECT_BUDGET_S`).
        """
        replies = await self.run_each(commands, budget_s)
        for reply in replies:
            if isinstance(reply, ResponseError):
                raise StoreError(f"{type(reply).__name__}: {reply}")
        return replies

    async def run_each(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        """As `run`, but an error that is one command's own stands in the place of its reply.

        One that says something of the server (out of memory, read-only, loading) is raised as StoreError.
        """
        try:
            replies = await self._run(commands, budget_s)
            missing = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
            if missing:
                await self._run([("SCRIPT", "LOAD", text) for text in self._scripts.values()], budget_s)
                again = await self._run([commands[index] for index in missing], budget_s)
                for index, reply in zip(missing, again, strict=True):
                    replies[index] = reply
        except TimeoutError:
            raise StoreError(f"no answer within {budget_s * 1000:.0f} ms") from None
        except (
            RedisError,
            OSError,
            TypeError,
        ) as error:  # TypeError: an option in store.url that redis-py does not know
            raise StoreError(f"{type(error).__name__}: {error}") from None
        for reply in replies:
            if isinstance(reply, ResponseError) and _is_the_servers(reply):
                raise StoreError(f"{type(reply).__name__}: {reply}")
        return replies

    async def _run(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        async with asyncio.timeout(CONNECT_BUDGET_S + budget_s):
            await self._turns.acquire()
        try:
            async with asyncio.timeout(CONNECT_BUDGET_S + budget_s):
                connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            clean = False
            try:
                async with asyncio.timeout(budget_s):
                    await connection.send_packed_command([b"".join(map(_pack, commands))])
                    replies: list[Reply] = []
                    for _ in commands:
                        try:
                            replies.append(await connection.read_response())
                        except ResponseError as error:
                            replies.append(error)
                # a demoted master would keep this connection for ever, though its name leads elsewhere by now
                clean = not any(isinstance(reply, ReadOnlyError) for reply in replies)
            finally:
                if not clean:
                    await connection.disconnect(nowait=True)
                await self._pool.release(connection)
        finally:
            self._turns.release()
        self.calls += 1
        return replies

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        await self._pool.disconnect()

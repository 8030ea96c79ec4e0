"""Makes redis-py's connections as a store's URL says."""

from __future__ import annotations

import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    RedisSSLContext,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bngcorr.config.store_url import StoreUrl, Tls
from bngcorr.errors import StoreError

# A context costs some 30 ms, so connections share one. It is made anew for the first connection after this age, so that
# renewed certificate files are taken up without a restart.
CONTEXT_AGE_S: Final = 600.0


class Linker:
    """Brings up connections to hosts of one store."""

    def __init__(self, url: StoreUrl) -> None:
        """Raises StoreError if a file of certificates or keys can't be read or used."""
        self._path = url.path
        self._tls = _SharedContext(url.tls) if url.tls is not None else None
        # Protocol 2 without driver info: no greeting, which would cost round trips. Every call brings its own budget.
        self._options: dict[str, Any] = {
            "db": url.db,
            "username": url.username,
            "password": url.password,
            "client_name": url.client_name,
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": None,
            "socket_connect_timeout": 1.0,
            "protocol": 2,
            "driver_info": None,
        }

    def to(self, host: str, port: int) -> Callable[[], Awaitable[AbstractConnection]]:
        """What connects to that host; to the URL's Unix socket, which has no host, if it names one."""
        return lambda: self.connect(host, port)

    async def connect(self, host: str, port: int) -> AbstractConnection:
        """A connection that is up. Raises redis-py's errors and OSError; what fails leaves nothing open."""
        connection: AbstractConnection
        if self._path:
            connection = UnixDomainSocketConnection(path=self._path, **self._options)
        elif self._tls is None:
            connection = Connection(host=host, port=port, **self._options)
        else:
            connection = SSLConnection(host=host, port=port, **self._options)
            connection.ssl_context = self._tls.fresh()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection


class _SharedContext:
    """TLS as the URL wants it, for many connections."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._made_at = time.monotonic()
        self._context = self._make()

    def fresh(self) -> RedisSSLContext:
        """A context that is not too old."""
        if time.monotonic() - self._made_at > CONTEXT_AGE_S:
            self._made_at = time.monotonic()
            self._context = self._make()
        return self._context

    def _make(self) -> RedisSSLContext:
        tls = self._tls
        oldest = ssl.TLSVersion[tls.min_version.replace(".", "_")] if tls.min_version is not None else None
        context = RedisSSLContext(
            keyfile=tls.keyfile,
            certfile=tls.certfile,
            cert_reqs=tls.cert_reqs.value,
            ca_certs=tls.ca_certs,
            ca_path=tls.ca_path,
            check_hostname=tls.check_hostname,
            min_version=oldest,
            ciphers=tls.ciphers,
            password=tls.password,
        )
        try:
            context.get()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            given = {
                "ssl_ca_certs": tls.ca_certs,
                "ssl_ca_path": tls.ca_path,
                "ssl_certfile": tls.certfile,
                "ssl_keyfile": tls.keyfile,
                "ssl_ciphers": tls.ciphers,
            }
            shown = ", ".join(f"{name} {value!r}" for name, value in given.items() if value)
            raise StoreError(f"store.url: TLS can't be set up with {shown}: {error}") from None
        return context

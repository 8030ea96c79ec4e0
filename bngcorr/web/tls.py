"""TLS of the API: certificate and key as they are in their files now, without a new start."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

import structlog

EVERY_S: Final = 3.0

log = structlog.get_logger()

Stamp = tuple[tuple[int, int, int], ...]  # of both files: inode, length, when it was written, in ns


class TlsError(Exception):
    """Certificate and key can't be used; the text says why."""


class Certificate:
    """A listener's context, whose handshakes are done with the newest good pair."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises TlsError if there is no good pair to begin with."""
        self._files = certificate, key
        self._stamp = self._refused = self._seen = _stamp_of(self._files)
        self._newest = self.context = _context(self._files)
        self.context.sni_callback = self._choose

    async def watch(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Take a changed pair once it has stood still for one look; one that is broken leaves the old in force."""
        try:
            stamp = await asyncio.to_thread(_stamp_of, self._files)
        except TlsError as error:
            stamp, failed = (), str(error)
        else:
            failed = ""
        still, self._seen = stamp == self._seen, stamp
        if stamp in (self._stamp, self._refused) or not still:
            return
        try:
            if failed:
                raise TlsError(failed)  # noqa: TRY301 -- told as any other
            self._newest = await asyncio.to_thread(_context, self._files)
        except TlsError as error:
            self._refused = stamp
            log.warning("certificate not taken, the old one stays in force", error=str(error))
            return
        self._stamp = self._refused = stamp
        log.info("certificate taken", certificate=str(self._files[0]))

    def _choose(self, connection: ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
        """Called in every handshake, also where the client names no server."""
        connection.context = self._newest


def _stamp_of(files: tuple[Path, Path]) -> Stamp:
    try:
        return tuple((at.st_ino, at.st_size, at.st_mtime_ns) for at in (path.stat() for path in files))
    except OSError as error:
        raise TlsError(f"{error.filename}: {error.strerror}") from None


def _context(files: tuple[Path, Path]) -> ssl.SSLContext:
    certificate, key = files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(
            certificate, key, password=lambda: ""
        )  # a passphrase would be asked for at the terminal
    except OSError as error:  # an SSLError, too
        why = getattr(error, "reason", None) or error.strerror or str(error)
        raise TlsError(f"{certificate} and {key}: {why}") from None
    return context

"""What aiohttp's server has to tell: what is no HTTP, and what it met in itself. What somebody sent is not repeated."""

from __future__ import annotations

import logging
import time
from typing import Final

import structlog
from aiohttp.http_exceptions import HttpProcessingError

EVERY_S: Final = 1.0  # one line about what is no HTTP

log = structlog.get_logger()


def http_logger() -> logging.Logger:
    """For one listener, beside the loggers of the process: aiohttp's own lines have the offending octets in them."""
    logger = logging.Logger("bngcorr.http", logging.WARNING)
    logger.addHandler(_Told())
    return logger


class _Told(logging.Handler):
    """Lines in our own words."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0
        self._suppressed = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Whatever a peer can cause is told once a second at most."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            log.error("internal error, HTTP", said=record.getMessage(), exc_info=error)
            return
        now = time.monotonic()
        if now < self._next:
            self._suppressed += 1
            return
        address = str(record.args[0]) if isinstance(record.args, tuple) and record.args else None
        log.warning("no HTTP", kind=type(error).__name__, address=address, suppressed=self._suppressed)
        self._next, self._suppressed = now + EVERY_S, 0

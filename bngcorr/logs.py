"""Logs to standard error, for people or as JSON lines."""

from __future__ import annotations

import logging
import os
import sys
from typing import Final

import structlog

from bngcorr.config import Log
from bngcorr.log_privacy import Privacy

_KEY_OCTETS: Final = 32
_ZERO_SAYS_SOMETHING: Final = frozenset({"id", "distance_ms", "rtt_ms", "took_ms", "lag_ms"})

Line = structlog.types.EventDict


def set_up(log: Log) -> None:
    """Configure structlog once, at the start of a process. Empty fields are left out, personal ones shown as `log.mac`
    and `log.user` say, secrets never.
    """
    privacy = Privacy(log.mac, log.user, os.urandom(_KEY_OCTETS))

    def without_empty(_: object, __: str, event: Line) -> Line:
        return {
            key: value
            for key, value in event.items()
            if value is not None and (value != 0 or key in _ZERO_SAYS_SOMETHING)
        }

    def private(_: object, __: str, event: Line) -> Line:
        return privacy.of(event)

    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log.format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_empty,
            structlog.processors.format_exc_info,  # shows no local variables: they hold secrets
            private,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, log.level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )

"""Logs to standard error, for people or as JSON lines."""

from __future__ import annotations

import logging
import sys

import structlog

from bngcorr.config import Log


def set_up(log: Log) -> None:
    """Configure structlog once, at the start of a process. Empty fields are left out."""

    def without_empty(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        return {key: value for key, value in event.items() if value is not None and value != 0}

    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log.format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the default shows local variables: secrets
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_empty,
            *([structlog.processors.format_exc_info] if log.format == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, log.level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )

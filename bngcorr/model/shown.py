"""How values are told to people and programs, the same in the API and on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = 253_402_300_799_000  # of the year 9999


@lru_cache(maxsize=1024)  # those of one session and of one batch are the same
def instant_shown(epoch_ms: int | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, within 1970 … 9999; None stays None."""
    if epoch_ms is None:
        return None
    minute, rest = divmod(min(max(epoch_ms, 0), _LAST_MS), 60_000)
    return f"{_minute_shown(minute)}{rest // 1000:02}.{rest % 1000:03}Z"


@lru_cache(maxsize=4096)  # there are not so many, while there is no end of instants
def _minute_shown(minute: int) -> str:
    """``2026-11-25T14:00:``, so many minutes after the epoch."""
    return (EPOCH + timedelta(minutes=minute)).isoformat()[:17]


def corr_id(authenticator: bytes) -> str:
    """What a request is called in logs, verdicts, timelines and traces: its Request Authenticator in hex, 32 digits.

    RFC 2865 §3 wants it to be unique; a BNG that repeats one gives several requests the same name.
    """
    return authenticator.hex()


def octets_shown(value: bytes | None) -> dict[str, str | None] | None:
    """Opaque octets: ``{"hex": …, "text": … or null}``; text only if every octet is printable ASCII."""
    if value is None:
        return None
    text = value.decode("ascii") if value.isascii() else None
    return {"hex": value.hex(), "text": text if text is not None and text.isprintable() else None}

"""Instants as the history reads them and as people give them. Pure: what "now" is comes with the call."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from bngcorr.model.shown import EPOCH

_AGO: Final = re.compile(r"-(\d{1,9}(?:\.\d{1,3})?)\s*(s|m|h|d|w)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
EXPECTED: Final = (
    'an instant such as "2026-11-25T14:00:00Z", "2026-11-25 14:00" (UTC), "2026-11-25 15:00+01:00", or "-2h" for two '
    "hours ago"
)


def read_instant(text: str | None) -> int | None:
    """Inverse of `model.shown.instant_shown`. Raises ValueError."""
    return None if text is None else _epoch_ms(datetime.fromisoformat(text))


def instant_asked(text: str, now_ms: int) -> int:
    """What a person means: RFC 3339, a date and a time (UTC unless an offset is given), "-2h", "now".

    Epoch milliseconds. Raises ValueError, with what would have been right, also for a date without a time: a day has
    many holders.
    """
    text = text.strip()
    if text == "now":
        return now_ms
    if ago := _AGO.fullmatch(text):
        return now_ms - round(float(ago[1]) * _SECONDS[ago[2]] * 1000)
    if ":" not in text:
        raise ValueError(EXPECTED)
    try:
        return _epoch_ms(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValueError(EXPECTED) from None


def _epoch_ms(instant: datetime) -> int:
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    since = instant - EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000

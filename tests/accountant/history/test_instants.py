"""Instants as people give them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bngcorr.accountant.history.instants import instant_asked, read_instant
from bngcorr.model.shown import instant_shown
from tests.accountant.history.sessions import HOUR, MINUTE, T0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-25T14:00:00Z", T0),
        ("2026-11-25T14:00:00.250Z", T0 + 250),
        ("2026-11-25 14:00", T0),
        (" 2026-11-25 15:00+01:00 ", T0),
        ("2026-11-25T14:05", T0 + 5 * MINUTE),
        ("now", T0 + HOUR),
        ("-1h", T0),
        ("-90s", T0 + HOUR - 90_000),
        ("-1.5m", T0 + HOUR - 90_000),
        ("-2d", T0 + HOUR - 48 * HOUR),
    ],
)
def test_people_may_write_it_as_they_do(text: str, expected: int) -> None:
    """RFC 3339, date and time in UTC or with an offset, or so long ago."""
    assert expected == instant_asked(text, T0 + HOUR)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-25", "14:00", "2026-13-25 14:00", "1795615200", "-2", "2h"])
def test_what_is_no_instant_is_refused_with_what_would_be(text: str) -> None:
    """A day without a time has many holders: it is refused as well."""
    with pytest.raises(ValueError, match="2026-11-25 14:00"):
        instant_asked(text, T0)


@given(st.integers(0, 253_402_300_799_000))
def test_an_instant_is_the_same_after_it_was_written(epoch_ms: int) -> None:
    """To the millisecond, up to the year 9999."""
    assert epoch_ms == read_instant(instant_shown(epoch_ms))


def test_an_instant_beyond_the_calendar_is_written_as_its_end() -> None:
    """Whatever a BNG's clock says, it is written."""
    assert ("9999-12-31T23:59:59.000Z", "1970-01-01T00:00:00.000Z") == (instant_shown(10**18), instant_shown(-5))

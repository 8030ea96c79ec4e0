"""How figures and instants are told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bngcorr.web.models.place import Attached
from bngcorr.web.pages import words

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "told"),
    [
        (None, "never"),
        ("2026-11-26T12:00:00.500Z", "now"),
        ("2026-11-26T11:59:48.000Z", "12 s ago"),
        ("2026-11-26T11:57:55.000Z", "2 min 5 s ago"),
        ("2026-11-26T09:00:00.000Z", "3 h ago"),
        ("2026-11-20T09:00:00.000Z", "6 d 3 h ago"),
        ("2026-11-26T12:40:00.000Z", "in 40 min"),
    ],
)
def test_an_instant_is_told_from_now(instant: str | None, told: str) -> None:
    """In its two largest units, at most; what is to come as well."""
    assert told == words.ago(instant, NOW).replace(words.THIN, " ")


def test_figures_keep_their_thousands_apart() -> None:
    """Narrow, and never broken at the end of a line; what is not known is a dash."""
    assert ("65\u202f536", "—") == (words.count(65_536), words.count(None))
    assert ("96.3\u202f%", "12\u202f%", "—") == (words.per_cent(0.963), words.per_cent(0.12, 0), words.per_cent(None))
    assert ("999\u202fB", "34.6\u202fMB") == (words.bytes_told(999), words.bytes_told(34_600_000))
    assert ("21\u202fms", "1.5\u202fs", "1\u202fmin") == tuple(map(words.milliseconds, (21, 1500, 60_000)))


def test_a_port_is_written_as_operators_write_it() -> None:
    """With its tags, if it has any."""
    assert "1/1/4:100.20" == words.place(Attached(port="1/1/4", outer=100, inner=20))
    assert "1/1/4:7" == words.place(Attached(port="1/1/4", outer=7, inner=None))
    assert ("lag-2", "—") == (words.place(Attached(port="lag-2", outer=None, inner=None)), words.place(None))


def test_every_word_of_a_verdict_has_a_sign() -> None:
    """Colour never stands alone, and an unknown word is no error."""
    assert ["good", "bad", "", ""] == [words.tone(word) for word in ("matched", "dead", "something", None)]
    assert "IPv6 lost" == words.spelled("v6_lost")
    assert "no such word" == words.spelled("no_such_word")

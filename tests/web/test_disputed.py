"""A line that another one keeps out: the desk has to see it all the same."""

from __future__ import annotations

from dataclasses import replace

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Finding
from bngcorr.store.rows import LineRow
from bngcorr.web.resources.disputed import line_of
from tests.web.test_diagnosis import LINE, T0, V4, finding, session

IDS: dict[str, object] = {"remote_id": {"hex": "6f6c74372f3132", "text": "olt7/12"}, "circuit_id": None}
CONFLICT = finding(Finding.CONFLICT, LINE, 0, **IDS, port="1/1/4:100.20", mac="00:0e:8f:00:00:01")


def told(line: LineRow | None) -> LineRow:
    """Of a line there is something to tell."""
    assert line is not None
    return line


def test_a_line_without_a_record_is_known_by_its_conflict() -> None:
    """Its ids, its CPE, and since when."""
    line = told(line_of([CONFLICT], (), LINE))

    expected = (LineIds(b"olt7/12"), "00:0e:8f:00:00:01", T0, "bng1")
    assert expected == (line.ids, (line.address or b"").hex(":"), line.first_ms, line.bng)


def test_it_was_last_seen_where_its_latest_session_is() -> None:
    """The conflict is older than what came after it."""
    latest = session(V4, at_ms=T0 + 60_000)
    line = told(line_of([CONFLICT], [replace(latest, at_ms=T0, port=None), latest], LINE))

    assert (T0 + 60_000, latest.port, latest.until_ms) == (line.last_ms, line.port, line.until_ms)


def test_a_line_that_nobody_disputes_is_none() -> None:
    """Whoever makes up a name is told that there is no such line."""
    assert line_of([replace(CONFLICT, subject="f" * 24), finding(Finding.MOVED)], (), LINE) is None

"""A line that another one keeps out: the desk has to see it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Finding
from bngcorr.store.rows import FindingRow, LineRow, SessionQuery, SessionRow
from bngcorr.web.resources.disputed import line_of
from tests.service.process import get
from tests.web.stage import Figures, served
from tests.web.test_diagnosis import LINE, PD, T0, V4, finding, session

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


class Contested(Figures):
    """A line of bng1 without a record, its conflict, and its session."""

    async def line(self, *_: object) -> None:
        """It has none."""

    async def line_rows(self, *_: object) -> list[LineRow]:
        """Nor is there one of its name."""
        return []

    async def timeline(self, *_: object) -> list[object]:
        """Nor this."""
        return []

    async def findings_about(self, _: str, wanted: list[tuple[Finding, str]]) -> list[FindingRow]:
        """The conflict, to whoever asks for it."""
        return [CONFLICT] if (Finding.CONFLICT, LINE) in wanted else []

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """One, whatever is asked for in its domain."""
        ours = "bng1" in {domain for domain, _ in query.domains}
        row = session(PD, at_ms=2 * T0)
        return [replace(row, until_ms=2 * T0)] if ours else [], None

    async def lines(self, *_: object) -> tuple[list[LineRow], str | None]:
        """None is known."""
        return [], None

    async def session_rows(self, _: object) -> list[SessionRow]:
        """None vouches for it."""
        return []

    async def boxes(self, _: object) -> list[tuple[str, str]]:
        """None is known."""
        return []


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The API over it."""
    with served(Contested()) as url:
        yield url


def test_its_page_is_there_with_its_sessions(url: str) -> None:
    """A finding that names a line leads to it."""
    line = get(f"{url}/v1/lines/bng1~{LINE}").body

    assert ("olt7/12", ["bng1"]) == (line["remote_id"]["text"], [one["bng"] for one in line["sessions"]])
    assert 404 == get(f"{url}/v1/lines/bng1~{'f' * 24}").status


def test_a_part_of_its_prefix_leads_to_it(url: str) -> None:
    """The LAN behind the CPE, as a customer reads it off; a prefix around all of it is nobody's."""
    assert {"kind": "line", "id": f"bng1~{LINE}"} == get(f"{url}/v1/lookup?q=2001:db8:100:7::/64").body["hit"]
    assert get(f"{url}/v1/lookup?q=2001:db8::/40").body["hit"] is None

"""One sentence on a line, for the person who has a customer on the phone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import DropReason, Finding, Mode, Outcome, Rung, SessionState, Trigger
from bngcorr.store.lesson import SessionStep
from bngcorr.store.rows import FindingRow, SessionRow
from bngcorr.store.timeline import AccountingEntry, Entry, RequestEntry
from bngcorr.web.diagnosis import diagnose
from bngcorr.web.families import Known
from bngcorr.web.models.diagnosis import State
from bngcorr.wire.attributes import Code
from tests.docs.pages import DOCS, first_column

T0 = 1_795_000_000_000
NOW = T0 + 3_600_000
V4, PD = "v4||203.0.113.9", "ia_pd||2001:db8:100::/56"
LINE = "9812a4522a3113c3e6174811"


def session(*hosts: str, state: SessionState = SessionState.UP, at_ms: int = T0 + 60_000) -> SessionRow:
    """One that began at T0 and counts until long after NOW."""
    return SessionRow(
        session="a" * 24, domain="bng1", nas="bng1|", state=state, line=LINE, ids=LineIds(b"olt7/12"), hosts=hosts,
        at_ms=at_ms, until_ms=NOW + 3_600_000, session_id=b"s", user_name=None, port=Attachment("1/1/4", 100, 20),
        address=None, outcome=Outcome.OWN, since_ms=(T0,) * len(hosts), began_ms=T0,
    )  # fmt: skip


def request(trigger: Trigger = Trigger.DHCPV6, at_ms: int = T0 + 120_000, **more: Any) -> RequestEntry:
    """An Access-Request that was accepted, unless it says otherwise."""
    values: dict[str, Any] = {
        "code": Code.ACCESS_REQUEST, "verdict": Outcome.MATCHED, "rung": Rung.LIVE, "answer": Code.ACCESS_ACCEPT,
        "dropped": None, "upstream": "aaa1", **more,
    }  # fmt: skip
    return RequestEntry(
        at_ms=at_ms, request=bytes(16), domain="bng1", bng="bng1", mode=Mode.FULL, mac=None, port=None, trigger=trigger,
        strength=None, evidence=(), key=None, line=LINE, distance_ms=None, held_ms=0, ids=LineIds(b"olt7/12"),
        raw_remote_id=None, raw_circuit_id=None, enterprise_number=None, stripped=False, user_name=None, session_id=b"",
        step=None, answered_ms=5, over_ms=at_ms + 5, **values,
    )  # fmt: skip


def finding(kind: Finding, subject: str = LINE, over_ms: int = 0, **detail: object) -> FindingRow:
    """One that was seen at T0."""
    return FindingRow(
        domain="bng1", bng="bng1", finding=kind, subject=subject, first_ms=T0, last_ms=T0, count=1,
        detail=json.dumps(detail), over_ms=over_ms,
    )  # fmt: skip


def accounting(
    step: SessionStep, at_ms: int, came: tuple[str, ...] = (), went: tuple[str, ...] = ()
) -> AccountingEntry:
    """A record of a session of the line."""
    return AccountingEntry(
        at_ms=at_ms, domain="bng1", nas="bng1|", step=step, line=LINE, session="a" * 24, session_id=b"s",
        user_name=None, mac=None, port=None, verdict=Outcome.OWN, ids=LineIds(b"olt7/12"), came=came, went=went,
    )  # fmt: skip


def known(*sessions: SessionRow, entries: Sequence[Entry] = (), findings: Sequence[FindingRow] = ()) -> Known:
    """All that is known of a line."""
    return Known(sessions=sessions, findings=findings, entries=entries, window_ms=5_000)


UNANSWERED: dict[str, Any] = {"answer": None, "dropped": DropReason.NO_REPLY}
FULL = finding(Finding.NEAR_LIMIT, "bng1 port 1/1/4 90 %", use=1.0)
CASES = {
    "well": known(session(V4, PD)),
    "v6_lost": known(session(V4), findings=[finding(Finding.V6_LOST)]),
    "no_traffic": known(session(V4, PD), findings=[finding(Finding.NO_TRAFFIC)]),
    "duplicate": known(session(V4, PD), findings=[finding(Finding.DUPLICATE, "203.0.113.9")]),
    "no_v6_request": known(session(V4)),
    "unmatched": known(session(V4), entries=[request(verdict=Outcome.UNMATCHED, rung=None)]),
    "ambiguous": known(session(V4), entries=[request(verdict=Outcome.AMBIGUOUS, rung=None)]),
    "conflict": known(session(V4), entries=[request(verdict=Outcome.CONFLICT, rung=None)]),
    "store_away": known(session(V4), entries=[request(verdict=Outcome.UNKNOWN, rung=None)]),
    "aaa_rejects": known(session(V4), entries=[request(answer=Code.ACCESS_REJECT)]),
    "aaa_silent": known(session(V4), entries=[request(**UNANSWERED)]),
    "dropped": known(session(V4), entries=[request(answer=None, dropped=DropReason.OVERLOAD)]),
    "host_limit": known(session(V4), entries=[request()], findings=[FULL]),
    "accepted_without_start": known(session(V4), entries=[request()]),
    "awaiting_start": known(session(V4), session(state=SessionState.EXPECTED, at_ms=0), entries=[request()]),
    "ended": known(session(V4), session(state=SessionState.STOPPED, at_ms=T0 + 300_000), entries=[request()]),
    "stopped": known(session(state=SessionState.STOPPED)),
    "stale": known(session(V4, state=SessionState.SUSPECT)),
    "moved": known(session(V4, PD), findings=[finding(Finding.MOVED)]),
    "nothing_known": known(),
}
GOOD = {"well": State.WELL, "nothing_known": State.UNKNOWN}
WARNED = {"no_v6_request", "moved", "accepted_without_start", "awaiting_start"}


@pytest.mark.parametrize("case", CASES)
def test_a_line_is_told_by_what_is_gravest(case: str) -> None:
    """Whatever can be wrong with a line has its sentence, a reason and a next step."""
    said = diagnose(CASES[case], NOW)

    assert case == said.case
    assert GOOD.get(case, State.WARNING if case in WARNED else State.BAD) == said.state
    assert all(text.endswith(".") for text in (said.sentence, said.reason, said.next_step))


def test_every_case_is_told_on_the_page_of_the_api() -> None:
    """Programs go by the slug."""
    told = first_column(DOCS / "api.md", under="Diagnosis")

    assert [] == [case for case in CASES if case not in told]


def test_a_session_that_has_ended_counts_though_another_is_expected() -> None:
    """AAA accepts more requests than ever become sessions."""
    expected = session(state=SessionState.EXPECTED, at_ms=0)

    assert "stopped" == diagnose(known(session(state=SessionState.STOPPED), expected), NOW).case
    assert "awaiting_start" == diagnose(known(expected), NOW).case


def test_a_session_that_is_gone_is_known_from_the_timeline() -> None:
    """Start and Stop after the Accept say that it was up; whether IPv4 still is makes the difference."""
    entries: list[Entry] = [
        request(), accounting(SessionStep.START, T0 + 121_000, came=(PD,)),
        accounting(SessionStep.STOP, T0 + 180_000, went=(PD,)),
    ]  # fmt: skip
    assert "stopped" == diagnose(known(entries=entries), NOW).case
    assert "ended" == diagnose(known(session(V4), entries=entries), NOW).case
    assert "stale" == diagnose(known(entries=entries[:2]), NOW).case


def test_a_rejected_request_of_whichever_family_is_told_if_nothing_is_up() -> None:
    """Not every BNG says which protocol asked."""
    entries = [request(Trigger.UNKNOWN, answer=Code.ACCESS_REJECT)]

    assert "aaa_rejects" == diagnose(known(entries=entries), NOW).case


def test_what_is_up_is_told_with_the_time_since_when() -> None:
    """Both families, from when the later of them was there."""
    assert "IPv4 and IPv6 are up since 2026-11-18 11:06:40 UTC." == diagnose(CASES["well"], NOW).sentence


def test_a_request_of_long_ago_says_nothing_of_what_is_up_now() -> None:
    """AAA rejected it once; the next one was accepted, and IPv6 is up."""
    entries = [request(answer=Code.ACCESS_REJECT), request(at_ms=T0 + 200_000)]

    assert "well" == diagnose(known(session(V4, PD), entries=entries), NOW).case


def test_a_line_that_another_keeps_out_is_not_told_to_have_no_ipv6() -> None:
    """Its requests came, and could be of either: nobody should look for the fault in the CPE."""
    found = diagnose(known(session(V4), findings=[finding(Finding.CONFLICT)]), NOW)

    assert ("conflict", State.BAD) == (found.case, found.state)


def test_a_finding_that_is_over_is_none() -> None:
    """The IPv6 that was lost has come back."""
    assert "well" == diagnose(known(session(V4, PD), findings=[finding(Finding.V6_LOST, over_ms=T0 + 1)]), NOW).case


def test_a_session_past_its_deadline_is_not_up() -> None:
    """Nobody has marked it yet, but nothing was heard of it for too long."""
    late = diagnose(CASES["well"], NOW + 2 * 3_600_000)

    assert ("stale", State.BAD) == (late.case, late.state)


def test_an_unmatched_request_tells_how_far_was_looked() -> None:
    """The window is the BNG's own."""
    assert "within 5 s" in diagnose(CASES["unmatched"], NOW).reason

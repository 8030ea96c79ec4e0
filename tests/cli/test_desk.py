"""The verbs of whoever answers the phone: look-up, line, session, acts."""

from __future__ import annotations

import csv
import io
import json

import pytest

from bngcorr.model.vocabulary import ActKind, ActOutcome, Admin, Condition, SessionState
from bngcorr.web.models.act import Act, ProcessAnswer
from bngcorr.web.models.diagnosis import State
from bngcorr.web.models.line import Line
from bngcorr.web.models.lookup import Lookup, Meaning, Reading
from bngcorr.web.models.model import Page
from bngcorr.web.models.octets import Octets
from bngcorr.web.models.session import Session
from bngcorr.web.models.upstream import Upstream
from tests.cli.canned import Canned
from tests.cli.subscribers import AT, LINE, MAC, act, line, request, session


def found(*lines: str) -> Lookup:
    """What a look-up by MAC tells of these lines; the first also goes by that as a user name."""
    rows = tuple(
        Line(**{name: getattr(line(), name) for name in Line.model_fields if name != "id"}, id=name) for name in lines
    )
    readings = (
        Reading(meaning=Meaning.MAC, value=MAC, lines=rows),
        Reading(meaning=Meaning.USER_NAME, value=MAC, lines=rows[:1]),
    )
    return Lookup(q=MAC, readings=readings, hit=None)


def test_a_line_is_found_by_its_mac_and_its_diagnosis_comes_first(api: Canned) -> None:
    """Then the next step, then the timeline with what was written into the request; exit 1: something is wrong."""
    api.tell("GET /v1/lookup", found(LINE))
    api.tell(f"GET /v1/lines/{LINE}", line())
    ran = api.run("line", "show", MAC, "--evidence")

    assert ran.out.startswith("BAD: IPv6 is dead since 19:12.\nThe prefix leads nowhere.\n→ Disconnect the session.\n")
    for words in (
        "olt7/12 (0x6f6c74372f3132)", "window, 21 ms before", "Remote-Id none → olt7/12",
        "aaa1: Access-Accept in 12 ms", "· dhcpv6 strong: Framed-IPv6-Prefix is asked for",
    ):  # fmt: skip
        assert words in ran.words
    assert 1 == ran.code


def test_a_line_that_is_well_exits_0(api: Canned) -> None:
    """So that a script can ask."""
    api.tell(f"GET /v1/lines/{LINE}", line(State.WELL))

    assert 0 == api.run("line", "show", LINE).code


def test_several_lines_are_named_and_none_is_chosen(api: Canned) -> None:
    """A cloned MAC must not show somebody else's line."""
    other = LINE.replace("98", "77")
    api.tell("GET /v1/lookup", found(LINE, other))
    ran = api.run("line", "show", MAC)

    assert (1, "") == (ran.code, ran.out)
    assert f"2 lines are known by '{MAC}', name one: {LINE}, {other}" in ran.err


def test_a_lookup_tells_each_thing_once_and_how_it_was_understood(api: Canned) -> None:
    """And the verb that goes on from there."""
    api.tell("GET /v1/lookup", found(LINE))
    ran = api.run("lookup", MAC)

    assert 1 == ran.words.count("olt7/12")
    assert "mac line" in ran.words
    assert "user_name" in ran.words
    assert f"→ bngcorr line show {LINE}" in ran.words
    assert 0 == ran.code


def test_a_lookup_that_finds_nothing_exits_1(api: Canned) -> None:
    """What the text was taken for is said."""
    api.tell("GET /v1/lookup", Lookup(q="x", readings=(Reading(meaning=Meaning.REMOTE_ID, value="x"),), hit=None))
    ran = api.run("lookup", "x")

    assert "It was taken for: remote_id." in ran.out
    assert 1 == ran.code


def test_what_a_customer_chose_can_not_play_with_the_terminal(api: Canned) -> None:
    """Escapes of a terminal are shown, not carried out; CSV has no formula in it."""
    bad = session(1, user_name="=cmd()\x1b[2J", remote_id=Octets(hex="1b5b324a", text=None))
    api.tell("GET /v1/sessions", Page[Session](items=(bad,)))
    table = api.run("session", "list").out
    (row,) = csv.DictReader(io.StringIO(api.run("session", "list", "-o", "csv").out))

    assert "\x1b" not in table
    assert r"=cmd()\x1b[2J" in table
    assert "'=cmd()\x1b[2J" == row["user_name"]


def test_a_session_is_ended_when_somebody_agrees(api: Canned) -> None:
    """Whom it would be is shown; what is no yes is a no."""
    one = session(9)
    api.tell("GET /v1/sessions", Page[Session](items=(one, session(8, state=SessionState.STOPPED))))
    api.tell(f"POST /v1/sessions/{one.id}/disconnect", act(ActOutcome.DONE, one))
    no = api.run("session", "disconnect", "--address", "203.0.113.9", stdin="n\n")
    sent = [asked for asked in api.asked if asked.method == "POST"]
    yes = api.run("session", "disconnect", "--address", "203.0.113.9", stdin="yes\n")

    assert (1, []) == (no.code, sent)
    assert "203.0.113.9" in no.err
    assert 0 == yes.code
    assert "Disconnected." in yes.out
    assert [one.id] == [asked.path.split("/")[3] for asked in api.asked if asked.method == "POST"]


def test_sessions_of_two_lines_are_never_ended_together(api: Canned) -> None:
    """Nothing is sent; which there are is shown."""
    api.tell("GET /v1/sessions", Page[Session](items=(session(9), session(10, line=LINE.replace("98", "77")))))
    ran = api.run("session", "disconnect", "--mac", MAC, "--yes")

    assert 1 == ran.code
    assert "Sessions of several lines are known by that" in ran.out
    assert "203.0.113.10" in ran.out
    assert ["GET"] == [asked.method for asked in api.asked]


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (ActOutcome.REFUSED, 1, "The BNG refused."),
        (ActOutcome.UNANSWERED, 1, "The BNG did not answer"),
        (ActOutcome.NOBODY, 3, "No packet process is there"),
    ],
)
def test_what_came_of_it_is_an_exit_code(api: Canned, outcome: ActOutcome, code: int, said: str) -> None:
    """After it was waited for: an act that is under way is asked for again."""
    one = session(9)
    api.tell(f"GET /v1/sessions/{one.id}", one)
    api.tell(f"POST /v1/sessions/{one.id}/disconnect", act(ActOutcome.PENDING, ended_at=None))
    api.tell("GET /v1/acts/1795656885280-0", act(outcome, one))
    ran = api.run("session", "disconnect", one.id, "--yes")

    assert code == ran.code
    assert said in ran.out


def test_a_coa_carries_names_and_values(api: Canned) -> None:
    """As they were written; what is no pair is refused before anything is sent."""
    one = session(9)
    api.tell(f"POST /v1/sessions/{one.id}/coa", act(ActOutcome.DONE, one))
    ran = api.run("session", "coa", one.id, "Filter-Id=a=b", "--dry-run")
    refused = api.run("session", "coa", one.id, "Filter-Id")

    (asked,) = api.asked
    assert {"attributes": [{"name": "Filter-Id", "value": "a=b"}], "dry_run": True} == asked.body
    assert (0, 2) == (ran.code, refused.code)
    assert "'Filter-Id' is not name=value" in refused.err


def test_a_drain_tells_of_every_process(api: Canned) -> None:
    """One that did not answer has not done it: exit 1."""
    told = {"kind": ActKind.UPSTREAM, "answers": (ProcessAnswer(process="a-1", ok=True, said="drain"),)}
    api.tell("PUT /v1/upstreams/auth/aaa1", act(ActOutcome.UNANSWERED, **told, unanswered=("b-2",)))
    ran = api.run("upstream", "drain", "auth/aaa1")

    assert {"admin": "drain"} == api.asked[0].body
    assert "a-1 done drain b-2 refused no answer" in ran.words
    assert 1 == ran.code


def test_the_audit_trail_is_listed(api: Canned) -> None:
    """Who, from where, what, on what, and what came of it."""
    api.tell("GET /v1/acts", Page[Act](items=(act(ActOutcome.DONE, subject=LINE),)))

    assert f"noc disconnect {LINE} done" in api.run("act", "list").words


def test_top_once_tells_what_a_script_wants(api: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratio of what was to be matched, load, and that no packet process is there."""
    monkeypatch.setattr("bngcorr.cli.top.time.sleep", lambda _: None)
    requests = [request(), request(verdict="own"), request(verdict="unmatched")]
    upstream = Upstream(
        pool="auth", name="aaa1", address="192.0.2.10:1812", state=Condition.DEAD, admin=Admin.UP, in_flight=2,
        requests=100, timeouts=7, late_replies=0, rtt_s=None, processes=(),
    )  # fmt: skip
    api.tell("GET /v1/findings", {"items": []})
    api.tell("GET /v1/hosts", {"items": [], "thresholds": [80, 90]})
    api.tell("GET /v1/upstreams", Page[Upstream](items=(upstream,)))
    api.tell("GET /v1/processes", {"items": []})
    api.tell("GET /v1/correlations", {"items": [one.model_dump(mode="json") for one in requests]})
    ran = api.run("top", "--once")
    told = json.loads(api.run("top", "--once", "-o", "json").out)

    assert (0.5, 2, 7, 0.0) == (told["match_ratio"], told["waiting"], told["timeouts"], told["requests_per_s"])
    assert "50.0% of what did not name its line" in ran.out
    assert "No packet process was heard of within 10 s" in ran.out
    assert "No AAA server answers" in ran.out
    assert AT[11:23] in ran.out

"""How verbs ask the API: tokens, refusals and exit codes, pages, cuts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bngcorr.web.models.model import Page
from bngcorr.web.models.session import Session
from tests.cli.canned import Canned, run
from tests.cli.subscribers import request, session

EMPTY = Page[Session](items=())


def test_a_token_comes_from_a_file_or_the_environment(
    api: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never from the command line, where everybody on the machine may read it; the file goes first."""
    api.tell("GET /v1/sessions", EMPTY)
    (tmp_path / "token").write_text("from-file\n")
    api.run("session", "list")
    monkeypatch.setenv("BNGCORR_TOKEN", "from-environment")
    api.run("session", "list")
    api.run("session", "list", "--token-file", str(tmp_path / "token"))

    told = [asked.headers.get("Authorization") for asked in api.asked]
    assert [None, "Bearer from-environment", "Bearer from-file"] == told


def test_a_redirect_gets_no_token(api: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it leads: it is an answer that is none of the API's."""
    monkeypatch.setenv("BNGCORR_TOKEN", "precious")
    api.raw("GET /v1/sessions", f"{api.url}/elsewhere".encode(), status=302)
    ran = api.run("session", "list")

    assert ["/v1/sessions"] == [asked.path for asked in api.asked]
    assert 3 == ran.code


@pytest.mark.parametrize(
    ("status", "code"), [(400, 2), (401, 2), (403, 2), (404, 1), (405, 2), (409, 1), (429, 3), (500, 3), (503, 3)]
)
def test_a_refusal_is_told_and_has_its_exit_code(api: Canned, status: int, code: int) -> None:
    """1: no such thing. 2: the question or the token. 3: nobody who could answer. Title and detail are passed on."""
    api.tell("GET /v1/sessions", {"title": "Title", "detail": "what it is", "status": status}, status=status)
    ran = api.run("session", "list")

    assert (code, "") == (ran.code, ran.out)
    assert "Title: what it is" in ran.err
    assert ("BNGCORR_TOKEN" in ran.err) == (status == 401)


def test_several_faults_are_all_named(api: Canned) -> None:
    """Parameter, value, and what is wrong with it."""
    faults = [
        {"parameter": "mac", "value": "x", "detail": "is no MAC address"},
        {"parameter": "limit", "value": "0", "detail": "is not 1 … 1000"},
    ]
    api.tell("GET /v1/sessions", {"title": "Bad filter", "detail": "two", "errors": faults}, status=400)

    assert "mac='x' is no MAC address; limit='0' is not 1 … 1000" in api.run("session", "list").err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--api", "http://127.0.0.1:1"), 3, "http://127.0.0.1:1 does not answer (Connection refused)"),
        (("--api", "ftp://host"), 2, "--api 'ftp://host' is no http:// or https:// URL"),
        (("--token-file", "/nowhere"), 2, "--token-file /nowhere: No such file or directory"),
        (("--api", "https://127.0.0.1:1", "--ca", "/nowhere"), 2, "--ca /nowhere: No such file or directory"),
    ],
)
def test_who_can_not_be_asked_is_told(arguments: tuple[str, ...], code: int, said: str) -> None:
    """With what was given, and what is wrong with it."""
    ran = run("session", "list", *arguments)

    assert (code, "") == (ran.code, ran.out)
    assert said in ran.err


def test_what_is_no_api_is_not_believed(api: Canned) -> None:
    """Another web server's answer is nobody's."""
    api.raw("GET /v1/sessions", b"<html>")

    assert 3 == api.run("session", "list").code


def test_a_list_is_read_on_until_there_is_enough(api: Canned) -> None:
    """By the cursor of the page before, and what did not answer is said beside it."""
    api.tell(
        "GET /v1/sessions",
        Page[Session](items=(session(1), session(2)), next="4.0.1"),
        Page[Session](items=(session(3),), partial=("west",)),
    )
    ran = api.run("session", "list", "-n", "4", "-o", "jsonl")

    assert ["s-1", "s-2", "s-3"] == [json.loads(row)["session_id"] for row in ran.out.splitlines()]
    assert [{"limit": "4"}, {"limit": "2", "cursor": "4.0.1"}] == [asked.query for asked in api.asked]
    assert "this is not all: west did not answer" in ran.err


def test_a_stream_that_is_cut_goes_on_behind_the_last_event(api: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Last-Event-ID; comments, and events that are none, are passed over; a refusal ends it."""
    monkeypatch.setattr("bngcorr.cli.events.time.sleep", lambda _: None)
    event = f"id: 7-0\nevent: request\ndata: {request().model_dump_json()}\n\n"
    refused = json.dumps({"title": "Forbidden", "detail": "not any more"}).encode()
    api.answers["GET /v1/events"] = [
        (200, "text/event-stream", f"retry: 2000\n\n:\n\n{event}data: no json\n\n".encode()),
        (200, "text/event-stream", event.replace("7-0", "8-0").encode()),
        (403, "application/problem+json", refused),
    ]
    ran = api.run("events", "-f", "--bng", "bng1", "-o", "jsonl")

    assert 2 == len(ran.out.splitlines())
    assert [None, "7-0", "8-0"] == [asked.headers.get("Last-Event-Id") for asked in api.asked]
    assert {"bng": "bng1"} == api.asked[1].query
    assert 2 == ran.code
    assert "Forbidden: not any more" in ran.err

"""What every answer has in common, whatever it is about."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.web.stage import Figures, served


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The API over figures that stand still; whatever else is asked of the store, it has no word for."""
    with served(Figures()) as url:
        yield url


def ask(url: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    told = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return told


@pytest.mark.parametrize("path", ["/healthz", "/v1/hosts", "/v1/events", "/openapi.json"])
def test_head_is_answered_as_get_is_without_a_body(url: str, path: str) -> None:
    """A stream too: nobody waits for events that he can't be told."""
    status, headers, body = ask(url, path, "HEAD")

    assert (200, b"") == (status, body)
    assert headers["Content-Type"].startswith("text/event-stream" if path == "/v1/events" else "application/json")


@pytest.mark.parametrize("path", ["/v1/config", "/openapi.json"])
def test_what_seldom_changes_is_not_told_twice(url: str, path: str) -> None:
    """An ETag, and 304 to those that have it."""
    tag = ask(url, path)[1]["ETag"]

    assert (304, b"") == ask(url, path, If_None_Match=tag)[::2]
    assert 200 == ask(url, path, If_None_Match='"another"')[0]


def test_who_asks_while_the_store_is_away_is_told_when_to_come_again(url: str) -> None:
    """The audit trail is in a store that nobody runs."""
    status, headers, _ = ask(url, "/v1/acts")

    assert (503, "2", "application/problem+json; charset=utf-8") == (
        status, headers["Retry-After"], headers["Content-Type"],
    )  # fmt: skip


def test_a_fault_of_ours_is_a_problem_and_tells_nothing_of_itself(url: str) -> None:
    """The log has it."""
    status, _, body = ask(url, "/v1/findings")

    assert 500 == status
    assert b"see the log" in body
    assert b"Error" not in body


def test_a_question_that_is_too_long_is_refused(url: str) -> None:
    """Before it is looked at."""
    assert 400 == ask(url, "/v1/hosts?bng=" + "x" * 5000)[0]

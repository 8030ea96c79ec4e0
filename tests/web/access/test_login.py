"""People log in with a token and go on with a cookie; what another site sends in their name is not taken."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp import ClientResponse

from bngcorr.config.web import Web
from bngcorr.web.access.csrf import FIELD, HEADER
from bngcorr.web.access.login import place_of
from tests.web.access.stage import STRANGE, TOKENS, Door, guarded, visit


def cookie_of(response: ClientResponse) -> Any:
    """The only cookie that an answer sets."""
    (line,) = response.headers.getall("Set-Cookie")
    (cookie,) = SimpleCookie(line).values()
    return cookie


async def csrf_of(door: Door) -> str:
    """Of the login."""
    return str((await (await door.ask("GET", "/v1/who")).json())["csrf"])


@pytest.mark.parametrize(
    ("more", "name", "secure"),
    [({}, "bngcorr", False), ({"behind_proxy": True}, "__Host-bngcorr", True)],
    ids=["http", "https at the proxy"],
)
def test_a_token_becomes_a_cookie_that_stays_with_the_browser(more: dict[str, Any], name: str, secure: bool) -> None:
    """No script reads it, no other site has it sent along, and over TLS it never goes without."""

    async def go(door: Door) -> None:
        entered = await door.log_in("reader")
        cookie = cookie_of(entered)

        assert (303, "/") == (entered.status, entered.headers["Location"])
        assert (name, True, "Strict", "/", secure) == (
            cookie.key, bool(cookie["httponly"]), cookie["samesite"], cookie["path"], bool(cookie["secure"]),
        )  # fmt: skip
        assert "43200" == cookie["max-age"]
        assert TOKENS["reader"] not in entered.headers["Set-Cookie"]
        given = {"Cookie": f"{cookie.key}={cookie.value}"}
        door.client.session.cookie_jar.clear()
        assert "reader" == (await (await door.ask("GET", "/v1/who", headers=given)).json())["name"]
        assert 401 == (await door.ask("GET", "/v1/who", headers={"Cookie": f"{cookie.key}=x"})).status

    visit(guarded(**more), go)


def test_a_wrong_token_logs_nobody_in() -> None:
    """The page comes again and says so; after some tries it is 429."""

    async def go(door: Door) -> None:
        found = [await door.ask("POST", "/login", data={"token": STRANGE}) for _ in range(11)]

        assert [401] * 10 + [429] == [one.status for one in found]
        assert "That is no token" in await found[0].text()
        assert STRANGE not in await found[0].text()
        assert not any("Set-Cookie" in one.headers for one in found)
        assert 303 == (await door.log_in("reader")).status

    visit(guarded(), go)


def test_a_page_leads_to_the_login_and_back() -> None:
    """With all of its query; what is no page is refused as ever."""

    async def go(door: Door) -> None:
        away = await door.ask("GET", "/lines/7?x=1&y=a%20b")
        assert 303 == away.status
        shown = await (await door.client.get(away.headers["Location"])).text()
        assert 'value="/lines/7?x=1&amp;y=a%20b"' in shown
        back = await door.ask("POST", "/login", data={"token": TOKENS["reader"], "next": "/lines/7?x=1&y=a%20b"})
        assert "/lines/7?x=1&y=a%20b" == back.headers["Location"]
        assert 200 == (await door.ask("GET", back.headers["Location"])).status

    visit(guarded(), go)


@pytest.mark.parametrize(
    "given", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "x", "", None, "/\\x"]
)
def test_a_login_leads_nowhere_else(given: str | None) -> None:
    """Whatever a link to the login page says."""
    assert "/" == place_of(given)


def test_whoever_follows_a_link_from_elsewhere_is_still_logged_in() -> None:
    """A browser keeps the cookie back then; the page has it ask again, in our own name. A login does not go round."""

    async def go(door: Door) -> None:
        once = await door.ask("GET", "/lines/7?a=%22", headers={"Sec-Fetch-Site": "cross-site"})

        assert (200, "text/html") == (once.status, once.content_type)
        assert 'content="0;url=/lines/7?a=%22"' in await once.text()
        assert 303 == (await door.ask("GET", "/lines/7", headers={"Sec-Fetch-Site": "same-origin"})).status

    visit(guarded(), go)


def test_a_login_acts_only_with_its_own_text() -> None:
    """In the form or in the header; a bearer token needs none; without it nothing happens."""

    async def go(door: Door) -> None:
        await door.log_in("both")
        csrf = await csrf_of(door)

        assert 403 == (await door.ask("POST", "/v1/act")).status
        assert 403 == (await door.ask("POST", "/v1/act", data={FIELD: csrf + "x"})).status
        assert 403 == (await door.ask("POST", "/v1/act", data={FIELD: ""})).status
        assert 403 == (await door.ask("POST", f"/v1/act?{FIELD}={csrf}")).status
        assert 403 == (await door.ask("DELETE", "/v1/act")).status
        assert 200 == (await door.ask("POST", "/v1/act", data={FIELD: csrf})).status
        assert 200 == (await door.ask("DELETE", "/v1/act", headers={HEADER: csrf})).status
        assert 200 == (await door.ask("POST", "/v1/act", "actor")).status

    visit(guarded(), go)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)  # fmt: skip
def test_a_form_of_another_site_does_nothing(headers: dict[str, str], status: int) -> None:
    """Even with the right text; nor can it log anybody in."""

    async def go(door: Door) -> None:
        await door.log_in("both")
        csrf = await csrf_of(door)

        assert status == (await door.ask("POST", "/v1/act", data={FIELD: csrf}, headers=headers)).status
        assert (303 if status == 200 else 403) == (await door.log_in("both", headers=headers)).status

    visit(guarded(), go)


def test_each_login_has_a_text_of_its_own() -> None:
    """One's own does not act in the name of another; nor does that of a login before."""

    async def go(door: Door) -> None:
        await door.log_in("both")
        before = await csrf_of(door)
        await door.log_in("both")

        assert before != await csrf_of(door)
        assert 403 == (await door.ask("POST", "/v1/act", data={FIELD: before})).status

    visit(guarded(), go)


def test_a_login_ends() -> None:
    """By logging out, which takes its text too; by its hour; and when its token is taken out of the configuration."""

    async def go(door: Door) -> None:
        cookie = cookie_of(await door.log_in("reader"))
        given = {"Cookie": f"{cookie.key}={cookie.value}"}
        assert 403 == (await door.ask("POST", "/logout")).status
        assert 200 == (await door.ask("GET", "/v1/who")).status
        left = await door.ask("POST", "/logout", data={FIELD: await csrf_of(door)})
        assert (303, "/login") == (left.status, left.headers["Location"])
        assert 401 == (await door.ask("GET", "/v1/who", headers=given)).status

        await door.log_in("reader")
        door.clock.now += 3_599
        assert 200 == (await door.ask("GET", "/v1/who")).status
        door.clock.now += 1
        assert 401 == (await door.ask("GET", "/v1/who")).status

        await door.log_in("reader")
        fewer = guarded()
        door.access.take(fewer.model_copy(update={"tokens": fewer.tokens[1:]}))
        assert 401 == (await door.ask("GET", "/v1/who")).status

    visit(guarded(session_lifetime="1h"), go)


def test_without_tokens_there_is_nothing_to_log_in_to() -> None:
    """The page says so."""

    async def go(door: Door) -> None:
        assert "There are no tokens" in await (await door.ask("GET", "/login")).text()

    visit(Web(), go)

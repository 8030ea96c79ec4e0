"""Who is let in where: tokens, scopes, rates; what every answer's header says."""

from __future__ import annotations

import pytest
from aiohttp import ClientError
from structlog.testing import capture_logs

from bngcorr.config.web import Scope, Web
from bngcorr.web.access.caller import Caller
from bngcorr.web.access.headers import POLICY
from bngcorr.web.access.mask import outgoing
from tests.web.access.stage import STRANGE, TOKENS, Door, Seen, guarded, visit


def test_a_scope_opens_what_it_is_for_and_no_more() -> None:
    """401 without a token or with a wrong one, 403 naming the scope that lacks."""
    asked = [("GET", "/v1/who"), ("HEAD", "/v1/who"), ("POST", "/v1/act"), ("DELETE", "/v1/act")]

    async def go(door: Door) -> None:
        found = {
            name: [(await door.ask(method, path, name)).status for method, path in asked]
            for name in ("reader", "actor", "both", "desk", None, STRANGE, "Basic x")
        }
        refused = await door.ask("POST", "/v1/act", "reader")
        problem = await refused.json()

        assert {
            "reader": [200, 200, 403, 403],
            "actor": [403, 403, 200, 200],
            "both": [200] * 4,
            "desk": [200, 200, 403, 403],
            None: [401] * 4,
            STRANGE: [401] * 4,
            "Basic x": [401] * 4,
        } == found
        assert "application/problem+json" == refused.content_type
        assert "this needs the scope act" == problem["detail"]
        assert 'scope="act"' in refused.headers["WWW-Authenticate"]
        assert "Bearer" in (await door.ask("GET", "/v1/who")).headers["WWW-Authenticate"]
        assert {"name": "both", "csrf": ""} == await (await door.ask("POST", "/v1/act", "both")).json()

    visit(guarded(), go)


def test_strangers_learn_nothing() -> None:
    """Neither which paths there are, nor that a token was nearly right; open ones stay open to them."""

    async def go(door: Door) -> None:
        for path in ("/v1/nothing", "/v1/who", "/v1/forgotten"):
            assert 401 == (await door.ask("GET", path)).status
        assert 404 == (await door.ask("GET", "/v1/nothing", "reader")).status
        assert 405 == (await door.ask("PUT", "/v1/who", "reader")).status
        assert [200, 200] == [(await door.ask("GET", path, STRANGE)).status for path in ("/style", "/healthz")]

    visit(guarded(), go)


def test_a_route_that_is_not_in_the_table_is_closed() -> None:
    """Whatever the caller's scopes: a scope that somebody forgot to name opens nothing."""

    async def go(door: Door) -> None:
        assert 403 == (await door.ask("GET", "/v1/forgotten", "both")).status

    visit(guarded(), go)


def test_without_tokens_this_machine_reads_and_nobody_acts() -> None:
    """Also not who sends some token; the refusal says what is to be done."""

    async def go(door: Door) -> None:
        act = await door.ask("POST", "/v1/act", STRANGE)

        assert {"name": "anonymous", "csrf": ""} == await (await door.ask("GET", "/v1/who")).json()
        assert 403 == act.status
        assert "bngcorr token new" in (await act.json())["detail"]

    visit(Web(), go)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200), ("127.0.0.9", 200), ("[::1]:8080", 200), ("LOCALHOST", 200),
        ("evil.example:8080", 421), ("localhost.evil.example", 421), ("192.0.2.1:8080", 421), ("", 421),
    ],
)  # fmt: skip
def test_without_tokens_only_local_names_are_answered(host: str, status: int) -> None:
    """A site whose name is made to point to 127.0.0.1 could else read everything through the operator's browser."""

    async def go(door: Door) -> None:
        assert status == (await door.ask("GET", "/v1/who", headers={"Host": host})).status

    visit(Web(), go)


def test_a_caller_has_to_wait_if_it_asks_too_often() -> None:
    """429 with Retry-After; others, and probes of /healthz, are let through."""

    async def go(door: Door) -> None:
        codes = [(await door.ask("GET", "/v1/who", "reader")).status for _ in range(4)]
        late = await door.ask("GET", "/v1/who", "reader")
        others = [(await door.ask("GET", "/v1/who", "both")).status, (await door.ask("GET", "/healthz")).status]
        door.clock.now += 10

        assert [200, 200, 200, 429] == codes
        assert "10" == late.headers["Retry-After"]
        assert [200, 200] == others
        assert 200 == (await door.ask("GET", "/v1/who", "reader")).status

    visit(guarded(rate={"per_second": 0.1, "burst": 3}), go)


def test_an_address_without_a_token_has_to_wait_too() -> None:
    """So does one that tries tokens, sooner than one that just asks; whoever has a token there is let in."""

    async def go(door: Door) -> None:
        with capture_logs() as logs:
            codes = [(await door.ask("GET", "/v1/who", STRANGE)).status for _ in range(12)]
        assert [401] * 10 + [429] * 2 == codes
        assert ["token refused"] == [line["event"] for line in logs]
        assert STRANGE not in str(logs)
        assert 200 == (await door.ask("GET", "/v1/who", "reader")).status
        assert [401] * 8 + [429] == [(await door.ask("GET", "/v1/who")).status for _ in range(9)]

    visit(guarded(rate={"per_second": 0.1, "burst": 20}), go)


def test_a_proxy_says_who_asks() -> None:
    """Its own word stands last; what the caller himself wrote in front of it is not believed."""

    async def go(door: Door) -> None:
        async def asked(told: str) -> int:
            return (await door.ask("GET", "/v1/who", headers={"X-Forwarded-For": told})).status

        assert [401, 429] == [await asked(f"10.0.0.{at}, 192.0.2.1") for at in range(2)]
        assert [401, 429] == [await asked(f"2001:db8:0:1::{at}") for at in range(1, 3)]

    visit(guarded(behind_proxy=True, rate={"per_second": 0.001, "burst": 1}), go)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v1/who", "reader"), ("GET", "/v1/who", None), ("GET", "/v1/events", "reader"),
        ("GET", "/style", None), ("GET", "/v1/fails", "reader"), ("GET", "/v1/nothing", "reader"),
        ("GET", "/login", None), ("GET", "/lines/7", None), ("POST", "/login", None), ("POST", "/v1/who", "reader"),
    ],
)  # fmt: skip
def test_every_answer_says_what_a_browser_may_do_with_it(method: str, path: str, name: str | None) -> None:
    """Streams, errors and redirections as well: nothing from elsewhere, no framing, nothing kept."""

    async def go(door: Door) -> None:
        response = await door.ask(method, path, name)

        assert POLICY == response.headers["Content-Security-Policy"]
        assert "nosniff" == response.headers["X-Content-Type-Options"]
        assert "same-origin" == response.headers["Referrer-Policy"]
        assert ("max-age=60" if path == "/style" else "no-store") == response.headers["Cache-Control"]
        assert "aiohttp" not in response.headers["Server"]
        assert "Strict-Transport-Security" not in response.headers

    visit(guarded(), go)


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    """No script or style but from files of our own: neither inline ones nor those of other hosts."""
    allowed = {part.split()[0]: part.split()[1:] for part in POLICY.split("; ")}

    assert ["'none'"] == allowed["default-src"]
    assert [["'self'"]] * 3 == [allowed[name] for name in ("script-src", "style-src", "connect-src")]
    assert [["'none'"]] * 2 == [allowed[name] for name in ("base-uri", "frame-ancestors")]


def test_a_masked_caller_sees_no_customer() -> None:
    """In an answer and in a stream alike; `masked` counts also beside `read`."""

    async def go(door: Door) -> None:
        for path in ("/v1/seen", "/v1/events"):
            assert "00:00:5e:00:53:01" in await (await door.ask("GET", path, "reader")).text()
            hidden = await (await door.ask("GET", path, "desk")).text()
            assert "53:01" not in hidden
            assert "00:00:5e:~" in hidden

    visit(guarded(), go)


def test_a_body_is_bounded() -> None:
    """A long one is refused before a handler sees it, as is a form in parts."""

    async def go(door: Door) -> None:
        assert 413 == (await door.ask("POST", "/v1/act", "both", data=b"x" * 100_000)).status
        parts = await door.ask("POST", "/v1/act", "both", headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert 415 == parts.status

    visit(guarded(), go)


def test_changed_tokens_are_taken_at_once() -> None:
    """One that was taken out opens nothing any more; the others do."""

    async def go(door: Door) -> None:
        fewer = guarded()
        door.access.take(fewer.model_copy(update={"tokens": fewer.tokens[1:]}))

        assert 401 == (await door.ask("GET", "/v1/who", "reader")).status
        assert 200 == (await door.ask("GET", "/v1/who", "both")).status

    visit(guarded(), go)


def test_a_stream_ends_with_its_token() -> None:
    """It would else go on for an hour; one whose token still holds goes on."""

    async def go(door: Door) -> None:
        gone, kept = [await door.ask("GET", "/v1/events?long", name) for name in ("reader", "both")]
        fewer = guarded()
        door.access.take(fewer.model_copy(update={"tokens": fewer.tokens[1:]}))

        with pytest.raises(ClientError):
            await gone.read()
        assert len(await kept.content.readexactly(1_000)) == 1_000
        kept.close()

    visit(guarded(), go)


def test_only_masked_callers_get_pseudonyms() -> None:
    """The others get the model itself."""
    seen = Seen()
    reader = Caller(name="r", scopes=frozenset({Scope.READ}), address="")

    assert outgoing(seen, reader) is seen
    assert TOKENS["reader"] not in repr(reader)

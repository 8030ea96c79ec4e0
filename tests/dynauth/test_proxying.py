"""A request's way from AAA to the BNG and back, over sockets."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import pytest
import structlog

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import DropReason, SessionState
from tests.dynauth.network import Network, acknowledge
from tests.dynauth.parts import (
    AAA_SECRET,
    BNG_SECRET,
    COA,
    COA_ACK,
    DISCONNECT,
    DISCONNECT_ACK,
    DISCONNECT_NAK,
    ERROR_CAUSE,
    LINE,
    PROXY_STATE,
    SESSION_ID,
    reply,
    request,
    session,
    signed,
    values,
)
from tests.service.radius import EVENT_TIMESTAMP, USER_NAME, attribute, line, v4_host

V4, V6 = session("v4", "203.0.113.9"), session("v6", "2001:db8:1::/56")
NAS = attribute(32, "bng1")


def cause_of(answer: bytes) -> int | None:
    """Its Error-Cause."""
    return next((int.from_bytes(value, "big") for kind, value in values(answer[20:]) if kind == ERROR_CAUSE), None)


@pytest.mark.asyncio
async def test_what_is_the_bngs_own_passes_untouched_and_without_the_store() -> None:
    """All octets but identifier, authenticators and our Proxy-State; the store may be away."""
    own = (
        NAS
        + attribute(SESSION_ID, "s1")
        + attribute(PROXY_STATE, "theirs")
        + attribute(25, b"\0class")
        + v4_host("1.2.3.4")
    )
    async with Network() as network:
        network.store.away = True

        answer = await network.ask(signed(own, code=COA))

        assert COA_ACK == answer[0]
        (seen,) = network.box.seen
        assert 80 == seen[20]
        assert own == seen[38 : 38 + len(own)]
        assert [PROXY_STATE] == [kind for kind, _ in values(seen[38 + len(own) :])]
        assert [(PROXY_STATE, b"theirs")] == [one for one in values(answer[20:]) if one[0] == PROXY_STATE]
        assert 0 == network.store.asked


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [DISCONNECT, COA])
async def test_a_request_that_names_a_bng_and_no_session_never_reaches_it(code: int) -> None:
    """Which sessions would end is the BNG's guess, and there are those that guess all."""
    now = attribute(EVENT_TIMESTAMP, int(time.time()))
    nobody = NAS + attribute(4, bytes((192, 0, 2, 1))) + attribute(241, b"\x08bng1") + now
    async with Network(V4) as network:
        answer = await network.ask(signed(nobody + attribute(PROXY_STATE, "theirs"), code=code))

        assert (code + 2, 402) == (answer[0], cause_of(answer))
        assert [] == network.box.seen


@pytest.mark.asyncio
async def test_what_is_dropped_or_refused_is_logged_in_the_words_of_coa() -> None:
    """Which secret differs, and numbers as RFC 5176 has them; never the secret."""
    async with Network(V4) as network:
        with structlog.testing.capture_logs() as logs:
            network.send(request(NAS, secret=b"somebody's"))
            await network.ask(request(NAS))

        assert "dynauth.clients" in logs[0]["hint"]
        assert ("402", "aaa1") == (repr(logs[1]["error_cause"]), logs[1]["client"])
        assert not any(secret in repr(logs) for secret in ("somebody's", AAA_SECRET.decode(), BNG_SECRET.decode()))


@pytest.mark.asyncio
async def test_a_line_of_two_sessions_is_disconnected_as_a_whole() -> None:
    """AAA names the line as we told it; the BNG gets each session as it knows it."""
    async with Network(V4, V6, session("other", "203.0.113.10", line="b" * 24, ids=None)) as network:
        answer = await network.ask(request(LINE + attribute(PROXY_STATE, "theirs")))

        assert DISCONNECT_ACK == answer[0]
        seen = [[one for one in values(octets[20:]) if one[0] != PROXY_STATE] for octets in network.box.seen]
        assert [[(SESSION_ID, b"v4")], [(SESSION_ID, b"v6")]] == sorted(seen)
        assert 2 == network.metric("bngcorr_dynauth_sent_total", bng="bng1", why="aaa")


@pytest.mark.asyncio
async def test_one_refusal_of_two_is_a_refusal() -> None:
    """AAA must not believe that the line is gone."""

    def half(octets: bytes) -> bytes:
        if (SESSION_ID, b"v6") in values(octets[20:]):
            return reply(octets, DISCONNECT_NAK, attribute(ERROR_CAUSE, 504))
        return acknowledge(octets)

    async with Network(V4, V6) as network:
        network.box.answer = half

        answer = await network.ask(request(LINE))

        assert (DISCONNECT_NAK, 504) == (answer[0], cause_of(answer))
        assert 1 == network.metric("bngcorr_dynauth_naks_total", by="bng", cause="504")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("attributes", "cause"),
    [
        (attribute(4, b"\xc6\x33\x64\x01") + attribute(SESSION_ID, "v4"), 502),
        (attribute(USER_NAME, "somebody@isp"), 502),
        (line("olt7/99"), 503),
        (v4_host("203.0.113.99"), 503),
        (attribute(SESSION_ID, "nobody"), 503),
        (line("shared"), 508),
    ],
    ids=["other NAS", "no key", "no line", "no address", "no session", "two lines"],
)
async def test_what_can_not_be_carried_out_is_refused_with_its_cause(attributes: bytes, cause: int) -> None:
    """Nothing is sent to any BNG."""
    twins = [session(name, ids=LineIds(b"shared"), line=name * 24) for name in "cd"]
    async with Network(V4, *twins) as network:
        answer = await network.ask(request(attributes))

        assert (DISCONNECT_NAK, cause) == (answer[0], cause_of(answer))
        assert [] == network.box.seen
        assert 1 == network.metric("bngcorr_dynauth_naks_total", by="proxy", cause=str(cause))


@pytest.mark.asyncio
async def test_without_the_store_what_needs_it_is_refused() -> None:
    """Proxy processing error (505): AAA may try again later."""
    async with Network(V4) as network:
        network.store.away = True

        assert 505 == cause_of(await network.ask(request(NAS + LINE)))


@pytest.mark.asyncio
@pytest.mark.parametrize("away", [True, False], ids=["store away", "not in the store"])
async def test_a_session_that_aaa_names_goes_on_without_the_store(away: bool) -> None:
    """The BNG knows its Acct-Session-Id; only what it can't know is taken out."""
    async with Network() as network:
        network.store.away = away
        answer = await network.ask(request(NAS + attribute(SESSION_ID, "v4") + LINE + attribute(USER_NAME, "raw")))

        assert DISCONNECT_ACK == answer[0]
        (seen,) = network.box.seen
        assert [32, SESSION_ID, USER_NAME, PROXY_STATE] == [kind for kind, _ in values(seen[20:])]


@pytest.mark.asyncio
async def test_a_session_of_another_line_is_none() -> None:
    """What the store knows better is not sent."""
    async with Network(V4) as network:
        answer = await network.ask(request(NAS + attribute(SESSION_ID, "v4") + line("olt7/13")))

        assert 503 == cause_of(answer)
        assert [] == network.box.seen


@pytest.mark.asyncio
async def test_a_session_is_found_on_whichever_bng_it_is() -> None:
    """An Acct-Session-Id without a NAS is looked for on every box."""
    async with Network(session("v4", nas="bng1|127.0.0.1"), bng={"address": "127.0.0.0/24"}) as network:
        answer = await network.ask(request(attribute(SESSION_ID, "v4")))

        assert DISCONNECT_ACK == answer[0]
        assert 2 == network.store.asked  # for the boxes, and for the sessions


@pytest.mark.asyncio
async def test_a_retransmission_is_answered_from_memory() -> None:
    """The BNG carries it out once, however often AAA or a thief sends it; with a timestamp for minutes."""
    octets = request(NAS + attribute(SESSION_ID, "s1") + attribute(EVENT_TIMESTAMP, int(time.time())))
    async with Network() as network:
        first = await network.ask(octets)
        again = await network.ask(octets)

        assert first == again
        assert 1 == len(network.box.seen)
        assert 1 == network.metric("bngcorr_dynauth_repeats_total", done="answered-from-cache")


@pytest.mark.asyncio
async def test_a_silent_bng_leaves_aaa_without_an_answer() -> None:
    """AAA's own timer goes on; a later try is a fresh one."""
    octets = request(NAS + attribute(SESSION_ID, "s1"))
    async with Network(timeout="100ms") as network:
        network.box.answer = lambda _: None
        with pytest.raises(TimeoutError):
            await network.ask(octets, within_s=0.3)
        assert 1 == network.metric("bngcorr_dynauth_timeouts_total", bng="bng1")
        network.box.answer = acknowledge

        assert DISCONNECT_ACK == (await network.ask(octets))[0]
        assert 0 == network.proxy.in_flight
        assert 0 == len(network.sender)


@pytest.mark.asyncio
async def test_a_forged_answer_is_no_answer() -> None:
    """Whoever does not know the BNG's secret can't make AAA believe anything; the real answer still counts."""
    async with Network() as network:
        network.box.answer = lambda octets: reply(octets, DISCONNECT_ACK, secret=b"guessed")
        network.send(request(NAS + attribute(SESSION_ID, "s1")))
        await asyncio.sleep(0.05)
        assert [(DropReason.BAD_AUTHENTICATOR, "127.0.0.1")] == network.drops
        network.box.answer = acknowledge
        (seen,) = network.box.seen
        assert network.box.transport is not None
        source = network.sender._sockets[4].getsockname()
        network.box.transport.sendto(acknowledge(seen), source)

        assert DISCONNECT_ACK == (await asyncio.wait_for(network.answers.get(), 1))[0]


@pytest.mark.asyncio
async def test_hostile_datagrams_are_dropped_by_name() -> None:
    """Garbage, wrong secrets and wrong codes cost one counter each, and no answer."""
    async with Network() as network:
        for octets in (b"\x28", request(secret=b"other"), request(code=42), b"\x28\x01\0\x14" + bytes(16)):
            network.send(octets)
        assert DISCONNECT_ACK == (await network.ask(request(NAS + attribute(SESSION_ID, "s1"))))[0]

        found = {
            reason: network.metric("bngcorr_radius_discards_total", reason=reason)
            for reason in ("too-short", "bad-authenticator", "bad-code")
        }
        assert {"too-short": 1, "bad-authenticator": 2, "bad-code": 1} == found


@pytest.mark.asyncio
async def test_a_bng_that_takes_no_more_is_a_matter_of_resources() -> None:
    """256 requests fit between us and one BNG; the next is refused (506), not queued without end."""
    async with Network() as network:
        network.box.answer = lambda _: None
        for number in range(256):
            network.send(request(NAS + attribute(SESSION_ID, f"s{number}")))
            if number % 32 == 31:
                await asyncio.sleep(0.01)

        answer = await network.ask(request(NAS + attribute(SESSION_ID, "one more")))

        assert 506 == cause_of(answer)
        assert 256 == len(network.sender)


@pytest.mark.asyncio
async def test_sessions_of_before_the_restart_of_their_bng_are_asked_for() -> None:
    """It may know them, and says so if not."""
    async with Network(dataclasses.replace(V4, state=SessionState.SUSPECT)) as network:
        assert DISCONNECT_ACK == (await network.ask(request(LINE)))[0]

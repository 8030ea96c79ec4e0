"""Disconnects of our own."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import pytest

from bngcorr.model.vocabulary import Finding
from bngcorr.proxy.dynauth.wanted import Outcome, Wanted
from bngcorr.store.lesson import FindingSeen
from tests.dynauth.network import Network, acknowledge
from tests.dynauth.parts import DISCONNECT, DISCONNECT_NAK, ERROR_CAUSE, SESSION_ID, reply, session, values
from tests.service.radius import EVENT_TIMESTAMP, Packet, accounting_fits, attribute

COA, COA_NAK, FILTER_ID = 43, 45, 11
V4, V6 = session("v4", "203.0.113.9"), session("v6", "2001:db8:1::/56")
LINE_KEY = "a" * 24
LOST = FindingSeen(domain="bng1", bng="bng1", finding=Finding.V6_LOST, subject=LINE_KEY, at_ms=0)
REMEDY = {"v6_lost": "disconnect"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("wanted", "ended"),
    [
        (Wanted(line=LINE_KEY), {b"v4", b"v6"}),
        (Wanted(mac="00:0e:8f:00:00:01"), {b"v4", b"v6"}),
        (Wanted(address="203.0.113.9"), {b"v4"}),
        (Wanted(address="2001:db8:1:7::1"), {b"v6"}),
        (Wanted(address="2001:db8:1::/56"), {b"v6"}),
        (Wanted(session="v4"), {b"v4"}),
        (Wanted(session=f"bng1/{V6.session}"), {b"v6"}),
    ],
    ids=["line", "mac", "v4", "v6", "prefix", "session", "key"],
)
async def test_an_operator_ends_what_he_names(wanted: Wanted, ended: set[bytes]) -> None:
    """Each session by its Acct-Session-Id, with the time of sending, signed as RFC 5176 says."""
    async with Network(V4, V6) as network:
        result = await network.acts.disconnect(wanted)

        assert Outcome.DONE is result.outcome
        assert ended == {
            value for octets in network.box.seen for kind, value in values(octets[20:]) if kind == SESSION_ID
        }
        for octets in network.box.seen:
            assert DISCONNECT == octets[0]
            assert accounting_fits(Packet(octets), b"between-bng-and-proxy")
            (stamp,) = [int.from_bytes(value, "big") for kind, value in values(octets[20:]) if kind == EVENT_TIMESTAMP]
            assert abs(stamp - time.time()) < 5


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("wanted", "outcome"),
    [
        (Wanted(session="nobody"), Outcome.NOTHING),
        (Wanted(line="b" * 24), Outcome.NOTHING),
        (Wanted(line=LINE_KEY, bng="bng9"), Outcome.NOTHING),
        (Wanted(mac="00:0e:8f:00:00:01"), Outcome.AMBIGUOUS),
        (Wanted(line=LINE_KEY, dry_run=True), Outcome.SHOWN),
    ],
    ids=["no session", "no line", "other bng", "two lines", "dry run"],
)
async def test_nothing_is_sent_if_it_is_not_clear_whom(wanted: Wanted, outcome: Outcome) -> None:
    """A MAC that two lines have is nobody's name; a dry run only shows."""
    async with Network(V4, dataclasses.replace(V6, line="c" * 24, session="c" * 24)) as network:
        result = await network.acts.disconnect(wanted)

        assert outcome is result.outcome
        assert [] == network.box.seen


@pytest.mark.asyncio
async def test_a_change_reaches_each_session_with_its_attributes() -> None:
    """A CoA-Request of ours; a session that the BNG does not know is not taken for changed because another was."""
    async with Network(V4, V6) as network:
        change = attribute(FILTER_ID, "slow")
        done = await network.acts.coa(Wanted(session="v4"), change)
        network.box.answer = lambda octets: (
            reply(octets, COA_NAK, attribute(ERROR_CAUSE, 503)) if b"v6" in octets else acknowledge(octets)
        )
        partly = await network.acts.coa(Wanted(line=LINE_KEY), change)

        assert [Outcome.DONE, Outcome.REFUSED] == [done.outcome, partly.outcome]
        assert [COA] * 3 == [octets[0] for octets in network.box.seen]
        for octets in network.box.seen:
            assert (FILTER_ID, b"slow") in values(octets[20:])
            assert accounting_fits(Packet(octets), b"between-bng-and-proxy")


@pytest.mark.asyncio
async def test_what_the_bng_refuses_is_told_with_its_cause() -> None:
    """The operator sees which session, and why."""
    async with Network(V4) as network:
        network.box.answer = lambda octets: reply(octets, DISCONNECT_NAK, attribute(ERROR_CAUSE, 504))

        result = await network.acts.disconnect(Wanted(session="v4"))

        assert Outcome.REFUSED is result.outcome
        assert [504] == [one.cause for one in result.sessions]


@pytest.mark.asyncio
async def test_a_store_that_is_away_is_told() -> None:
    """Nothing can be found, nothing is sent."""
    async with Network(V4) as network:
        network.store.away = True

        assert Outcome.AWAY is (await network.acts.disconnect(Wanted(session="v4"))).outcome


@pytest.mark.asyncio
async def test_a_lost_request_is_sent_again_as_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fresh Event-Timestamp the packet is another, and so is its Identifier (RFC 5176 §2.3)."""
    monkeypatch.setattr("bngcorr.proxy.dynauth.acts.FIRST_WAIT_S", 0.05)
    async with Network(V4) as network:
        answer = network.box.answer
        network.box.answer = lambda octets: answer(octets) if len(network.box.seen) == 3 else None

        result = await network.acts.disconnect(Wanted(session="v4"))

        assert Outcome.DONE is result.outcome
        assert 3 == len({octets[1] for octets in network.box.seen})
        assert 1 == network.metric("bngcorr_dynauth_sent_total", bng="bng1", why="operator")
        assert 0 == len(network.sender)


@pytest.mark.asyncio
async def test_a_bng_that_stays_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five tries at most (RFC 5080 §2.2.1), then the operator is told."""
    monkeypatch.setattr("bngcorr.proxy.dynauth.acts.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("bngcorr.proxy.dynauth.acts.GIVE_UP_S", 0.4)
    async with Network(V4) as network:
        network.box.answer = lambda _: None

        result = await network.acts.disconnect(Wanted(session="v4"))

        assert Outcome.UNANSWERED is result.outcome
        assert 5 == len(network.box.seen)


@pytest.mark.asyncio
async def test_nothing_is_sent_any_more_once_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who waits while the process ends is told that nobody answered; no socket is opened anew."""
    monkeypatch.setattr("bngcorr.proxy.dynauth.acts.FIRST_WAIT_S", 0.1)
    async with Network(V4) as network:
        network.box.answer = lambda _: None
        waiting = asyncio.create_task(network.acts.disconnect(Wanted(session="v4")))
        await asyncio.sleep(0.02)
        network.sender.close()

        assert Outcome.UNANSWERED is (await waiting).outcome
        assert 1 == len(network.box.seen)


async def remedied(network: Network, *seen: FindingSeen) -> dict[str, float]:
    """What became of the remedies."""
    for one in seen:
        network.acts.remedy(one)
    await asyncio.gather(*network.acts._tasks)
    outcomes = ("done", "refused", "unanswered", "over", "limited", "failed")
    told = {
        outcome: network.metric("bngcorr_remedies_total", bng="bng1", finding="v6_lost", outcome=outcome)
        for outcome in outcomes
    }
    return {outcome: number for outcome, number in told.items() if number}


@pytest.mark.asyncio
async def test_a_blackholed_prefix_is_remedied_by_ending_the_ipv4_session() -> None:
    """The CPE then asks for both stacks anew; once, and only where that is switched on."""
    async with Network(V4, remedy=REMEDY) as network:
        assert {"done": 1, "limited": 1} == await remedied(network, LOST, LOST)
        assert 1 == len(network.box.seen)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("bng", "dynauth"),
    [({}, {}), ({"dynauth": {"remedy": "off"}}, {"remedy": REMEDY})],
    ids=["default", "for this BNG"],
)
async def test_nothing_is_done_where_it_is_not_wanted(bng: dict[str, object], dynauth: dict[str, object]) -> None:
    """Off by default, and by BNG."""
    async with Network(V4, bng=bng, **dynauth) as network:
        assert {} == await remedied(network, LOST)


@pytest.mark.asyncio
@pytest.mark.parametrize("rows", [[V4, V6], [V6], []], ids=["back", "v6 alone", "gone"])
async def test_a_line_that_needs_no_remedy_any_more_is_left_alone(rows: list[object]) -> None:
    """It has its IPv6 again, or its IPv4 has ended by itself."""
    async with Network(*rows, remedy=REMEDY) as network:  # type: ignore[arg-type]
        assert {"over": 1} == await remedied(network, LOST)
        assert [] == network.box.seen


@pytest.mark.asyncio
async def test_only_lost_ipv6_is_remedied() -> None:
    """And not one that is over."""
    async with Network(V4, remedy=REMEDY) as network:
        moved, over = dataclasses.replace(LOST, finding=Finding.MOVED), dataclasses.replace(LOST, over=True)

        assert {} == await remedied(network, moved, over)

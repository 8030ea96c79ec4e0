"""Retransmissions (RFC 5080 §2.2.2): one packet for AAA, one answer for the BNG, however often it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.service.aaa import Aaa
from tests.service.process import Service, Settings, settle
from tests.service.radius import START, Packet, access_request, message_authenticator_fits
from tests.service.settings import SECRET, Cpe, one_bng

SLOW_S = 0.4


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr in front of an AAA that may be slow."""
    return start_service(one_bng(aaa))


@pytest.fixture
def slow_aaa(aaa: Aaa) -> Iterator[Aaa]:
    """AAA takes its time."""
    aaa.delay_s = SLOW_S
    yield aaa
    aaa.delay_s = 0.0


@pytest.mark.parametrize("kind", ["access", "accounting"])
def test_a_request_sent_twice_reaches_aaa_once_and_is_answered_once(slow_aaa: Aaa, service: Service, kind: str) -> None:
    """While AAA thinks, the copy is dropped and counted."""
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(1)
    serial = f"twice-{kind}"
    body = cpe.attributes(serial) + cpe.line
    request = bng.access(body) if kind == "access" else bng.account(START, serial, body)
    before = service.metric("bngcorr_radius_discards_total", reason="duplicate-in-flight")
    bng.send(request.octets)
    slow_aaa.await_seen(serial)
    bng.send(request.octets)

    assert None is not bng.receive(request, 2)
    assert None is bng.receive(request, 0.1)
    assert 1 == len(slow_aaa.seen(serial))
    assert before + 1 == service.metric("bngcorr_radius_discards_total", reason="duplicate-in-flight")


def test_a_request_sent_again_after_its_answer_is_answered_with_the_same_octets(aaa: Aaa, service: Service) -> None:
    """The answer was lost on its way to the BNG; AAA is not asked again."""
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(2)
    request = cpe.access(bng, "again", cpe.line)
    first = bng.ask(request)
    second = bng.ask(request)

    assert first.octets == second.octets
    assert 1 == len(aaa.seen("again"))
    assert 1 == service.metric("bngcorr_radius_duplicates_total", done="answered-from-cache")


def test_another_authenticator_under_the_same_identifier_is_another_request(slow_aaa: Aaa, service: Service) -> None:
    """It supersedes the older one: the BNG has given that up, and gets the answer to the new one."""
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(3)
    old, new = (
        Packet(access_request(9, cpe.attributes(serial) + cpe.line, SECRET)) for serial in ("old-one", "new-one")
    )
    bng.send(old.octets)
    slow_aaa.await_seen("old-one")
    bng.send(new.octets)
    slow_aaa.await_seen("new-one")
    reply = bng.receive(new, 2)

    assert reply is not None
    assert message_authenticator_fits(reply, new.authenticator, SECRET)
    assert reply.octets == bng.ask(new).octets  # from the cache
    assert 1 == len(slow_aaa.seen("new-one"))


def test_a_retransmission_is_passed_on_when_aaa_has_been_silent_for_a_second(aaa: Aaa, service: Service) -> None:
    """The packet to AAA may have been lost: the very same octets go out again, so that AAA knows the duplicate."""
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(4)
    request = cpe.access(bng, "lost", cpe.line)
    aaa.silent = True
    try:
        bng.send(request.octets)
        aaa.await_seen("lost")
        settle(1.05)
    finally:
        aaa.silent = False
    bng.ask(request)

    first, second = aaa.seen("lost")
    assert first.octets == second.octets

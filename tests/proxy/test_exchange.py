"""Duplicates: what a BNG's retransmission meets, over time (RFC 5080 §2.2.2)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.proxy.exchange import REPLY_KEPT_S, Admission, Exchange, ExchangeKey, Exchanges, origin

ORIGIN = origin("192.0.2.1", 40_000, 0)
KEY: ExchangeKey = ORIGIN + b"\x07"
FIRST, SECOND = bytes(16), bytes(range(16))
IN_FLIGHT_S = 6.0
NOW = 1000.0


def identified(identifier: int) -> ExchangeKey:
    """The same with another Identifier."""
    return ORIGIN + bytes((identifier,))


def _opened() -> tuple[Exchanges, Exchange]:
    exchanges = Exchanges(in_flight_s=IN_FLIGHT_S)
    admission, exchange = exchanges.admit(KEY, FIRST, NOW)
    assert Admission.NEW is admission
    assert exchange is not None
    return exchanges, exchange


def test_a_request_is_new_once() -> None:
    """The first copy is carried on; a second one that comes while it is being judged is dropped."""
    exchanges, exchange = _opened()

    assert (Admission.IN_FLIGHT, exchange) == exchanges.admit(KEY, FIRST, NOW)
    assert (Admission.IN_FLIGHT, exchange) == exchanges.admit(KEY, FIRST, NOW + IN_FLIGHT_S - 0.01)


@pytest.mark.parametrize(
    "other",
    [
        origin("192.0.2.2", 40_000, 0) + b"\x07",
        origin("192.0.2.1", 40_001, 0) + b"\x07",
        origin("192.0.2.1", 40_000, 1) + b"\x07",
        identified(8),
    ],
)
def test_source_port_socket_and_identifier_tell_requests_apart(other: ExchangeKey) -> None:
    """The same authenticator from elsewhere, to another socket or with another Identifier is another request."""
    exchanges, _ = _opened()

    assert Admission.NEW is exchanges.admit(other, FIRST, NOW)[0]
    assert 2 == len(exchanges)


def test_a_retransmission_is_passed_on_once_a_second() -> None:
    """While AAA has not answered, a copy that comes 1 s after the last one sent goes to AAA again, earlier ones not."""
    exchanges, exchange = _opened()
    exchange.forwarded_at = NOW + 0.1
    told = [
        (after, exchanges.admit(KEY, FIRST, NOW + after)[0]) for after in (0.5, 1.0, 1.1, 1.2, 2.0, 2.1, 2.2, 5.0, 5.5)
    ]

    assert [
        (0.5, Admission.IN_FLIGHT),
        (1.0, Admission.IN_FLIGHT),
        (1.1, Admission.RESEND),
        (1.2, Admission.IN_FLIGHT),
        (2.0, Admission.IN_FLIGHT),
        (2.1, Admission.RESEND),
        (2.2, Admission.IN_FLIGHT),
        (5.0, Admission.RESEND),
        (5.5, Admission.IN_FLIGHT),
    ] == told


def test_an_answered_request_is_answered_again() -> None:
    """For ten seconds a retransmission that crossed the reply gets the very same reply; then it is a new request."""
    exchanges, exchange = _opened()
    exchanges.answer(exchange, b"reply", NOW + 1)
    admission, again = exchanges.admit(KEY, FIRST, NOW + 1 + REPLY_KEPT_S - 0.01)

    assert Admission.ANSWERED is admission
    assert again is exchange
    assert b"reply" == again.reply
    assert Admission.NEW is exchanges.admit(KEY, FIRST, NOW + 1 + REPLY_KEPT_S)[0]
    assert 5 < REPLY_KEPT_S < 30  # RFC 5080 §2.2.2


@pytest.mark.parametrize("answered", [False, True])
def test_a_new_request_with_an_old_identifier_supersedes(answered: bool) -> None:
    """Another Request Authenticator under the same Identifier is a new request; the old one is then nobody's."""
    exchanges, old = _opened()
    if answered:
        exchanges.answer(old, b"old", NOW)
    admission, new = exchanges.admit(KEY, SECOND, NOW + 0.1)

    assert Admission.NEW is admission
    assert new is not None
    assert new.current
    assert not old.current
    assert 1 == len(exchanges)
    exchanges.answer(old, b"late", NOW + 0.2)
    exchanges.abandon(old)
    assert (Admission.IN_FLIGHT, new) == exchanges.admit(KEY, SECOND, NOW + 0.3)
    assert new.reply is None


def test_a_request_that_could_not_be_carried_on_is_forgotten() -> None:
    """After it was abandoned, its retransmission is a fresh try."""
    exchanges, exchange = _opened()
    exchanges.abandon(exchange)

    assert 0 == len(exchanges)
    assert not exchange.current
    assert Admission.NEW is exchanges.admit(KEY, FIRST, NOW + 0.1)[0]


def test_an_answer_survives_being_abandoned() -> None:
    """Once answered, a request stays answered."""
    exchanges, exchange = _opened()
    exchanges.answer(exchange, b"reply", NOW)
    exchanges.abandon(exchange)

    assert Admission.ANSWERED is exchanges.admit(KEY, FIRST, NOW + 1)[0]


def test_what_has_run_out_is_forgotten() -> None:
    """Requests without an answer leave after their time, answered ones ten seconds after the answer, and are told."""
    exchanges, first = _opened()
    _, later = exchanges.admit(identified(8), FIRST, NOW + 2)
    assert later is not None
    exchanges.answer(later, b"reply", NOW + 3)

    assert [] == exchanges.expire(NOW + IN_FLIGHT_S - 0.01)
    assert 2 == len(exchanges)
    assert [first] == exchanges.expire(NOW + IN_FLIGHT_S)
    assert 1 == len(exchanges)
    assert [later] == exchanges.expire(NOW + 3 + REPLY_KEPT_S)
    assert 0 == len(exchanges)


def test_a_request_out_of_time_is_new_even_before_it_was_swept() -> None:
    """A retransmission that comes after the deadline is a fresh try, swept or not."""
    exchanges, exchange = _opened()
    admission, fresh = exchanges.admit(KEY, FIRST, NOW + IN_FLIGHT_S)

    assert Admission.NEW is admission
    assert fresh is not exchange


def test_a_full_table_refuses_newcomers_only() -> None:
    """At the limit a new request is refused, while known ones are still answered, dropped and superseded."""
    exchanges = Exchanges(in_flight_s=IN_FLIGHT_S, limit=2)
    keys = [identified(identifier) for identifier in range(3)]
    first = exchanges.admit(keys[0], FIRST, NOW)[1]
    assert first is not None
    exchanges.answer(first, b"reply", NOW)
    exchanges.admit(keys[1], FIRST, NOW)

    assert (Admission.FULL, None) == exchanges.admit(keys[2], FIRST, NOW)
    assert Admission.ANSWERED is exchanges.admit(keys[0], FIRST, NOW)[0]
    assert Admission.IN_FLIGHT is exchanges.admit(keys[1], FIRST, NOW)[0]
    assert Admission.NEW is exchanges.admit(keys[1], SECOND, NOW)[0]
    exchanges.expire(NOW + REPLY_KEPT_S)
    assert Admission.NEW is exchanges.admit(keys[2], FIRST, NOW + REPLY_KEPT_S)[0]


def test_requests_that_supersede_each_other_without_end_are_bounded() -> None:
    """One source that sends new requests under one Identifier fills neither the table nor its queues."""
    exchanges = Exchanges(in_flight_s=IN_FLIGHT_S, limit=3)
    told = [exchanges.admit(KEY, bytes((number,)) * 16, NOW)[0] for number in range(8)]

    assert [Admission.NEW] * 6 + [Admission.FULL] * 2 == told
    assert 1 == len(exchanges)
    exchanges.expire(NOW + IN_FLIGHT_S)
    assert Admission.NEW is exchanges.admit(KEY, FIRST, NOW + IN_FLIGHT_S)[0]


def test_an_answer_stands_while_its_successor_is_refused() -> None:
    """What is full refuses the new request; a copy of the old one is still answered."""
    exchanges = Exchanges(in_flight_s=IN_FLIGHT_S, limit=1)
    exchanges.admit(KEY, SECOND, NOW)
    _, exchange = exchanges.admit(KEY, FIRST, NOW)
    assert exchange is not None
    exchanges.answer(exchange, b"reply", NOW)

    assert Admission.FULL is exchanges.admit(KEY, SECOND, NOW)[0]
    assert (Admission.ANSWERED, exchange) == exchanges.admit(KEY, FIRST, NOW)
    assert b"reply" == exchange.reply


acts = st.tuples(
    st.sampled_from(("ask", "answer", "abandon", "expire")),
    st.integers(0, 5),
    st.sampled_from((FIRST, SECOND)),
    st.sampled_from((0.0, 0.4, 1.0, 3.0, 7.0)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(acts, max_size=60))
def test_the_table_is_bounded_and_never_answers_for_another(story: list[tuple[str, int, bytes, float]]) -> None:
    """Whatever happens in whatever order, the table keeps its limit and a reply is only given to its own request."""
    exchanges = Exchanges(in_flight_s=IN_FLIGHT_S, limit=4)
    known: list[Exchange] = []
    now = NOW
    for act, number, authenticator, pause in story:
        now += pause
        key = identified(number)
        match act:
            case "ask":
                admission, exchange = exchanges.admit(key, authenticator, now)
                assert (admission is Admission.FULL) == (exchange is None)
                if exchange is not None:
                    assert (key, authenticator) == (exchange.key, exchange.authenticator)
                    assert (admission is Admission.ANSWERED) == (exchange.reply is not None)
                    assert exchange.reply in (None, authenticator + bytes((number,)))
                    assert exchange.current
                    known.append(exchange)
            case "answer" if known:
                exchange = known[number % len(known)]
                exchanges.answer(exchange, exchange.authenticator + exchange.key[-1:], now)
            case "abandon" if known:
                exchanges.abandon(known[number % len(known)])
            case _:
                exchanges.expire(now)
        assert len(exchanges) <= 4
    exchanges.expire(now + 60)
    assert 0 == len(exchanges)

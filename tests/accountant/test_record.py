"""What an Accounting-Request says: which session, what happened, and when."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant import record
from bngcorr.accountant.record import DEFAULT_LIFE_MS, NEWEST_MS, OLDEST_MS, read
from bngcorr.model.usage import Traffic
from bngcorr.store.contract import INTERIMS_MISSED
from bngcorr.store.lesson import SessionStep
from tests.wire.radius_packets import Packet, Piece, plain, valid_packets, vsa

from .records import ARRIVED, accounting, number

STATUS, DELAY, SESSION, STAMP, INTERVAL = 40, 41, 44, 55, 85
NOW_S = ARRIVED // 1000
V4 = plain(8, bytes((203, 0, 113, 9)))


@pytest.mark.parametrize(
    ("status", "step", "restart"),
    [
        (1, SessionStep.START, False),
        (2, SessionStep.STOP, False),
        (3, SessionStep.INTERIM, False),
        (7, None, True),
        (8, None, True),
        (9, None, False),  # Tunnel-Start (RFC 2867)
        (0, None, False),
        (4_294_967_295, None, False),
    ],
)
def test_the_status_says_what_happened(status: int, step: SessionStep | None, restart: bool) -> None:
    """Start, Interim and Stop move a session, On and Off restart the NAS, any other status moves nothing."""
    found = read(accounting(number(STATUS, status)), ARRIVED)

    assert (step, restart) == (found.step, found.restart)


def test_a_record_without_a_status_moves_nothing() -> None:
    """A missing or misshapen Acct-Status-Type is none."""
    for pieces in ((), (plain(STATUS, b"\x01"),), (plain(STATUS, b""),)):
        found = read(accounting(*pieces), ARRIVED)

        assert (None, False) == (found.step, found.restart)


@pytest.mark.parametrize(
    ("pieces", "event_ms", "sent_ms"),
    [
        ((), ARRIVED, ARRIVED),
        ((number(DELAY, 7),), ARRIVED - 7_000, ARRIVED - 7_000),
        ((number(STAMP, NOW_S - 3),), ARRIVED - 3_000, ARRIVED),
        ((number(STAMP, NOW_S - 3), number(DELAY, 7)), ARRIVED - 3_000, ARRIVED - 7_000),
        ((number(STAMP, NOW_S - 25 * 3600),), ARRIVED - 25 * 3_600_000, ARRIVED),  # replayed after an outage
        ((number(STAMP, NOW_S - OLDEST_MS // 1000),), ARRIVED - OLDEST_MS, ARRIVED),
        ((number(STAMP, NOW_S - OLDEST_MS // 1000 - 1),), ARRIVED, ARRIVED),  # a broken clock
        ((number(STAMP, NOW_S + NEWEST_MS // 1000),), ARRIVED + NEWEST_MS, ARRIVED),
        ((number(STAMP, NOW_S + NEWEST_MS // 1000 + 1),), ARRIVED, ARRIVED),
        ((number(STAMP, 0), number(DELAY, 7)), ARRIVED - 7_000, ARRIVED - 7_000),
        ((plain(STAMP, b"\0\0"), plain(DELAY, b"\x07")), ARRIVED, ARRIVED),
    ],
)
def test_the_time_of_an_event(pieces: tuple[Piece, ...], event_ms: int, sent_ms: int) -> None:
    """Event-Timestamp where it is plausible, else arrival minus Acct-Delay-Time (RFC 2866 §5.2, RFC 2869 §5.3)."""
    found = read(accounting(*pieces), ARRIVED)

    assert (event_ms, sent_ms) == (found.event_ms, found.sent_ms)


def test_a_record_replayed_hours_late_happened_when_it_happened() -> None:
    """After an outage of ten hours a BNG or a spool sends what it kept: stamp and delay agree on when it was."""
    ten_hours = 10 * 3600
    kept = (number(STATUS, 3), plain(SESSION, b"s1"), number(STAMP, NOW_S - ten_hours))
    at_once = read(accounting(*kept), ARRIVED - ten_hours * 1000)
    delayed = read(accounting(*kept, number(DELAY, ten_hours)), ARRIVED)

    assert ARRIVED - ten_hours * 1000 == at_once.event_ms == delayed.event_ms == delayed.sent_ms
    for what in ("step", "session_id", "sent_ms", "life_ms", "hosts", "traffic", "digest"):
        assert getattr(at_once, what) == getattr(delayed, what)
    assert at_once.event_ms == read(accounting(*kept), ARRIVED).event_ms  # of one that does not tell its delay


def test_instants_are_never_negative() -> None:
    """An absurd Acct-Delay-Time does not reach back before the epoch."""
    found = read(accounting(number(DELAY, 4_294_967_295)), ARRIVED)

    assert found.event_ms >= 0
    assert found.sent_ms >= 0


@pytest.mark.parametrize(
    ("pieces", "life_ms"),
    [
        ((), DEFAULT_LIFE_MS),
        ((number(INTERVAL, 600),), 600_000 * INTERIMS_MISSED),
        ((number(INTERVAL, 0),), DEFAULT_LIFE_MS),
        ((number(INTERVAL, 4_294_967_295),), DEFAULT_LIFE_MS),
    ],
)
def test_a_record_vouches_for_three_intervals(pieces: tuple[Piece, ...], life_ms: int) -> None:
    """A session counts for three Interim intervals, and for seven days at most or if no interval is known."""
    assert life_ms == read(accounting(*pieces), ARRIVED).life_ms


@pytest.mark.parametrize(
    ("pieces", "lasted_ms"), [((), 0), ((number(46, 90),), 90_000), ((number(46, 2**32 - 1),), (2**32 - 1) * 1000)]
)
def test_how_long_a_session_was_up(pieces: tuple[Piece, ...], lasted_ms: int) -> None:
    """Acct-Session-Time in milliseconds, whatever it claims; 0 if it is not told."""
    assert lasted_ms == read(accounting(*pieces), ARRIVED).lasted_ms


def test_a_session_id_is_taken_as_it_comes() -> None:
    """Acct-Session-Id is octets; without one it is empty."""
    assert b"\0\xff|\n" == read(accounting(plain(SESSION, b"\0\xff|\n")), ARRIVED).session_id
    assert b"" == read(accounting(), ARRIVED).session_id


@pytest.mark.parametrize(
    ("status", "pieces", "traffic"),
    [
        (1, (), Traffic()),
        (1, (number(42, 7), V4), Traffic(v4=7)),
        (3, (), None),
        (2, (), None),
        (3, (number(42, 7), V4), Traffic(v4=7)),
    ],
)
def test_a_start_without_counters_stands_at_zero(
    status: int, pieces: tuple[Piece, ...], traffic: Traffic | None
) -> None:
    """Octets are counted from the Start on (RFC 2866 §5.3), so that the first Interim tells all of them."""
    assert traffic == read(accounting(number(STATUS, status), *pieces), ARRIVED).traffic


RECORD = (number(STATUS, 3), plain(SESSION, b"s1"), plain(8, bytes((203, 0, 113, 9))), number(STAMP, NOW_S))


def _digest(*pieces: Piece) -> str:
    return read(accounting(*pieces), ARRIVED).digest


def test_a_retransmission_has_the_digest_of_the_first_try() -> None:
    """What a hop or a retry changes does not count: Acct-Delay-Time, Proxy-State, Message-Authenticator."""
    first = _digest(*RECORD)

    assert first == _digest(*RECORD, number(DELAY, 5))
    assert first == _digest(number(DELAY, 9), *RECORD, plain(33, b"proxy"), plain(33, b"another"))
    assert first == _digest(plain(80, bytes(16)), *RECORD)
    assert 8 == len(first)
    assert set(first) <= set("0123456789abcdef")


def test_another_record_has_another_digest() -> None:
    """A changed counter, host or status makes another record, even within one second."""
    others = [
        _digest(*RECORD, number(42, 1)),
        _digest(*RECORD, number(42, 2)),
        _digest(number(STATUS, 2), *RECORD[1:]),
        _digest(*RECORD, plain(123, b"\0\x38" + bytes(7))),
        _digest(*RECORD, vsa(6527, (41, b"\x05"))),  # a vendor's own 41 is not Acct-Delay-Time
        _digest(*RECORD),
    ]

    assert len(others) == len(set(others))


@settings(max_examples=150, deadline=None)
@given(valid_packets(), st.integers(0, 2**42))
def test_any_accounting_request_can_be_read(whole: Packet, arrived_ms: int) -> None:
    """Whatever a BNG sends, reading its record never raises and gives plausible times."""
    found = read(accounting(*whole.pieces), arrived_ms)

    assert 0 <= found.sent_ms <= arrived_ms
    assert 0 <= found.event_ms <= arrived_ms + NEWEST_MS
    assert 0 < found.life_ms <= DEFAULT_LIFE_MS
    assert not (found.restart and found.step)


def test_the_bounds_are_those_of_the_field() -> None:
    """Records are replayed for up to 25 hours by SR OS, so an Event-Timestamp of 26 hours is still believed."""
    assert record.OLDEST_MS > 25 * 3_600_000

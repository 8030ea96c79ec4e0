"""Retransmissions and replays."""

from __future__ import annotations

from bngcorr.proxy.dynauth.asked import Admission, Asked, Entry


def admitted(asked: Asked, authenticator: bytes, now: float) -> Entry:
    """A request that is new."""
    admission, entry = asked.admit("aaa1", authenticator, now)
    assert admission is Admission.NEW
    assert entry is not None
    return entry


def test_a_retransmission_goes_on_to_the_bng_once_a_second() -> None:
    """While no BNG has answered AAA's own timer drives, but no faster than that."""
    asked = Asked()
    admitted(asked, b"a", 0.0)

    seen = [asked.admit("aaa1", b"a", now)[0] for now in (0.5, 1.0, 1.5, 2.0)]

    assert [Admission.UNDER_WAY, Admission.REPEAT, Admission.UNDER_WAY, Admission.REPEAT] == seen


def test_a_replay_is_answered_from_memory_as_long_as_its_timestamp_would_pass() -> None:
    """A recorded request is never carried out twice, from whatever port it comes."""
    asked = Asked()
    asked.answer(admitted(asked, b"a", 0.0), b"ack", now=1.0, kept_s=299.0)

    assert [Admission.ANSWERED, Admission.NEW] == [asked.admit("aaa1", b"a", now)[0] for now in (299.9, 300.1)]


def test_without_a_timestamp_a_reply_is_kept_for_retransmissions_only() -> None:
    """RFC 5080 asks for more than five seconds and less than thirty."""
    asked = Asked()
    asked.answer(admitted(asked, b"a", 0.0), b"ack", now=0.0, kept_s=0.0)

    assert [Admission.ANSWERED, Admission.NEW] == [asked.admit("aaa1", b"a", now)[0] for now in (9.9, 10.1)]


def test_clients_and_authenticators_are_told_apart() -> None:
    """The same octets of another client are another request."""
    asked = Asked()
    admitted(asked, b"a", 0.0)

    assert Admission.NEW is asked.admit("aaa2", b"a", 0.0)[0]
    assert Admission.NEW is asked.admit("aaa1", b"b", 0.0)[0]


def test_a_request_without_an_answer_is_a_fresh_try_later() -> None:
    """A BNG that was away for a moment is asked again."""
    asked = Asked()
    asked.abandon(admitted(asked, b"a", 0.0))

    assert Admission.NEW is asked.admit("aaa1", b"a", 0.1)[0]


def test_memory_is_bounded() -> None:
    """A flood of requests is dropped, and of replies the oldest go first."""
    asked = Asked(most_open=2, most_answered=2)
    entries = [admitted(asked, name, 0.0) for name in (b"a", b"b")]

    assert Admission.FULL is asked.admit("aaa1", b"c", 0.0)[0]
    for entry in entries:
        asked.answer(entry, b"ack", 0.0, 0.0)
    asked.answer(admitted(asked, b"c", 0.0), b"ack", 0.0, 0.0)
    assert 0 == len(asked)
    assert Admission.NEW is asked.admit("aaa1", b"a", 0.0)[0]
    assert Admission.ANSWERED is asked.admit("aaa1", b"c", 0.0)[0]


def test_replies_that_have_run_out_are_forgotten() -> None:
    """Nothing is kept for longer than it can be asked for."""
    asked = Asked(most_answered=1_000)
    asked.answer(admitted(asked, b"a", 0.0), b"ack", 0.0, 0.0)
    asked.expire(10.1)

    assert {} == asked._answered

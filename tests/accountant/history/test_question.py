"""Which hosts answer the question who held an address at a time."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bngcorr.accountant.history.question import Answer, Question, asked_network, once, undisputed
from bngcorr.model.mac import Mac
from tests.accountant.history.sessions import HOUR, LINE, MINUTE, T0, held


def question(text: str = "203.0.113.9", at: int = T0, within: int = 0, bng: str | None = None) -> Question:
    """Who held this then?"""
    return Question(network=asked_network(text), at_ms=at, within_ms=within, bng=bng)


@pytest.mark.parametrize(
    ("text", "address", "about"),
    [
        ("203.0.113.9", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.8", False),
        ("203.0.113.0/24", "203.0.113.9", True),
        ("203.0.112.0/24", "203.0.113.9", False),
        ("2001:db8:100:4207::1f", "2001:db8:100:4200::/56", True),
        ("2001:db8:100:4307::1f", "2001:db8:100:4200::/56", False),
        ("2001:DB8:0100:4207:0::1F", "2001:db8:100:4207::1f", True),
        ("2001:db8:100:4207::/64", "2001:db8:100:4200::/56", True),
        ("2001:db8:100::/48", "2001:db8:100:4200::/56", True),
        ("2001:db8:100::1/48", "2001:db8:100:4200::1", True),
        ("2001:db8:101::/48", "2001:db8:100:4200::/56", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("0.0.0.0/0", "::1", False),
        ("203.0.113.9", "nonsense", False),
    ],
)
def test_an_address_is_found_in_its_prefix_and_a_prefix_in_what_overlaps(text: str, address: str, about: bool) -> None:
    """However it is written."""
    assert about == question(text).about(address)


@given(st.ip_addresses(), st.integers(0, 128), st.integers(-3, 3))
def test_the_texts_of_an_address_are_those_of_all_that_holds_it(address: object, length: int, aside: int) -> None:
    """Looking for texts and comparing numbers are the same."""
    asked = question(str(address))
    other = ip_network((str(address), min(length, asked.network.max_prefixlen)), strict=False)
    moved = int(other.network_address) + aside * other.num_addresses
    if not 0 <= moved < 1 << other.max_prefixlen:
        return
    near = other.supernet(new_prefix=0).__class__((moved, other.prefixlen))

    assert asked.about(str(near)) == (str(near) in asked.texts())
    assert set(asked.holding()) <= asked.texts()


@pytest.mark.parametrize(
    ("at", "within", "certain"),
    [
        (T0 - 1, 0, None),
        (T0, 0, True),
        (T0 + HOUR, 0, True),
        (T0 + HOUR + 1, 0, None),
        (T0 - 5 * MINUTE, 5 * MINUTE, True),
        (T0 + HOUR + 5 * MINUTE, 5 * MINUTE, True),
        (T0 + HOUR + 5 * MINUTE + 1, 5 * MINUTE, None),
    ],
)
def test_it_was_held_from_its_first_instant_to_its_last(at: int, within: int, certain: bool | None) -> None:
    """Both included, and a margin on both sides if one is asked for."""
    answer = question(at=at, within=within).judge(held(noted=T0 + 2 * HOUR))

    assert certain == (answer and answer.certain)


@pytest.mark.parametrize(
    ("at", "certain"), [(T0 + HOUR, True), (T0 + HOUR + 1, False), (T0 + 2 * HOUR, False), (T0 + 2 * HOUR + 1, None)]
)
def test_a_session_that_fell_silent_may_have_held_it_until_that_was_noticed(at: int, certain: bool | None) -> None:
    """Until its last word for certain, then perhaps, then no more."""
    answer = question(at=at).judge(held(why="expired", noted=T0 + 2 * HOUR))

    assert certain == (answer and answer.certain)


def test_private_addresses_of_another_bng_are_another_matter() -> None:
    """Asked for one BNG, others don't answer."""
    assert question(bng="bng2").judge(held()) is None
    assert question(bng="bng1").judge(held()) is not None


def test_a_host_from_when_on_is_not_known_is_never_certain() -> None:
    """An older version of the store did not keep it."""
    assert [Answer(held=held(since=0), certain=False)] == [question().judge(held(since=0))]


def test_a_line_that_stands_twice_is_told_once() -> None:
    """Written again after a crash, at another instant; of two ends of one session the one that was told counts."""
    twice = [Answer(held=held(noted=T0 + HOUR + later), certain=True) for later in (0, 5)]
    silent = Answer(held=held(why="expired", until=T0 + MINUTE), certain=False)
    other = Answer(held=held(session_id=b"s2", until=T0 + 2 * HOUR), certain=True)
    found = once([silent, *twice, other])

    assert [b"s2", b"s1"] == [one.held.session_id for one in found]
    assert [("stop", True), ("stop", True)] == [(one.held.end, one.certain) for one in found]


def test_sure_answers_stand_before_perhaps_and_near_ones_before_those_aside() -> None:
    """Whenever they ended."""
    asked = question(at=T0 + HOUR, within=5 * MINUTE)
    hosts = [
        held(),
        held(session_id=b"s2", since=T0 + HOUR + MINUTE, until=T0 + 2 * HOUR),
        held(session_id=b"s3", why="expired", until=T0 + 2 * MINUTE, noted=T0 + 3 * HOUR),
    ]
    answers = [asked.judge(one) for one in reversed(hosts)]

    assert hosts == [one.held for one in once(one for one in answers if one is not None)]
    assert [(False, 0), (True, MINUTE), (True, 0)] == [(one.certain, one.aside_ms) for one in answers if one]


@pytest.mark.parametrize(
    ("host", "other", "certain"),
    [
        ("v4||203.0.113.9", {"line": "f" * 24}, False),
        ("v4||203.0.113.9", {"line": "f" * 24, "nas": "bng2|"}, False),
        ("v4||203.0.113.9", {"line": None, "mac": Mac(bytes(6))}, False),
        ("v4||203.0.113.9", {"line": None, "mac": None}, True),
        ("v4||203.0.113.9", {"line": LINE}, True),
        ("v4||203.0.113.9", {"line": "f" * 24, "why": "expired", "until": T0 - MINUTE}, True),
        ("v4||10.0.0.5", {"line": "f" * 24, "nas": "bng2|"}, True),
        ("v4||10.0.0.5", {"line": "f" * 24, "nas": "bng1|192.0.2.7"}, True),
        ("v4||10.0.0.5", {"line": "f" * 24}, False),
    ],
)
def test_what_two_lines_are_told_to_have_held_is_certain_of_neither(
    host: str, other: dict[str, Any], certain: bool
) -> None:
    """At the instant of a hand-over, or when a Stop was lost; one line may have two sessions, and so may two boxes."""
    asked = question(host.rpartition("|")[2])
    answers = [asked.judge(one) for one in (held(host), held(host, session_id=b"s2", since=T0 - HOUR, **other))]

    assert certain == undisputed([one for one in answers if one is not None])[0].certain


@pytest.mark.parametrize("text", ["", "host", "203.0.113", "203.0.113.9/33", "fe80::1%eth0", "2001:db8::/129"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """With what would be one."""
    with pytest.raises(ValueError, match="address"):
        asked_network(text)


def test_files_from_before_the_instant_need_not_be_read() -> None:
    """A session is written down when it ends; a day's room is left for a BNG whose clock is ahead."""
    asked = question(at=T0, within=20 * HOUR)

    assert "2026-11-23" == asked.first_day.isoformat()
    assert "1970-01-02" == question(at=0).first_day.isoformat()

"""How much one port may ask, whether holding pays, and what is known of distances."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.correlator.evidence import WindowEvidence
from bngcorr.correlator.hold import ENOUGH, HALF_LIFE_S, LEAST_SHARE, TRY_EVERY, HoldPays
from bngcorr.correlator.limits import (
    BURST,
    MOST_CHANCES,
    MOST_PORTS,
    PER_SECOND,
    SHARED_BURST,
    TELL_EVERY_S,
    AskGuard,
    AskLimit,
)
from bngcorr.model.vocabulary import VlanModel
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS, Distances

from .questions import ring

# ---- the limit of a port


def _allowed(limit: AskLimit, key: str, now: float, times: int) -> int:
    return sum(limit.allows(key, now) for _ in range(times))


def test_a_household_that_boots_stays_below_the_limit() -> None:
    """Fifty questions at once are answered, and five a second after that for as long as it likes."""
    limit = AskLimit()

    assert BURST == _allowed(limit, "port", 10.0, 50)
    assert [5] * 20 == [_allowed(limit, "port", 11.0 + second, 5) for second in range(20)]


def test_a_flood_gets_its_burst_and_then_the_rate() -> None:
    """Whoever makes up addresses by the thousand costs the store no more than the limit."""
    limit = AskLimit()
    asked = [_allowed(limit, "port", 10.0 + second, 1000) for second in range(4)]

    assert [BURST, PER_SECOND, PER_SECOND, PER_SECOND] == asked


def test_ports_do_not_share_their_tokens() -> None:
    """A flood on one port takes nothing from its neighbour."""
    limit = AskLimit()
    _allowed(limit, "flooded", 10.0, 1000)

    assert BURST == _allowed(limit, "neighbour", 10.0, 1000)


def test_a_quiet_port_has_its_burst_again() -> None:
    """Tokens come back with time, and never more of them than the burst."""
    limit = AskLimit()
    _allowed(limit, "port", 10.0, 1000)

    assert BURST == _allowed(limit, "port", 10.0 + 3600.0, 1000)


def test_what_is_remembered_of_ports_is_bounded() -> None:
    """Of more ports than can be kept those that have not asked for longest are forgotten."""
    limit = AskLimit(most=3)
    for at, port in enumerate(("a", "b", "c", "a", "d")):
        _allowed(limit, port, float(at) / 1000, 1000)

    assert 3 == len(limit)
    assert 0 == _allowed(limit, "a", 0.01, 1000)  # asked again in between, so it is still known
    assert BURST == _allowed(limit, "b", 0.01, 1000)  # forgotten: starts anew
    assert MOST_PORTS == 65_536


def test_room_for_one_more_port_is_made_at_once() -> None:
    """Even if all the others ask all the time: then one of them goes, and the new one stays."""
    limit = AskLimit(most=2 * MOST_CHANCES)
    ports = [str(number) for number in range(2 * MOST_CHANCES)]
    for now in (0.0, 0.001):
        assert all(limit.allows(port, now) for port in ports)
    _allowed(limit, "new", 0.002, 1000)

    assert 2 * MOST_CHANCES == len(limit)
    assert 0 == _allowed(limit, "new", 0.003, 1000)
    _allowed(limit, "newer", 0.004, 1000)  # those that were put behind "new" have not asked since, but others have
    assert 2 * MOST_CHANCES == len(limit)
    assert 0 == _allowed(limit, "newer", 0.005, 1000)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 10)), max_size=400))
def test_nobody_gets_more_than_burst_and_rate(asked: list[tuple[str, float]]) -> None:
    """However questions are spread over ports and time, no port gets more than its bucket holds and gains."""
    limit = AskLimit(per_second=2.0, burst=7.0)
    now, allowed = 0.0, dict.fromkeys("abc", 0)
    for port, pause in asked:
        now += pause / 10
        allowed[port] += limit.allows(port, now)

    assert all(count <= 7.0 + 2.0 * now + 1e-6 for count in allowed.values())


def test_a_vlan_pair_of_many_lines_may_ask_more() -> None:
    """Behind a shared VLAN everybody boots at once; a port that nobody can read has no limit, for it is many ports."""
    guard = AskGuard()
    line, many, unread = ring(model=VlanModel.PER_LINE), ring(bng="bng2"), ring(None, place=b"uplink")

    assert BURST == sum(guard.allows(line, 10.0) for _ in range(10_000))
    assert SHARED_BURST == sum(guard.allows(many, 10.0) for _ in range(10_000))
    assert all(guard.allows(unread, 10.0) for _ in range(10_000))


def test_operations_are_told_of_a_flood_once_in_a_while() -> None:
    """A port that asks too much is told once a minute, each port for itself; one without a name never."""
    guard = AskGuard()
    port, other = ring(), ring(bng="bng2")

    assert [True, False, True] == [guard.to_be_told(keys, 10.0) for keys in (port, port, other)]
    assert [False, True] == [guard.to_be_told(port, 10.0 + after) for after in (TELL_EVERY_S - 1, TELL_EVERY_S)]
    assert not guard.to_be_told(ring(None, place=b"uplink"), 10.0)


# ---- the hold


def _after(matched: int, in_vain: int, *, now: float = 0.0) -> HoldPays:
    pays = HoldPays()
    for at in range(matched + in_vain):
        pays.ended(at < matched, now)
    return pays


def test_a_few_holds_in_vain_prove_nothing() -> None:
    """Until a fair number of holds has ended, every request that may be held is."""
    pays = _after(0, ENOUGH - 1)

    assert pays.pays
    assert all(pays.holds(0.0) for _ in range(100))


def test_holding_stops_where_nothing_ever_comes() -> None:
    """After enough holds in vain most requests go on at once, and one in a while is still held to notice a change."""
    pays = _after(0, ENOUGH)

    assert not pays.pays
    assert [at % TRY_EVERY == TRY_EVERY - 1 for at in range(64)] == [pays.holds(0.0) for _ in range(64)]


def test_a_small_share_of_matches_makes_it_worth_while() -> None:
    """Two matches in a hundred holds are enough, one is too few."""
    assert LEAST_SHARE == 0.02
    assert _after(2, 98).pays
    assert not _after(1, 99).pays


def test_a_change_of_the_network_is_noticed() -> None:
    """When the requests that are still held begin to match, holding is worth it again."""
    pays = _after(0, 3 * ENOUGH)
    for at in range(8):
        pays.ended(True, float(at))

    assert pays.pays


def test_what_was_seen_long_ago_counts_less() -> None:
    """A night in vain is forgotten by the next day: it is tried anew."""
    pays = _after(0, ENOUGH)
    assert not pays.pays

    assert pays.holds(HALF_LIFE_S)
    assert pays.pays


def test_a_clock_that_stands_still_breaks_nothing() -> None:
    """An instant before the last one is taken for that one."""
    pays = _after(0, ENOUGH, now=100.0)

    assert not pays.holds(50.0)
    assert not pays.pays


# ---- distances


@pytest.mark.parametrize(
    ("distance_ms", "bucket"),
    [(0, 0), (10, 0), (11, 1), (-11, 1), (30, 2), (-4_000, 9), (5_000, 9), (60_000, 12), (60_001, 13), (10**9, 13)],
)
def test_a_distance_is_counted_up_to_its_bound(distance_ms: int, bucket: int) -> None:
    """The bound of a bucket belongs to it; the sign does not matter; beyond the last bound there is one more."""
    evidence = WindowEvidence()
    evidence.of("metro", "bng1").add(distance_ms)

    assert [Distances(domain="metro", bng="bng1", counts=((bucket, 1),))] == evidence.take()
    assert bucket == len(DISTANCE_BUCKETS_MS) or abs(distance_ms) <= DISTANCE_BUCKETS_MS[bucket]


def test_distances_are_summed_up_by_bng_until_they_are_taken() -> None:
    """Each BNG has counts of its own; what was taken once is not told again."""
    evidence = WindowEvidence()
    for bng, distance_ms in (("bng1", 30), ("bng1", -40), ("bng1", 3_000), ("bng2", 30)):
        evidence.of("metro", bng).add(distance_ms)

    assert [
        Distances(domain="metro", bng="bng1", counts=((2, 2), (8, 1))),
        Distances(domain="metro", bng="bng2", counts=((2, 1),)),
    ] == evidence.take()
    assert [] == evidence.take()

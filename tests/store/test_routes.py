"""Where things are: a Cluster's map, and which Sentinel is believed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bngcorr.store.lane.sentinels import Address, View, majority, newest, read_view
from bngcorr.store.lane.slots import SlotMap, read_epoch, read_slots

A, B, C = ("192.0.2.1", 7000), ("192.0.2.2", 7000), ("2001:db8::3", 7000)


def _view(address: Address, epoch: int = 1, *, down: str = "") -> View:
    flags = "master" + (f",{down}" if down else "")
    words = ["name", "m", "ip", address[0], "port", str(address[1]), "flags", flags, "config-epoch", str(epoch)]
    return read_view([word.encode() for word in words])


def test_the_answer_to_cluster_slots_is_a_map() -> None:
    """Ranges in any order, replicas behind their master, more fields than we need: each slot has its master."""
    slots = read_slots(
        [
            [10923, 16383, [b"2001:db8::3", 7000, b"id3", []], [b"192.0.2.1", 7001, b"id4", []]],
            [0, 5460, [b"192.0.2.1", 7000, b"id1", []]],
            [5461, 10922, [b"192.0.2.2", 7000, b"id2", []]],
        ],
        "asked",
    )

    assert [A, A, B, B, C, C] == [slots.owner(slot) for slot in (0, 5460, 5461, 10922, 10923, 16383)]
    assert frozenset({("192.0.2.1", 7001)}) == slots.replicas
    assert 0 == slots.uncovered


@pytest.mark.parametrize("host", [b"", None, b"?"])
def test_a_node_that_does_not_know_its_own_address_is_the_one_that_was_asked(host: bytes | None) -> None:
    """A node that nobody has told its address leaves it out, or says that it is unknown."""
    assert ("asked", 7000) == read_slots([[0, 16383, [host, 7000, b"id"]]], "asked").owner(1)


def test_slots_between_ranges_have_no_owner() -> None:
    """What no range covers is served by nobody, and counted."""
    slots = read_slots([[10, 19, [b"192.0.2.1", 7000]], [30, 39, [b"192.0.2.1", 7000]]], "asked")

    assert [None, A, A, None, A, None] == [slots.owner(slot) for slot in (9, 10, 19, 20, 39, 40)]
    assert 16384 - 20 == slots.uncovered
    assert (None, 16384) == (SlotMap().owner(0), SlotMap().uncovered)


@given(st.lists(st.integers(0, 16383), min_size=1, max_size=40, unique=True), st.integers(0, 16383))
def test_every_slot_is_where_its_range_says(cuts: list[int], slot: int) -> None:
    """However the slots are cut up, and whatever ranges are missing, look-up agrees with a walk over the ranges."""
    edges = [0, *sorted(cuts), 16384]
    ranges = [(first, after - 1) for first, after in pairwise(edges) if first < after][::2]
    slots = read_slots([[first, last, [b"h", 1 + n]] for n, (first, last) in enumerate(ranges)], "asked")

    expected = next((("h", 1 + n) for n, (first, last) in enumerate(ranges) if first <= slot <= last), None)
    assert expected == slots.owner(slot)


def test_the_epoch_tells_how_new_a_nodes_knowledge_is() -> None:
    """It stands among the other lines of CLUSTER INFO; without it, the knowledge is the oldest there can be."""
    assert 17 == read_epoch(b"cluster_state:ok\r\ncluster_current_epoch:17\r\ncluster_my_epoch:3\r\n")
    assert 0 == read_epoch(b"cluster_state:ok\r\n")


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([], None),
        ([_view(A)], None),
        ([_view(A), _view(B)], None),
        ([_view(A), _view(A)], A),
        ([_view(B), _view(A), _view(A)], A),
        ([_view(A, down="s_down"), _view(A)], None),
        ([_view(A, down="s_down,o_down"), _view(B, 2), _view(B, 2)], B),
    ],
)
def test_more_than_half_of_three_sentinels_settle_it(views: list[View], expected: Address | None) -> None:
    """Two of three that reach the same master are enough; there is no waiting for the third."""
    assert expected == majority(views, 3)


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([], None),
        ([_view(A, down="o_down")], None),
        ([_view(A, 5), _view(B, 6)], B),
        ([_view(B, 6, down="s_down"), _view(A, 5)], A),
        ([_view(A, 5, down="disconnected")], A),
    ],
)
def test_without_a_majority_the_newest_configuration_counts(views: list[View], expected: Address | None) -> None:
    """A Sentinel that was cut off still names the former master; its configuration is older."""
    assert expected == newest(views)

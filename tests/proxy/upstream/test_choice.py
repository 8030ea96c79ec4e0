"""Which server gets a request."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.vocabulary import Admin, Condition
from bngcorr.proxy.upstream import choice
from bngcorr.proxy.upstream.choice import ALIVE, AWAY, DEAD, DRAINED, SUSPECT, Candidate, Conversations

RANKS = st.lists(st.sampled_from([ALIVE, SUSPECT, DEAD, DRAINED, AWAY]), min_size=1, max_size=6)
USERS = [f"user{number}".encode() for number in range(2_000)]


def several(*ranks: int, weights: tuple[int, ...] = ()) -> list[Candidate]:
    """Servers of these ranks, named by their places."""
    return [
        Candidate(name=f"aaa{place}", place=place, rank=rank, weight=weights[place] if weights else 1)
        for place, rank in enumerate(ranks)
    ]


@pytest.mark.parametrize(
    ("condition", "admin", "expected"),
    [
        (Condition.ALIVE, Admin.UP, ALIVE),
        (Condition.SUSPECT, Admin.UP, SUSPECT),
        (Condition.DEAD, Admin.UP, DEAD),
        (Condition.ALIVE, Admin.DRAIN, DRAINED),
        (Condition.SUSPECT, Admin.DRAIN, DRAINED),
        (Condition.DEAD, Admin.DRAIN, AWAY),
        (Condition.ALIVE, Admin.DOWN, AWAY),
    ],
)
def test_what_the_operator_wants_stands_above_what_a_server_is(
    condition: Condition, admin: Admin, expected: int
) -> None:
    """A drained server finishes what it has begun, unless it is dead; one that is down gets nothing."""
    assert expected == choice.rank_of(condition, admin)


@settings(max_examples=60)
@given(RANKS)
def test_only_the_best_kind_of_server_gets_new_requests(ranks: list[int]) -> None:
    """All that are alive, else all that are suspect; a dead, drained or switched-off one never."""
    usable = [rank for rank in ranks if rank in (ALIVE, SUSPECT)]
    expected = [place for place, rank in enumerate(ranks) if usable and rank == min(usable)]

    assert expected == [candidate.place for candidate in choice.best(several(*ranks))]


def test_turns_follow_the_weights_evenly() -> None:
    """5:1:1 gives each its share in every round of seven, and never the same one five times on end."""
    servers = several(ALIVE, ALIVE, ALIVE, weights=(5, 1, 1))
    turns = [choice.turn(servers).place for _ in range(70)]

    assert {0: 50, 1: 10, 2: 10} == Counter(turns)
    assert [0, 0, 1, 0, 2, 0, 0] == turns[:7] == turns[-7:]


def test_replicas_agree_on_the_server_of_a_user_whatever_order_they_list_them_in() -> None:
    """Only names and weights decide."""
    one, other = several(ALIVE, ALIVE, ALIVE), several(ALIVE, ALIVE, ALIVE)[::-1]

    assert [choice.home(one, user).name for user in USERS] == [choice.home(other, user).name for user in USERS]


def test_users_are_shared_out_by_weight() -> None:
    """3:1 within what chance allows."""
    servers = several(ALIVE, ALIVE, weights=(3, 1))
    share = sum(choice.home(servers, user).place == 0 for user in USERS) / len(USERS)

    assert 0.70 < share < 0.80


def test_when_a_server_goes_only_its_own_users_move() -> None:
    """The others' conversations go on where they are."""
    servers = several(ALIVE, ALIVE, ALIVE)
    before = {user: choice.home(servers, user).name for user in USERS}
    after = {user: choice.home(servers[:2], user).name for user in USERS}

    assert {"aaa2"} == {before[user] for user in USERS if before[user] != after[user]}


def test_a_state_leads_back_to_its_issuer_while_that_can_go_on() -> None:
    """Also while it is drained, for it has begun the conversation; not when it is dead."""
    (server,) = several(ALIVE)
    known = Conversations()
    known.issued(b"state", server)
    found = []
    for rank in (ALIVE, SUSPECT, DRAINED, DEAD, AWAY):
        server.rank = rank
        found.append(known.issuer(b"state"))

    assert [server, server, server, None, None] == found
    assert None is known.issuer(b"another")


def test_states_are_forgotten_oldest_first() -> None:
    """However many conversations there are."""
    (server,) = several(ALIVE)
    known = Conversations(most=3)
    for number in (0, 1, 2, 0, 3):
        known.issued(bytes((number,)), server)

    assert [server, None, server, server] == [known.issuer(bytes((number,))) for number in range(4)]
    assert 3 == len(known)

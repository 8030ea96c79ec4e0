"""What others make grow is bounded: rates, and logins."""

from __future__ import annotations

from bngcorr.web.access.buckets import Buckets
from bngcorr.web.access.logins import Login, Logins


def login(until: float) -> Login:
    """Of some token."""
    return Login(token_hash="sha256:0", csrf="c", until=until)


def test_a_bucket_empties_and_fills_again() -> None:
    """Two at once, then one every half second; whoever has to wait is told how long; others are not held up."""
    buckets = Buckets(per_second=2, burst=2)

    assert [0, 0, 0.5] == [buckets.take("a", 10.0) for _ in range(3)]
    assert 0 == buckets.take("b", 10.0)
    assert [0.25, 0, 0.5] == [buckets.take("a", at) for at in (10.25, 10.5, 10.5)]
    assert [0, 0, 0.5] == [buckets.take("a", 99.0) for _ in range(3)]


def test_a_clock_that_stands_back_gives_nothing() -> None:
    """Nor takes anything."""
    buckets = Buckets(per_second=1, burst=1)

    assert [0, 1] == [buckets.take("a", at) for at in (10.0, 5.0)]


def test_only_so_many_are_remembered() -> None:
    """Those unused for longest are forgotten."""
    buckets = Buckets(per_second=1, burst=1, most=2)
    for name in ("a", "b", "a", "c"):
        buckets.take(name, 0.0)

    assert 2 == len(buckets)
    assert [1, 0] == [buckets.take(name, 0.0) for name in ("a", "b")]


def test_a_login_ends_by_itself() -> None:
    """At its hour it is gone, not only refused."""
    logins = Logins()
    logins.begin("cookie", login(until=10.0))

    assert logins.find("cookie", 9.9) is not None
    assert logins.find("another", 9.9) is None
    assert logins.find("cookie", 10.0) is None
    assert 0 == len(logins)


def test_only_so_many_are_logged_in() -> None:
    """A further one ends the oldest."""
    logins = Logins(most=2)
    for cookie in ("a", "b", "c"):
        logins.begin(cookie, login(until=10.0))

    assert [False, True, True] == [logins.find(cookie, 0.0) is not None for cookie in ("a", "b", "c")]

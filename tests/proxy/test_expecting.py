"""Accepts that the store need not be told of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bngcorr.accountant.record import EXPECTED_LIFE_MS
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind, Outcome
from bngcorr.proxy.expecting import REPEATED_MS, Expecting
from bngcorr.store.lesson import Fill, Restart, SessionChange, SessionStep

NOW = 1_800_000_000_000
LINE, OTHER, NAMED = "ab" * 12, "cd" * 12, "ef" * 12
KEYS = ("11" * 12, "22" * 12)


def accept(at: int = 0, *, own: bool = True) -> SessionChange:
    """AAA accepted a session; `own`: its line's own request."""
    return SessionChange(
        domain="metro", bng="bng1", session="s" * 24, nas="bng1|", step=SessionStep.EXPECTED, at_ms=NOW + at,
        until_ms=NOW + at + EXPECTED_LIFE_MS, line=LINE, ids=LineIds(b"LINE-1"), own=own, keys=KEYS if own else (),
        fingerprint="aaaaaaaa.bbbbbbbb", user_name="user", port=Attachment("1/1/4", 100), address=Mac(b"\2\0\0\0\0\1"),
        outcome=Outcome.OWN if own else Outcome.MATCHED, session_id=b"0A",
    )  # fmt: skip


def record(**told: object) -> SessionChange:
    """What accounting says."""
    change = SessionChange(
        domain="metro", bng="bng1", session=NAMED, nas="bng1|", step=SessionStep.STOP, at_ms=NOW, until_ms=NOW
    )
    for name, value in told.items():
        setattr(change, name, value)
    return change


def test_what_was_told_moments_ago_is_not_told_again() -> None:
    """Counted from when it was told, not from when it was last left out; a clock that went back counts for nothing."""
    expecting = Expecting()
    known = [expecting.knows(accept(at)) for at in (0, 1, REPEATED_MS - 1, REPEATED_MS, REPEATED_MS + 1, 0)]

    assert [False, True, True, False, True, False] == known
    assert EXPECTED_LIFE_MS >= 4 * REPEATED_MS


def test_a_match_adds_nothing_to_the_lines_own_word() -> None:
    """The other way round it does."""
    expecting = Expecting()
    assert [False, True] == [expecting.knows(accept(own=True)), expecting.knows(accept(1, own=False))]

    expecting = Expecting()
    known = [expecting.knows(accept(at, own=own)) for at, own in ((0, False), (1, False), (2, True), (3, False))]
    assert [False, True, False, True] == known


CHANGES: dict[str, object] = {
    "line": OTHER,
    "nas": "bng1|other",
    "domain": "another",
    "keys": KEYS[:1],
    "fingerprint": "aaaaaaaa.cccccccc",
    "ids": LineIds(b"LINE-1", b"circuit"),
    "port": Attachment("1/1/4", 101),
    "address": None,
    "user_name": None,
    "session_id": b"0B",
    "interval_ms": 600_000,
    "timeout_ms": 1,
    "promised": (Host(HostKind.IA_PD, "", "2001:db8::/56"),),
    "fill": Fill.NEVER,
    "session": "t" * 24,
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_differs_is_told(name: str) -> None:
    """Each part of what the store keeps."""
    expecting = Expecting()
    expecting.knows(accept())
    other = accept(1)
    setattr(other, name, CHANGES[name])
    assert not expecting.knows(other)


def test_two_sessions_of_a_line_are_told_each_time() -> None:
    """A line has room for so many of them."""
    expecting = Expecting()
    first, second = accept(), accept()
    second.session = "t" * 24
    assert [False] * 4 == [expecting.knows(one) for one in (first, second, first, second)]


@pytest.mark.parametrize(
    "tell",
    [
        lambda expecting: expecting.told(record(session="s" * 24)),
        lambda expecting: expecting.told(record(accepted_as="s" * 24)),
        lambda expecting: expecting.told(record(line=LINE)),
        lambda expecting: expecting.told(Restart(domain="metro", bng="bng1", nas="bng1|", at_ms=NOW)),
    ],
    ids=["its session", "accepted as it", "its line", "a restart"],
)
def test_nothing_holds_behind_accounting(tell: Callable[[Expecting], None]) -> None:
    """A Stop, and an Accept after it: the session is expected anew."""
    expecting = Expecting()
    expecting.knows(accept())
    tell(expecting)
    assert [False, True] == [expecting.knows(accept(1)), expecting.knows(accept(2))]


def test_accounting_of_others_changes_nothing() -> None:
    """Neither its session nor its line."""
    expecting = Expecting()
    expecting.knows(accept())
    expecting.told(record(line=OTHER))
    assert expecting.knows(accept(1))

"""What is known of a held host, and the line that it becomes."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bngcorr.accountant.history.format import FIRST, MOST_OCTETS, as_line, read_line
from bngcorr.accountant.history.held import Held, of_closed, of_session
from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.rows import SessionRow
from tests.accountant.history.sessions import HOUR, LINE, MAC, T0, closed

V4, PD = "v4||203.0.113.9", "ia_pd|vrf-7|2001:db8:100:4200::/56"
OCTETS = st.none() | st.binary(min_size=1, max_size=247)
INSTANT = st.none() | st.integers(1, 4_294_967_295_999)
VLAN = st.none() | st.integers(0, 4095)
HELD = st.builds(
    Held,
    address=st.ip_addresses().map(str) | st.ip_addresses(v=6).map(lambda address: f"{address}/128"),
    kind=st.sampled_from(["v4", "ia_na", "ia_pd", "slaac"]), service=st.text(max_size=20), from_ms=INSTANT,
    to_ms=st.integers(1, 4_294_967_295_999), end=st.sampled_from(["stop", "interim", "restart"]),
    bng=st.just("bng1"), box=st.sampled_from(["", "0a000001"]),
    port=st.none() | st.builds(Attachment, port=st.text(max_size=20), outer=VLAN, inner=VLAN),
    mac=st.none() | st.binary(min_size=6, max_size=6).map(Mac), line=st.none() | st.just(LINE), domain=st.just("d"),
    remote_id=OCTETS, circuit_id=OCTETS, session_id=st.binary(max_size=253),
    user_name=st.none() | st.binary(max_size=253).map(lambda octets: octets.decode("utf-8", "surrogateescape")),
    source=st.sampled_from(["accounting", "accept"]), noted_ms=st.integers(1, 4_294_967_295_999),
)  # fmt: skip


@given(HELD)
def test_a_line_says_all_that_is_known(held: Held) -> None:
    """Written and read again it is the same, whatever octets a customer chose; it is one line, of bounded length."""
    line = as_line(held)

    assert held == read_line(line[:-1])
    assert [line] == line.splitlines(keepends=True)
    assert line.startswith(FIRST)
    assert len(line) <= MOST_OCTETS


@given(HELD, st.data())
def test_a_line_that_was_torn_off_says_nothing(held: Held, data: st.DataObject) -> None:
    """Cut anywhere, it is not taken for a shorter one."""
    line = as_line(held)[:-1]

    assert read_line(line[: data.draw(st.integers(0, len(line) - 1))]) is None


@given(st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b"null", b"[" * 100_000, b'{"address":1}']))
def test_what_is_no_line_of_ours_is_none(octets: bytes) -> None:
    """Anything may stand in a file."""
    assert read_line(octets) is None


def test_every_host_of_a_closed_session_gets_its_line() -> None:
    """Who, where, from when to when, by which record; octets and instants as the API tells them."""
    one, other = of_closed(closed(V4, PD, nas="edge|0a000001", filled=(PD,)), T0 + HOUR + 1)

    assert {
        "address": "203.0.113.9", "kind": "v4", "service": "", "from": "2026-11-25T14:00:00.000Z",
        "to": "2026-11-25T15:00:00.000Z", "end": "stop", "bng": "edge", "box": "0a000001", "port": "1/1/4",
        "outer": 100, "inner": 20, "mac": "00:0e:8f:00:00:01", "line": LINE, "domain": "d1",
        "remote_id": {"hex": "6f6c74372f31", "text": "olt7/1"},
        "circuit_id": {"hex": "65746820312f31", "text": "eth 1/1"},
        "session_id": {"hex": "7331", "text": "s1"}, "user_name": "alice", "source": "accounting",
        "noted": "2026-11-25T15:00:00.001Z",
    } == json.loads(as_line(one))  # fmt: skip
    assert ("2001:db8:100:4200::/56", "ia_pd", "vrf-7", "accept") == (
        other.address, other.kind, other.service, other.source,
    )  # fmt: skip


def test_the_last_word_of_a_silent_session_is_told_apart_from_an_end() -> None:
    """Nobody said that it gave anything back."""
    (silent,) = of_closed(closed(V4, why="expired"), T0 + 2 * HOUR)
    (stopped,) = of_closed(closed(V4), T0 + 2 * HOUR)

    assert (T0 + HOUR, None) == (silent.heard_ms, stopped.heard_ms)
    assert silent == read_line(as_line(silent)[:-1])


def row(state: SessionState, **changes: object) -> SessionRow:
    """A session as the store tells it."""
    known = SessionRow(
        session="00", domain="d1", nas="bng1|", state=state, line=LINE, ids=None, hosts=(V4, PD), at_ms=T0 + HOUR,
        until_ms=T0 + 4 * HOUR, session_id=b"s1", user_name=None, port=None, address=MAC, outcome=None,
        since_ms=(T0, T0 + 5),
    )  # fmt: skip
    return replace(known, **changes)  # type: ignore[arg-type]


def test_a_session_that_is_up_holds_its_hosts_still() -> None:
    """Each since its own instant; unknown where the store does not tell."""
    now = T0 + 2 * HOUR
    held = of_session(row(SessionState.UP), now)
    older = of_session(row(SessionState.UP, since_ms=(0,)), now)

    assert [(T0, None), (T0 + 5, None)] == [(one.from_ms, one.to_ms) for one in held]
    assert [None, None] == [one.from_ms for one in older]


def test_after_a_restart_or_a_missed_deadline_nobody_knows() -> None:
    """Told as if the session had fallen silent at its last record."""
    suspect = of_session(row(SessionState.SUSPECT), T0 + 2 * HOUR)
    overdue = of_session(row(SessionState.UP), T0 + 5 * HOUR)

    assert [(T0 + HOUR, "expired")] * 4 == [(one.to_ms, one.end) for one in suspect + overdue]


def test_a_session_that_is_only_expected_or_over_holds_nothing() -> None:
    """What AAA promised is not held yet."""
    now = T0 + HOUR

    assert [] == of_session(row(SessionState.EXPECTED), now) + of_session(row(SessionState.STOPPED), now)

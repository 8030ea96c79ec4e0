"""The truth: which id-less requests could be attributed, from what really happened."""

import dataclasses

from bngcorr.demo.truth import Event, EventKind, Line, Policy, Question, attributable

PER_LINE = Policy(per_line=True, window_ms=1000, hold_ms=300, v4_always_has_id=True)
SHARED = dataclasses.replace(PER_LINE, per_line=False)

HOME = Line(
    remote_id=b"L1",
    circuit_id=b"olt1 eth 1/1",
    bng="bng1",
    domain="bng1",
    port="1/1/4",
    outer=100,
    inner=20,
    mac="02:00:00:00:00:01",
    number=1,
)
NEIGHBOUR = dataclasses.replace(HOME, remote_id=b"L2", circuit_id=b"olt1 eth 1/2", mac="02:00:00:00:00:02", number=2)
CLONE = dataclasses.replace(NEIGHBOUR, mac=HOME.mac)
FAR_CLONE = dataclasses.replace(CLONE, inner=21)
PORTLESS = dataclasses.replace(HOME, port=None, outer=None, inner=None)


def asked(
    at_ms: int,
    *,
    line: Line = HOME,
    session_id: str = "v6",
    policy: Policy = PER_LINE,
    accounting: bool = False,
    says_v6: bool = False,
) -> Question:
    """An id-less request of that line."""
    return Question(
        at_ms=at_ms, line=line, session_id=session_id, policy=policy, accounting=accounting, says_v6=says_v6
    )


def named(at_ms: int, line: Line = HOME, *, proved_at_ms: int | None = None) -> Event:
    """A request with its own id, proved at once unless said otherwise."""
    proved = at_ms if proved_at_ms is None else proved_at_ms
    return Event(at_ms=at_ms, kind=EventKind.NAMED, bng=line.bng, line=line, session_id="v4", proved_at_ms=proved)


def up(at_ms: int, line: Line = HOME, *, session_id: str = "v4") -> Event:
    """A session of that line is up."""
    return Event(at_ms=at_ms, kind=EventKind.UP, bng=line.bng, line=line, session_id=session_id)


def down(at_ms: int, line: Line = HOME, *, session_id: str = "v4") -> Event:
    """Its Stop."""
    return Event(at_ms=at_ms, kind=EventKind.DOWN, bng=line.bng, line=line, session_id=session_id)


def restart(at_ms: int) -> Event:
    """Accounting-On of the BNG."""
    return Event(at_ms=at_ms, kind=EventKind.RESTART, bng="bng1")


def test_nobody_is_attributed_without_evidence() -> None:
    """A router nobody ever saw with an id belongs to no line."""
    assert (False, "no trusted sighting in the window and no live session by attachment+mac") == attributable(
        asked(5000), []
    )


def test_a_trusted_sighting_in_the_window_attributes() -> None:
    """v4 named the line half a second ago, on the same port with the same MAC."""
    assert attributable(asked(5000), [named(4500)])[0]


def test_a_sighting_before_the_window_does_not() -> None:
    """The same two seconds ago, with a window of one second, is too old."""
    assert not attributable(asked(5000), [named(3000)])[0]


def test_an_id_that_aaa_never_accepted_teaches_nothing() -> None:
    """An unsigned request with an id that was rejected proves nothing."""
    sighting = dataclasses.replace(named(4500), proved_at_ms=None)

    assert not attributable(asked(5000), [sighting])[0]


def test_a_held_request_meets_the_v4_request_that_follows() -> None:
    """The SOLICIT is 30 ms ahead; AAA accepts the DISCOVER while the SOLICIT is held."""
    assert attributable(asked(5000, says_v6=True), [named(5030, proved_at_ms=5060)])[0]


def test_acceptance_after_the_hold_comes_too_late() -> None:
    """AAA answers the v4 request when the hold is over."""
    assert not attributable(asked(5000, says_v6=True), [named(5030, proved_at_ms=5310)])[0]


def test_a_request_that_may_be_v4_is_not_held() -> None:
    """Without a family mark, and where v4 may come without an id, nothing waits."""
    doubtful = dataclasses.replace(PER_LINE, v4_always_has_id=False)

    assert not attributable(asked(5000, policy=doubtful), [named(5030, proved_at_ms=5060)])[0]
    assert attributable(asked(5000, policy=doubtful, says_v6=True), [named(5030, proved_at_ms=5060)])[0]


def test_accounting_is_never_held() -> None:
    """An accounting record is judged by what was known when it came."""
    assert not attributable(asked(5000, accounting=True), [named(5030, proved_at_ms=5060)])[0]


def test_a_live_session_attributes_long_after_the_window() -> None:
    """v6 switched on an hour after boot."""
    assert (True, "live session, attachment+mac") == attributable(asked(3_600_000), [named(1000), up(1020)])


def test_a_stopped_session_does_not() -> None:
    """The v4 session has ended."""
    assert not attributable(asked(9000), [named(1000), up(1020), down(8000)])[0]


def test_a_restart_of_the_bng_ends_its_sessions_until_they_report_again() -> None:
    """After Accounting-On only a session with a later sign of life is live."""
    before = [named(1000), up(1020), restart(5000)]

    assert not attributable(asked(6000), before)[0]
    assert attributable(asked(9000), [*before, up(7000)])[0]


def test_the_window_survives_a_restart() -> None:
    """A sighting is a fact about the line; the BNG's restart does not undo it."""
    assert attributable(asked(5500), [named(4900), restart(5100)])[0]


def test_a_known_session_attributes_its_own_records() -> None:
    """Once a session's line is fixed, its later records follow, taint or not."""
    events = [named(1000), up(2000, session_id="v6"), named(3000, CLONE)]

    assert attributable(asked(60_000, accounting=True), events)[0]


def test_another_mac_on_the_same_shared_vlan_is_somebody_else() -> None:
    """On an N:1 VLAN the port says nothing: the neighbour's sighting is no evidence."""
    assert not attributable(asked(5000, policy=SHARED), [named(4500, NEIGHBOUR)])[0]


def test_a_cloned_mac_on_a_shared_vlan_belongs_to_nobody() -> None:
    """Two lines showed this MAC on one VLAN: neither may be chosen."""
    events = [named(4000), up(4010), named(4200, CLONE), up(4210, CLONE)]

    assert (False, "MAC seen on two lines, and the VLAN is shared") == attributable(asked(4800, policy=SHARED), events)


def test_before_its_clone_was_seen_a_mac_is_good() -> None:
    """The first router asked before the second was ever plugged in."""
    assert attributable(asked(4500, policy=SHARED), [named(4000), up(4010), named(9000, CLONE)])[0]


def test_a_clone_seen_within_the_hold_makes_it_doubtful() -> None:
    """The clone shows up while the request may still be held: no promise."""
    assert not attributable(asked(4500, policy=SHARED), [named(4000), up(4010), named(4700, CLONE)])[0]


def test_a_vlan_per_line_tells_clones_apart() -> None:
    """The MAC is worthless, the VLAN is not."""
    events = [named(4000), up(4010), named(4200, FAR_CLONE), up(4210, FAR_CLONE)]

    assert (True, "trusted sighting within the window, attachment") == attributable(asked(4800), events)


def test_without_a_port_the_mac_decides() -> None:
    """A BNG that tells no port leaves the MAC, within its domain."""
    assert (True, "trusted sighting within the window, bng+mac") == attributable(
        asked(4800, line=PORTLESS), [named(4500, PORTLESS)]
    )


def test_a_port_on_one_side_only_is_no_match() -> None:
    """Evidence with a port is no evidence for a request without one."""
    assert not attributable(asked(4800, line=PORTLESS), [named(4500, HOME)])[0]


def test_two_lines_that_fit_make_it_ambiguous() -> None:
    """A VLAN that should be a line's own carries two live lines under one tainted MAC."""
    events = [named(4000), up(4010), named(4200, CLONE), up(4210, CLONE)]

    assert (False, "another line fits by attachment") == attributable(asked(4800), events)

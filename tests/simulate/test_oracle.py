"""Small stories, and which of their requests could be attributed."""

from __future__ import annotations

from bngcorr.simulate.oracle import Finding, Oracle
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.sites import Place
from bngcorr.simulate.timeline import DAY, HOUR, MINUTE, SECOND

from .scene import MAC, OTHER_MAC, PLACE, packet, site

HOLD = 300
INTERVAL = 900
SHARED = Place(1, 100, None)


class Log:
    """What one box's oracle is told."""

    def __init__(self, name: str = "sros-host") -> None:
        self.site = site(name)
        self.oracle = Oracle(self.site)
        self.place = PLACE if self.site.per_line else SHARED if self.site.tells_port else None

    def discover(self, at: int, *, line: int = 0, mac: bytes = MAC, name: bytes = b"v4", accepted: bool = True) -> None:
        """A v4 request, which names its line, and 15 ms later AAA's word on it."""
        sent = packet(at=at, line=line, place=self.place, mac=mac, session=name)
        self.oracle.heard(sent, at)
        if accepted:
            self.oracle.accepted(sent, at + 15, INTERVAL if self.site.tells_interval else None)

    def record(self, code: Code, at: int, *, line: int = 0, mac: bytes = MAC, name: bytes = b"v4") -> None:
        """An accounting record of the v4 session."""
        sent = packet(code, at=at, line=line, place=self.place, mac=mac, session=name)
        self.oracle.heard(sent, at)

    def restart(self, at: int) -> None:
        """Accounting-On."""
        self.oracle.heard(Packet(code=Code.ON, box=3, event_ms=at), at)

    def solicit(self, at: int, *, line: int = 0, mac: bytes = MAC) -> Packet:
        """A v6 request without an id."""
        return packet(at=at, line=line, place=self.place, mac=mac, v6=True, form=Form.NONE, session=b"v6")

    def judge(self, at: int, *, line: int = 0, mac: bytes = MAC, hold_ms: int = HOLD) -> Finding:
        """What is said of such a request."""
        return self.oracle.judge(self.solicit(at, line=line, mac=mac), at, hold_ms)


def test_a_sighting_within_the_window_is_enough() -> None:
    """A SOLICIT three seconds after the DISCOVER of the same CPE can be attributed."""
    log = Log()
    log.discover(10_000)

    assert (True, "place+MAC, window") == ((found := log.judge(13_000)).attributable, found.why)


def test_a_sighting_during_the_hold_is_enough() -> None:
    """The SOLICIT is 30 ms ahead of the DISCOVER: by the end of the hold its line is known."""
    log = Log()
    solicit = log.solicit(10_000)
    log.discover(10_030)

    assert log.oracle.judge(solicit, 10_000, HOLD).attributable
    assert not log.oracle.judge(solicit, 10_000, 0).attributable


def test_an_unsigned_request_is_trusted_once_aaa_has_accepted_it() -> None:
    """Without a Message-Authenticator a request says nothing of others until AAA has accepted it."""
    rejected, accepted = Log("huawei"), Log("huawei")
    rejected.discover(10_000, accepted=False)
    accepted.discover(10_000)

    assert not rejected.judge(11_000).attributable
    assert accepted.judge(11_000).attributable


def test_a_live_session_outlasts_the_window() -> None:
    """An hour later the v4 session is up, its Interims come: v6 that is switched on now can be attributed."""
    log = Log()
    log.discover(0)
    log.record(Code.START, 100)
    for quarter in range(1, 5):
        log.record(Code.INTERIM, quarter * INTERVAL * SECOND)

    assert "place+MAC, live" == log.judge(HOUR + MINUTE).why


def test_a_session_whose_interims_ceased_is_only_remembered() -> None:
    """Three intervals without a word and the session counts no more; the same CPE at the same place is remembered."""
    log = Log()
    log.discover(0)
    log.record(Code.START, 100)

    assert "place+MAC, remembered" == log.judge(HOUR).why
    assert not log.judge(DAY + HOUR).attributable


def test_a_shared_vlan_is_remembered_by_nobody() -> None:
    """Behind a shared VLAN a session that has ended says nothing about the MAC that comes now."""
    log = Log("sros-shared")
    log.discover(0)
    log.record(Code.START, 100)
    assert log.judge(20 * MINUTE).attributable

    log.record(Code.STOP, 21 * MINUTE)

    assert not log.judge(22 * MINUTE).attributable


def test_nothing_is_live_after_a_restart() -> None:
    """What a BNG told before its restart is not up any more; the memory of the place stays."""
    log = Log()
    log.discover(0)
    log.record(Code.START, 100)
    log.restart(5 * MINUTE)

    assert "place+MAC, remembered" == log.judge(6 * MINUTE).why


def test_another_mac_on_the_lines_own_vlans_is_a_new_cpe() -> None:
    """A swapped CPE is attributed by the VLAN pair while the session is surely there, and never by memory."""
    log = Log()
    log.discover(0)
    log.record(Code.START, 100)

    assert "place, live" == log.judge(20 * MINUTE, mac=OTHER_MAC).why
    assert not log.judge(HOUR, mac=OTHER_MAC).attributable


def test_without_a_known_interval_a_new_cpe_needs_a_session_heard_of_within_the_hour() -> None:
    """Where AAA tells no interval, a session counts for its own CPE for days, for another one for an hour."""
    log = Log("ericsson")
    log.discover(0)
    log.record(Code.START, 100)

    assert log.judge(50 * MINUTE, mac=OTHER_MAC).attributable
    assert not log.judge(2 * HOUR, mac=OTHER_MAC).attributable
    assert "place+MAC, live" == log.judge(2 * DAY).why


def test_clones_behind_a_shared_vlan_are_indistinguishable() -> None:
    """Once a MAC was seen with the ids of two lines, nobody can tell whose the next request is."""
    log = Log("sros-shared")
    log.discover(0)
    assert log.judge(1_000).attributable

    log.discover(2_000, line=1, name=b"clone")

    assert (False, True) == ((found := log.judge(3_000)).attributable, found.indistinguishable)


def test_clones_on_vlans_of_their_own_are_told_by_the_vlans() -> None:
    """A tainted MAC is no key; the VLAN pair still is one."""
    log = Log()
    log.discover(0)
    other = packet(at=1_000, line=1, place=Place(1, 100, 8), session=b"clone")
    log.oracle.heard(other, 1_000)

    assert "place, window" == log.judge(2_000).why


def test_claimed_macs_taint_nobody() -> None:
    """A MAC that a DUID claims may be anybody's: it counts on the VLAN pair, and spoils no other line's."""
    log = Log("juniper")
    log.discover(0)
    log.oracle.heard(packet(at=1_000, line=1, place=Place(1, 100, 8), session=b"clone"), 1_000)

    assert "place+MAC, window" == log.judge(2_000).why


def test_a_pair_that_shows_two_live_lines_is_shared() -> None:
    """Two lines whose sessions are up on one VLAN pair: the pair says nothing any more, a MAC beside it does."""
    log = Log()
    log.discover(0)
    log.record(Code.START, 100)
    log.discover(MINUTE, line=1, mac=OTHER_MAC, name=b"other")
    log.record(Code.START, MINUTE + 100, line=1, mac=OTHER_MAC, name=b"other")
    stranger = b"\x02\x00\x00\x00\x00\x01"
    assert log.judge(2 * MINUTE, mac=stranger).indistinguishable

    log.record(Code.INTERIM, 3 * MINUTE)

    assert "nothing is known of the line" == log.judge(4 * MINUTE, mac=stranger).why
    assert "place+MAC, live" == log.judge(4 * MINUTE).why


def test_a_claimed_mac_says_nothing_on_a_pair_that_is_shared() -> None:
    """Once a VLAN pair showed two lines, a MAC that only a DUID claims tells none of them."""
    log = Log("juniper")
    log.discover(0)
    log.record(Code.START, 100)
    log.discover(MINUTE, line=1, mac=OTHER_MAC, name=b"other")
    log.record(Code.START, MINUTE + 100, line=1, mac=OTHER_MAC, name=b"other")
    assert log.judge(2 * MINUTE).attributable

    log.record(Code.INTERIM, 3 * MINUTE)

    assert not log.judge(4 * MINUTE).attributable


def test_a_mac_that_is_known_as_another_lines_is_no_new_cpe() -> None:
    """A CPE that was carried here from another line is not taken for this line's by its VLAN pair alone."""
    log = Log()
    log.discover(0)
    log.record(Code.START, 100)
    log.oracle.heard(packet(at=MINUTE, line=1, place=Place(1, 100, 8), mac=OTHER_MAC, session=b"there"), MINUTE)

    found = log.judge(2 * MINUTE, mac=OTHER_MAC)
    assert (False, False) == (found.attributable, found.indistinguishable)


def test_a_pairs_second_line_is_not_taken_for_the_first() -> None:
    """Two lines on one VLAN pair, before anybody knows: the MAC that is one's own is never the other's."""
    log = Log()
    log.discover(0, line=1)
    log.record(Code.START, 100, line=1)
    log.discover(MINUTE, mac=OTHER_MAC)  # its Start is lost
    assert "place+MAC, remembered" == log.judge(10 * MINUTE, mac=OTHER_MAC).why

    log.record(Code.INTERIM, 15 * MINUTE, line=1)  # the other is there: what was remembered is not sure any more

    found = log.judge(16 * MINUTE, mac=OTHER_MAC)
    assert (False, False) == (found.attributable, found.indistinguishable)


def test_another_line_that_fits_makes_it_indistinguishable() -> None:
    """The request of a line that was never seen, where another's session is up: nobody may say it is that one's."""
    log = Log()
    log.discover(0, line=1)
    log.record(Code.START, 100, line=1)

    found = log.judge(MINUTE)
    assert (False, True) == (found.attributable, found.indistinguishable)


def test_the_mac_alone_counts_where_no_port_is_told() -> None:
    """A box without ports: the MAC is the key, unless it is made up."""
    log = Log("generic-bare")
    made_up = b"\x02\x00\x00\x00\x00\x01"
    log.discover(0)
    log.discover(0, line=1, mac=made_up, name=b"other")

    assert "MAC, window" == log.judge(1_000, hold_ms=0).why
    assert not log.judge(1_000, line=1, mac=made_up, hold_ms=0).attributable


def test_a_session_keeps_what_it_began_with() -> None:
    """Records of a v6 session are attributable if its Access-Request was, and not if it began without identity."""
    log = Log()
    log.discover(0)
    access = log.solicit(1_000)
    log.oracle.judged(access, 1_000, log.oracle.judge(access, 1_000, HOLD), accepted=True)
    start = packet(Code.START, at=2_000, v6=True, form=Form.NONE, session=b"v6")
    stranger = packet(Code.START, at=2_000, line=1, place=Place(1, 100, 8), mac=OTHER_MAC, v6=True, form=Form.NONE)

    assert "session" == log.oracle.judge(start, 2_000, 0).why
    log.oracle.judged(stranger, 2_000, log.oracle.judge(stranger, 2_000, 0), accepted=False)
    log.oracle.heard(packet(at=3_000, line=1, place=Place(1, 100, 8), mac=OTHER_MAC, session=b"v4 of 1"), 3_000)
    assert "session began without identity" == log.oracle.judge(stranger, 4_000, 0).why


def test_a_session_of_before_the_restart_is_another() -> None:
    """After a restart of the BNG an old Acct-Session-Id proves nothing."""
    log = Log()
    log.discover(0)
    access = log.solicit(1_000)
    log.oracle.judged(access, 1_000, log.oracle.judge(access, 1_000, HOLD), accepted=True)
    log.restart(MINUTE)
    late = packet(Code.INTERIM, at=2 * MINUTE, v6=True, form=Form.NONE, session=b"v6")

    assert "place+MAC, remembered" == log.oracle.judge(late, 2 * MINUTE, 0).why

"""What BNGs report, late, twice or never; their restarts, and pairs of them."""

from __future__ import annotations

import pytest

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Finding, Outcome, Rung, VlanModel
from bngcorr.wire.attributes import AcctStatus
from tests.lab import Lab
from tests.lab_parts import Told, nas
from tests.proxy.families import NOKIA, profile

from .boxes import INTERIM, START, STOP, Box

CPE, OTHER_CPE = "3c:a6:2f:00:00:17", "3c:a6:2f:00:00:18"
PORT, ELSEWHERE = "1/1/4:100.20", "1/1/4:100.21"
LINE, OTHER_LINE = LineIds(b"olt7/12"), LineIds(b"olt7/13")


def box(lab: Lab, name: str = "bng1", *, model: VlanModel = VlanModel.SHARED, domain: str | None = None) -> Box:
    """A BNG in service."""
    lab.add(nas(name, profile(NOKIA), vlan_model=model, domain=domain))
    return Box(lab=lab, name=name)


def pair(lab: Lab) -> tuple[Box, Box]:
    """Two BNGs that share ports and lines."""
    for name in ("mag1", "mag2"):
        lab.add(nas(name, profile(NOKIA), domain="metro", ports="~metro"))
    return Box(lab=lab, name="mag1"), Box(lab=lab, name="mag2")


def starts(
    bng: Box, session: str = "s4", *, mac: str = CPE, port: str = PORT, remote_id: str = "olt7/12",
    v4: str | None = "203.0.113.9", pd: str | None = None, interval_s: int = 0,
) -> Told:  # fmt: skip
    """A line with one session up."""
    bng.discover(mac=mac, port=port, remote_id=remote_id, session=session)
    return bng.account(
        START, session, mac=mac, port=port, remote_id=remote_id, v4=v4, pd=pd, interval_s=interval_s
    )  # fmt: skip


def v6(bng: Box, *, mac: str = CPE, port: str = PORT, session: str | None = None) -> Told:
    """A SOLICIT without a line id, and what became of it after its hold."""
    told = bng.solicit(mac=mac, port=port, session=session)
    bng.lab.later(500)
    return told


# ---- restarts


def test_after_a_restart_nothing_is_live_until_it_is_heard_of(lab: Lab) -> None:
    """Accounting-On makes all sessions suspect; the Interim of one that survived revives it, and it alone."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng)
    starts(bng, "s5", mac=OTHER_CPE, port=ELSEWHERE, remote_id="olt7/13", v4="203.0.113.10")
    lab.at("11:00:00")
    bng.boots()
    lab.at("11:00:05")
    assert Outcome.UNMATCHED is v6(bng).outcome
    revived = bng.account(INTERIM, "s4", mac=CPE, port=PORT, remote_id="olt7/12", v4="203.0.113.9")
    lab.at("11:10:00")

    assert LINE == revived.ids
    assert (LINE, Rung.LIVE) == ((told := v6(bng)).ids, told.rung)
    assert Outcome.UNMATCHED is v6(bng, mac=OTHER_CPE, port=ELSEWHERE).outcome


def test_a_restart_that_is_told_again_ends_nothing_newer(lab: Lab) -> None:
    """An Accounting-On that is repeated, or replayed an hour later, is the restart that is known already."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.boots()
    booted = lab.clock.ms
    lab.at("10:05:00")
    starts(bng)
    lab.at("10:50:00")
    bng.account(AcctStatus.ON, event_ms=booted)
    bng.account(AcctStatus.ON, event_ms=booted - 60_000)

    assert LINE == v6(bng).ids


def test_a_restart_of_one_bng_of_a_domain_leaves_the_others(lab: Lab) -> None:
    """Each box has epochs of its own."""
    one, other = box(lab, "bng1", domain="metro"), box(lab, "bng2", domain="metro")
    lab.at("10:00:00")
    starts(one)
    lab.at("10:30:00")
    other.boots()
    lab.at("10:30:01")

    assert LINE == v6(one).ids


# ---- pairs


def test_v4_on_one_of_a_pair_answers_v6_on_the_other(lab: Lab) -> None:
    """SRRP: the same port and VLANs are the same line on both BNGs."""
    one, other = pair(lab)
    lab.at("10:00:00")
    starts(one)
    lab.at("10:30:00")
    told = v6(other)

    assert (LINE, Rung.LIVE) == (told.ids, told.rung)


def test_a_restart_of_one_of_a_pair_does_not_end_the_sessions_of_the_other(lab: Lab) -> None:
    """Accounting-On of mag2 says nothing of what mag1 reports; that of mag1 does."""
    one, other = pair(lab)
    lab.at("10:00:00")
    starts(one)
    lab.at("10:30:00")
    other.boots()
    lab.at("10:30:01")
    assert LINE == v6(other).ids
    one.boots()
    lab.at("10:30:10")

    assert Outcome.UNMATCHED is v6(other).outcome


def test_bngs_that_share_no_ports_do_not_answer_for_each_other(lab: Lab) -> None:
    """The same text for the port on another BNG of the domain is another port."""
    one, other = box(lab, "bng1", domain="metro"), box(lab, "bng2", domain="metro")
    lab.at("10:00:00")
    starts(one)
    lab.at("10:30:00")

    assert Outcome.UNMATCHED is v6(other).outcome


# ---- records that come late, twice or never


@pytest.mark.parametrize("hours", [1, 24])
def test_accounting_that_is_replayed_changes_nothing_newer(lab: Lab, hours: int) -> None:
    """A BNG buffers records while accounting is down and replays them: Stop and Start of yesterday are yesterday's."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng)
    old_start, old_stop = lab.clock.ms, lab.clock.ms + 60_000
    lab.at("10:05:00", day=hours // 24) if hours == 24 else lab.at("11:05:00")
    bng.account(INTERIM, "s4", mac=CPE, port=PORT, remote_id="olt7/12", v4="203.0.113.9")
    starts(bng, "s5", mac=OTHER_CPE, port=ELSEWHERE, remote_id="olt7/13", v4="203.0.113.10")
    bng.account(STOP, "s4", mac=CPE, port=PORT, remote_id="olt7/12", event_ms=old_stop)
    bng.account(START, "s4", mac=CPE, port=PORT, remote_id="olt7/12", event_ms=old_start)
    bng.account(STOP, "s5", mac=OTHER_CPE, port=ELSEWHERE, remote_id="olt7/13", event_ms=old_stop)
    lab.later(10_000)

    assert LINE == v6(bng).ids
    assert OTHER_LINE == v6(bng, mac=OTHER_CPE, port=ELSEWHERE).ids


def test_a_replayed_start_is_no_sighting_of_today(lab: Lab) -> None:
    """The line moved away since: the old record must not put its old place into the window."""
    bng = box(lab)
    lab.at("10:00:00")
    began = lab.clock.ms
    lab.at("20:00:00")
    bng.account(START, "old", mac=CPE, port=PORT, remote_id="olt7/12", v4="203.0.113.9", event_ms=began)
    bng.account(STOP, "old", mac=CPE, port=PORT, remote_id="olt7/12", event_ms=began + 60_000)

    assert Outcome.UNMATCHED is v6(bng).outcome


def test_a_session_id_that_is_handed_out_again_is_another_session(lab: Lab) -> None:
    """After its Stop the BNG gives the same Acct-Session-Id to another customer."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng)
    lab.at("10:30:00")
    bng.account(STOP, "s4", mac=CPE, port=PORT, remote_id="olt7/12")
    lab.at("11:00:00")
    stranger = v6(bng, mac=OTHER_CPE, port=ELSEWHERE, session="s4")
    start = bng.account(START, "s4", mac=OTHER_CPE, port=ELSEWHERE, pd="2001:db8:2::/56")

    assert (Outcome.UNMATCHED, Outcome.UNMATCHED) == (stranger.outcome, start.outcome)


def test_a_session_id_without_its_stop_is_not_the_next_customers(lab: Lab) -> None:
    """The Stop was lost: another MAC or port under the same Acct-Session-Id is another session."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng)
    lab.at("11:00:00")
    for mac, port in ((OTHER_CPE, PORT), (CPE, ELSEWHERE), (OTHER_CPE, ELSEWHERE)):
        assert Outcome.UNMATCHED is v6(bng, mac=mac, port=port, session="s4").outcome


def test_a_session_whose_stop_was_lost_does_not_take_the_next_customer(lab: Lab) -> None:
    """Hours later another customer's CPE stands on the same VLAN pair, with the ids of nobody in its SOLICIT."""
    bng = box(lab, model=VlanModel.PER_LINE)
    lab.at("10:00:00")
    starts(bng)
    lab.at("14:00:00")

    assert Outcome.UNMATCHED is v6(bng, mac=OTHER_CPE).outcome
    assert LINE == v6(bng).ids


def test_interims_that_fail_to_come_end_a_session(lab: Lab) -> None:
    """Three intervals without a word, and it counts as live no more."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng, interval_s=600)
    lab.at("10:29:59")
    assert LINE == v6(bng).ids
    lab.at("10:30:01")

    assert Outcome.UNMATCHED is v6(bng).outcome


def test_start_interim_and_stop_agree(lab: Lab) -> None:
    """v6 in a session of its own: billing sees the line that was found for the SOLICIT from Start to Stop."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng)
    lab.at("10:10:00")
    access = v6(bng, session="s6")
    records = [
        bng.account(status, "s6", mac=CPE, port=PORT, pd="2001:db8:1::/56") for status in (START, INTERIM, STOP)
    ]  # fmt: skip

    assert [b"olt7/12"] * 4 == [told.agent_remote_id for told in (access, *records)]


def test_a_session_that_began_without_a_line_keeps_none(lab: Lab) -> None:
    """Its Start went on without identity: a match that would be possible later must not split the bill."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.account(START, "s6", mac=CPE, port=PORT, pd="2001:db8:1::/56")
    lab.at("10:10:00")
    starts(bng)
    interim = bng.account(INTERIM, "s6", mac=CPE, port=PORT, pd="2001:db8:1::/56")

    assert (Outcome.UNMATCHED, None) == (interim.outcome, interim.agent_remote_id)


# ---- findings


def test_v6_that_does_not_come_back_is_lost(lab: Lab) -> None:
    """v4 authenticates anew, v6 does not follow: the blackhole of the field. When it comes back, it is over."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng)
    line = v6(bng, session="s6").verdict
    assert line is not None
    bng.account(START, "s6", mac=CPE, port=PORT, pd="2001:db8:1::/56")
    lab.at("11:00:00")
    for session in ("s4", "s6"):
        bng.account(STOP, session, mac=CPE, port=PORT, remote_id="olt7/12")
    lab.at("11:00:30")
    starts(bng, "t4")
    lab.at("11:10:00")
    assert set() == lab.open_findings  # not yet: ten minutes are granted
    lab.at("11:12:00")
    assert {(Finding.V6_LOST, line.line)} == lab.open_findings
    told = v6(bng, session="t6")
    bng.account(START, "t6", mac=CPE, port=PORT, pd="2001:db8:1::/56")
    lab.later(1_000)

    assert LINE == told.ids
    assert set() == lab.open_findings


def test_v6_without_traffic_is_told_and_over_when_it_flows(lab: Lab) -> None:
    """The IPv6 counters stand still over two Interims while those of IPv4 rise."""
    bng = box(lab)
    lab.at("10:00:00")
    line = starts(bng, pd="2001:db8:1::/56").verdict
    assert line is not None
    found = []
    for minutes, v4, six in ((0, 1_000, 10), (10, 2_000, 10), (20, 3_000, 10), (30, 4_000, 10), (40, 5_000, 20)):
        lab.at(f"10:{minutes:02}:30")
        bng.account(
            INTERIM, "s4", mac=CPE, port=PORT, remote_id="olt7/12", v4="203.0.113.9", pd="2001:db8:1::/56",
            octets=(v4, six),
        )  # fmt: skip
        found.append(lab.open_findings)

    told = {(Finding.NO_TRAFFIC, line.line)}
    assert [set(), set(), told, told, set()] == found


@pytest.mark.parametrize("same_bng", [True, False])
def test_one_prefix_on_two_lines_is_a_duplicate(lab: Lab, same_bng: bool) -> None:
    """Of two lines with one delegated prefix, one gets no traffic: also across BNGs and domains."""
    one = box(lab)
    other = one if same_bng else box(lab, "bng2")
    lab.at("10:00:00")
    starts(one, pd="2001:db8:1::/56")
    assert set() == lab.open_findings
    starts(
        other, "s5", mac=OTHER_CPE, port=ELSEWHERE, remote_id="olt7/13", v4="203.0.113.10", pd="2001:db8:1::/56"
    )  # fmt: skip

    assert {(Finding.DUPLICATE, "2001:db8:1::/56")} == lab.open_findings


def test_a_prefix_that_was_given_back_is_no_duplicate(lab: Lab) -> None:
    """The first line's session ended: its prefix may be the next one's."""
    bng = box(lab)
    lab.at("10:00:00")
    starts(bng, pd="2001:db8:1::/56")
    bng.account(STOP, "s4", mac=CPE, port=PORT, remote_id="olt7/12", event_ms=lab.clock.ms + 1_000)
    lab.at("10:01:00")
    starts(bng, "s5", mac=OTHER_CPE, port=ELSEWHERE, remote_id="olt7/13", v4="203.0.113.10", pd="2001:db8:1::/56")

    assert set() == lab.open_findings


def test_two_lines_on_a_vlan_pair_of_one_demote_it(lab: Lab) -> None:
    """The pair was given out twice: once both are live on it in turn, it tells no line any more."""
    bng = box(lab, model=VlanModel.PER_LINE)
    lab.at("10:00:00")
    starts(bng)
    lab.at("10:10:00")
    starts(bng, "s5", mac=OTHER_CPE, remote_id="olt7/13", v4="203.0.113.10")
    lab.at("10:20:00")
    bng.account(INTERIM, "s4", mac=CPE, port=PORT, remote_id="olt7/12", v4="203.0.113.9")
    lab.at("10:30:00")

    assert (Finding.SHARED_ATTACHMENT, PORT) in lab.open_findings
    assert [LINE, OTHER_LINE] == [v6(bng, mac=mac).ids for mac in (CPE, OTHER_CPE)]
    assert None is v6(bng, mac="3c:a6:2f:00:00:99").ids


def test_a_pair_that_is_given_to_another_line_after_its_stop_is_that_ones(lab: Lab) -> None:
    """On a VLAN pair of its own a newer line takes the older one's place, with nothing to tell."""
    bng = box(lab, model=VlanModel.PER_LINE)
    lab.at("10:00:00")
    starts(bng)
    lab.at("12:00:00")
    bng.account(STOP, "s4", mac=CPE, port=PORT, remote_id="olt7/12")
    lab.at("15:00:00")
    starts(bng, "s5", mac=OTHER_CPE, remote_id="olt7/13", v4="203.0.113.10")
    lab.at("16:00:00")

    assert set() == lab.open_findings
    assert OTHER_LINE == v6(bng, mac=OTHER_CPE).ids
    bng.account(STOP, "s5", mac=OTHER_CPE, port=PORT, remote_id="olt7/13")
    lab.at("17:00:00")
    assert OTHER_LINE == v6(bng, mac=OTHER_CPE).ids
    assert None is v6(bng).ids  # the old customer's CPE, plugged in once more

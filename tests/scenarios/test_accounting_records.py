"""Records that come late, twice or out of order, what only the Access-Accept names, and what people are shown."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address

import pytest

from bngcorr.model.shown import instant_shown
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import HostKind, Outcome, SessionState, Trigger
from bngcorr.store.lesson import Fill
from bngcorr.web.models.place import CpeAddress
from bngcorr.web.resources.shown import session_shown
from bngcorr.wire.radius import PacketView
from tests.lab import Lab
from tests.wire.radius_packets import Piece

from .makes import (
    INTERIM,
    NA,
    PD,
    SLAAC,
    SROS,
    START,
    STOP,
    V4,
    Bng,
    alc_na,
    na,
    number,
    octets,
    pd,
    pd_route,
    slaac,
    triggered,
    v4,
    vendor_number,
)

NOTHING = Usage()
DUAL = Usage(v4=1, ia_pd=1, sessions=1, na_or_pd=1)


def box(lab: Lab, *, fill: Fill = Fill.AUTO) -> Bng:
    """An SR OS in service."""
    return Bng(lab=lab, family="nokia-sros", subscriber=SROS, fill=fill)


def gives(lab: Lab, *pieces: Piece) -> None:
    """What AAA answers from now on."""

    def answer(_: PacketView) -> Sequence[Piece]:
        return pieces

    lab.aaa.gives = answer


# ---- order


def test_an_interim_begins_a_session_whose_start_was_lost(lab: Lab) -> None:
    """An implicit Start: the session counts from its first Interim on, and its late Start changes nothing."""
    bng = box(lab)
    lab.at("10:15:00")
    bng.tells(INTERIM, "s1", v4(), pd(), *octets(1000, 0))
    first = bng.usage
    bng.tells(START, "s1", v4(), ago_s=900)

    assert (DUAL, DUAL) == (first, bng.usage)
    assert Traffic() == bng.traffic  # octets from before it was known here are nobody's


def test_a_stop_that_comes_before_its_start_leaves_nothing(lab: Lab) -> None:
    """The Stop is remembered: Start and Interim of before it do not bring the session to life."""
    bng = box(lab)
    lab.at("10:00:10")
    bng.tells(STOP, "s1", v4(), pd())
    bng.tells(START, "s1", v4(), pd(), ago_s=9)
    bng.tells(INTERIM, "s1", v4(), pd(), ago_s=5)

    assert NOTHING == bng.usage
    assert SessionState.STOPPED is bng.sessions["s1"].state

    lab.at("10:05:00")
    bng.tells(START, "s1", v4())  # the name came back: a new life

    assert Usage(v4=1, sessions=1) == bng.usage


@pytest.mark.parametrize("delayed", [False, True], ids=["Event-Timestamp", "and Acct-Delay-Time"])
def test_a_record_replayed_hours_late_changes_nothing_newer(lab: Lab, delayed: bool) -> None:
    """A BNG that sends eight hours later what it kept tells of the past: prefix, octets and end of back then."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.tells(START, "s1", v4())
    lab.at("17:00:00")
    bng.tells(INTERIM, "s1", v4(), *octets(5000, 0))
    known = bng.sessions["s1"]
    lab.at("18:00:00")
    late = 8 * 3600 - 300
    for status, pieces in ((INTERIM, (v4(), pd(), *octets(100, 0))), (STOP, (v4(),)), (START, (v4("203.0.113.99"),))):
        bng.tells(status, "s1", *pieces, ago_s=late, delay_s=late if delayed else 0)

    assert Usage(v4=1, sessions=1) == bng.usage
    assert Traffic(v4=5000) == bng.traffic
    assert known == bng.sessions["s1"]


def test_a_record_told_again_counts_once(lab: Lab) -> None:
    """A retransmission with a longer Acct-Delay-Time is the record that is known."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.tells(START, "s1", v4(), *octets(0, 0))
    lab.at("10:10:00")
    for delay_s in (0, 3, 9):
        bng.tells(INTERIM, "s1", v4(), *octets(1000, 500), ago_s=delay_s, delay_s=delay_s)
        lab.later(3000 if delay_s == 0 else 6000)

    assert Traffic(v4=1500) == bng.traffic


def test_a_box_whose_clock_is_hours_behind_keeps_its_sessions(lab: Lab) -> None:
    """Its Event-Timestamps order its records; whether a session has fallen silent is told by our own clock."""
    bng = box(lab)
    behind = 5 * 3600
    lab.at("10:00:00")
    bng.tells(START, "s1", v4(), number(85, 600), ago_s=behind)
    lab.at("10:09:00")
    before = bng.usage
    lab.at("10:10:00")
    bng.tells(INTERIM, "s1", v4(), number(85, 600), ago_s=behind)
    lab.at("10:39:00")
    during = bng.usage
    lab.at("10:41:00")

    assert (Usage(v4=1, sessions=1), Usage(v4=1, sessions=1), NOTHING) == (before, during, bng.usage)


# ---- what only the Access-Accept names


@pytest.mark.parametrize("session", ["s1", None], ids=["with Acct-Session-Id", "without"])
def test_a_prefix_that_accounting_leaves_out_is_filled_from_the_accept(lab: Lab, session: str | None) -> None:
    """The BNG names v4 only; AAA gave a prefix: it counts, is marked, and goes with the session."""
    bng = box(lab)
    gives(lab, pd())
    lab.at("10:00:00")
    bng.asks(session=session)
    lab.at("10:00:01")
    bng.tells(START, "s1", v4())
    row = bng.sessions["s1"]

    assert DUAL == bng.usage
    assert ((f"v4||{V4}", f"ia_pd||{PD}"), (f"ia_pd||{PD}",)) == (row.hosts, row.filled)

    lab.at("10:15:00")
    bng.tells(INTERIM, "s1", v4())

    assert DUAL == bng.usage

    lab.at("10:30:00")
    bng.tells(STOP, "s1", v4())

    assert NOTHING == bng.usage


def test_every_kind_of_ipv6_host_is_filled(lab: Lab) -> None:
    """SLAAC prefix, IA_NA, IA_PD and a managed route of the Accept all count; its IPv4 address does not."""
    bng = box(lab)
    gives(lab, v4("203.0.113.77"), slaac(), alc_na(), pd(), pd_route("2001:db8:300::/56"))
    lab.at("10:00:00")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4())

    assert {f"v4 {V4}", f"slaac {SLAAC}", f"ia_na {NA}", f"ia_pd {PD}", "pd_route 2001:db8:300::/56"} == bng.holds("s1")
    assert 4 == len(bng.sessions["s1"].filled)


def test_ipv6_that_is_accepted_while_the_session_is_up_counts(lab: Lab) -> None:
    """Requests that name no session, IPv6 asked for after the Start: its prefix is there with the next Interim."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.asks()
    bng.tells(START, "s1", v4())
    gives(lab, pd())
    lab.at("10:00:05")
    bng.asks()
    lab.at("10:15:00")
    bng.tells(INTERIM, "s1", v4())

    assert DUAL == bng.usage
    assert (f"ia_pd||{PD}",) == bng.sessions["s1"].filled


def test_a_box_that_names_prefixes_in_accounting_is_believed(lab: Lab) -> None:
    """Once it was seen to name one, what it does not name is not there: nothing is filled any more."""
    bng = box(lab)
    gives(lab, pd())
    lab.at("10:00:00")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4())
    guessed = bng.usage
    lab.at("10:01:00")
    bng.tells(START, "other", v4("203.0.113.10"), pd("2001:db8:400::/56"))
    bng.tells(STOP, "other", v4("203.0.113.10"), pd("2001:db8:400::/56"))
    lab.at("10:15:00")
    bng.tells(INTERIM, "s1", v4())

    assert DUAL == guessed
    assert Usage(v4=1, sessions=1) == bng.usage
    assert () == bng.sessions["s1"].filled


@pytest.mark.parametrize(("fill", "usage"), [(Fill.ALWAYS, DUAL), (Fill.NEVER, Usage(v4=1, sessions=1))])
def test_the_operator_says_whether_prefixes_of_the_accept_count(lab: Lab, fill: Fill, usage: Usage) -> None:
    """prefixes_from_accept: always or never, whatever the box was seen to do."""
    bng = box(lab, fill=fill)
    gives(lab, pd())
    lab.at("10:00:00")
    bng.tells(START, "other", pd("2001:db8:400::/56"))
    bng.tells(STOP, "other")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4())

    assert usage == bng.usage


def test_what_is_named_and_promised_is_simply_named(lab: Lab) -> None:
    """The Accept's prefix comes up in accounting: one host, and accounting vouches for it."""
    bng = box(lab)
    gives(lab, pd())
    lab.at("10:00:00")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4())
    lab.at("10:00:05")
    bng.tells(INTERIM, "s1", v4(), pd())

    assert DUAL == bng.usage
    assert () == bng.sessions["s1"].filled


def test_a_prefix_that_rides_as_a_managed_route_is_not_filled_beside_it(lab: Lab) -> None:
    """AAA gave a delegated prefix, accounting names it as a route: one thing, and what accounting calls it."""
    bng = box(lab)
    gives(lab, pd())
    lab.at("10:00:00")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4(), pd_route())

    assert Usage(v4=1, pd_route=1, sessions=1) == bng.usage


def test_octets_of_a_box_that_leaves_ipv6_out_are_of_either_family(lab: Lab) -> None:
    """With a prefix that only the Accept names, and one counter for all, nobody can tell whose octets they are."""
    bng = box(lab)
    gives(lab, pd())
    lab.at("10:00:00")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4())
    bng.tells(START, "s2", v4("203.0.113.10"))
    lab.at("10:10:00")
    bng.tells(INTERIM, "s1", v4(), *octets(1000, 0))
    bng.tells(INTERIM, "s2", v4("203.0.113.10"), *octets(30, 0))
    counted = bng.traffic
    lab.at("10:20:00")
    bng.tells(STOP, "s1", v4(), *octets(1500, 0))

    assert Traffic(v4=30, either=1000) == counted
    assert Traffic(v4=30, either=1500) == bng.traffic


# ---- when it ends by itself


def test_a_session_that_nobody_ends_is_over_after_its_session_timeout(lab: Lab) -> None:
    """No Interims, a lost Stop: AAA gave an hour, and a little later nothing counts any more."""
    bng = box(lab)
    gives(lab, number(27, 3600))
    lab.at("10:00:00")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4())
    lab.at("11:04:00")
    still = bng.usage
    lab.at("11:30:00")

    assert (Usage(v4=1, sessions=1), NOTHING) == (still, bng.usage)


def test_a_session_that_authenticates_again_is_not_over_by_its_timeout(lab: Lab) -> None:
    """Termination-Action RADIUS-Request: Session-Timeout is when it asks again, and no end."""
    bng = box(lab)
    gives(lab, number(27, 3600), number(29, 1))
    lab.at("10:00:00")
    bng.asks(session="s1")
    bng.tells(START, "s1", v4())
    lab.at("12:00:00")

    assert Usage(v4=1, sessions=1) == bng.usage


# ---- what people are shown


def test_a_session_shows_its_addresses_with_their_age_and_source(lab: Lab) -> None:
    """Since when each is held, who says so, where its CPE answers, and its octets by family."""
    bng = box(lab)
    gives(lab, slaac())
    lab.at("10:00:00")
    bng.asks(session="s1")
    began = lab.clock.ms
    bng.tells(START, "s1", v4(), *octets(0, 0), vendor_number(6527, 195, 0))
    lab.at("10:20:00")
    bng.tells(INTERIM, "s1", v4(), pd(), *octets(900, 100), vendor_number(6527, 195, 400))
    later = lab.clock.ms
    shown = session_shown(bng.sessions["s1"], {"bng1": IPv6Address("::1")}).model_dump(mode="json")

    def address(kind: HostKind, text: str, at: int, source: str) -> dict[str, str | None]:
        return {"kind": kind, "service": "", "address": text, "since": instant_shown(at), "source": source}

    assert [
        address(HostKind.V4, V4, began, "accounting"),
        address(HostKind.IA_PD, PD, later, "accounting"),
        address(HostKind.SLAAC, SLAAC, began, "accept"),
    ] == shown["addresses"]
    assert {"address": "2001:db8:100::1", "from": "delegated_prefix"} == shown["cpe_address"]
    assert {"v4": 600, "v6": 400, "either": 0} == shown["traffic"]
    assert instant_shown(began) == shown["began_at"]


def test_a_cpe_with_a_wan_address_is_shown_at_it(lab: Lab) -> None:
    """An IA_NA is where it answers; nothing is guessed for a session without either, or where the operator says so."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.tells(START, "s1", v4(), na(), pd())
    bng.tells(START, "s2", v4("203.0.113.10"))
    bng.tells(START, "s3", pd("2001:db8:400::/56"))
    rows = bng.sessions

    assert CpeAddress(address=NA, from_="ia_na") == session_shown(rows["s1"], {"bng1": None}).cpe_address
    assert None is session_shown(rows["s2"], {"bng1": IPv6Address("::1")}).cpe_address
    assert None is session_shown(rows["s3"], {"bng1": None}).cpe_address


def test_a_record_with_figures_that_cannot_be_is_still_a_record(lab: Lab) -> None:
    """Counters, interval and timeout at their highest: the addresses count, and the sums of the BNG are not spoilt."""
    bng = box(lab)
    most = 2**32 - 1
    lab.at("10:00:00")
    bng.tells(START, "s1", v4(), number(27, most), number(85, most))
    lab.at("10:10:00")
    bng.tells(INTERIM, "s1", v4(), *octets(most, most, into_high=most), number(53, most))
    bng.tells(INTERIM, "s1", v4(), *octets(1000, 0))

    assert Usage(v4=1, sessions=1) == bng.usage
    assert Traffic(v4=1000) == bng.traffic


def test_a_record_that_names_no_host_any_more_keeps_its_line(lab: Lab) -> None:
    """Where only the customer can have written ids of DHCPv6, a record without addresses is none of DHCPv6."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS, untrusted=frozenset((Trigger.DHCPV6,)))
    lab.at("10:00:00")
    bng.tells(START, "s1", v4())
    lab.at("10:10:00")
    told = bng.tells(INTERIM, "s1", triggered(5))

    assert (Outcome.OWN, NOTHING) == (told.outcome, bng.usage)

"""How each make of BNG accounts for a line, and what it comes to."""

from __future__ import annotations

from bngcorr.accountant.cost import BUILT_IN
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Outcome, SessionState
from tests.lab import Lab
from tests.wire import test_real_captures as captures
from tests.wire.radius_packets import plain, vsa

from .makes import (
    INTERIM,
    ISG,
    MX,
    NA,
    PD,
    PPP,
    SLAAC,
    SROS,
    START,
    STOP,
    V4,
    Bng,
    alc_na,
    multi,
    na,
    octets,
    pd,
    pd_route,
    requested,
    slaac,
    triggered,
    v4,
    vendor_number,
)  # fmt: skip

NOTHING = Usage()


def costs(usage: Usage) -> tuple[int, ...]:
    """What it costs by the four tables that come with bngcorr."""
    return tuple(
        BUILT_IN[name].resources(usage)
        for name in ("sros-classic", "sros-r12-shared", "sros-pd-managed-route", "session")
    )


# ---- Nokia SR OS


def test_sros_host_accounting_tells_each_host_as_a_session_of_its_own(lab: Lab) -> None:
    """v4, IA_NA and IA_PD start and stop by themselves; the end of one leaves the others."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS)
    lab.at("10:00:00")
    for session, piece in (("h4", v4()), ("hna", alc_na()), ("hpd", pd())):
        bng.tells(START, session, piece)

    assert Usage(v4=1, ia_na=1, ia_pd=1, sessions=3, na_or_pd=2) == bng.usage

    lab.at("10:10:00")
    bng.tells(STOP, "hna", alc_na())

    assert Usage(v4=1, ia_pd=1, sessions=2, na_or_pd=1) == bng.usage
    assert [{f"v4 {V4}"}, set(), {f"ia_pd {PD}"}] == [bng.holds(session) for session in ("h4", "hna", "hpd")]
    assert 1 == len({row.line for row in bng.sessions.values()})


def test_sros_session_accounting_tells_addresses_that_come_and_go(lab: Lab) -> None:
    """One session: the Start names v4, Interims with a reason add and remove SLAAC and IA_PD, down to nothing."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS)
    steps = [
        (START, (v4(),), Usage(v4=1, sessions=1)),
        (INTERIM, (v4(), slaac(), triggered(10)), Usage(v4=1, slaac=1, sessions=1)),
        (INTERIM, (v4(), slaac(), pd(), triggered(8)), Usage(v4=1, slaac=1, ia_pd=1, sessions=1, na_or_pd=1)),
        (INTERIM, (v4(), slaac(), pd(), triggered(1)), Usage(v4=1, slaac=1, ia_pd=1, sessions=1, na_or_pd=1)),
        (INTERIM, (v4(), slaac(), triggered(9)), Usage(v4=1, slaac=1, sessions=1)),
        (INTERIM, (triggered(1),), Usage(v4=1, slaac=1, sessions=1)),  # names nothing: nothing has changed
        (INTERIM, (v4(), triggered(11)), Usage(v4=1, sessions=1)),
        (INTERIM, (triggered(5),), NOTHING),  # the last one went down; the session is still there
    ]
    for second, (status, pieces, usage) in enumerate(steps):
        lab.at(f"10:00:{second:02}")
        bng.tells(status, "s1", *pieces, multi("q1"))

        assert usage == bng.usage, pieces
    assert SessionState.UP is bng.sessions["s1"].state

    lab.at("10:30:00")
    bng.tells(INTERIM, "s1", v4(), triggered(4))
    bng.tells(STOP, "s1", v4())

    assert (NOTHING, SessionState.STOPPED) == (bng.usage, bng.sessions["s1"].state)


def test_ten_lines_of_the_box_cost_what_the_box_shows(lab: Lab) -> None:
    """SR OS 25.3 shows System Hosts Scale 30 for ten dual-stack lines with DHCPv4, SLAAC and IA_PD."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS)
    lab.at("10:00:00")
    for line in range(10):
        mac = f"00:00:5e:00:53:{line:02x}".encode()
        who = (plain(1, mac), plain(87, b"1/1/4:100.%d" % (20 + line)), vsa(3561, (2, b"olt7/%d" % line)))
        bng.tells(
            START, f"s{line}", v4(f"203.0.113.{line}"), pd(f"2001:db8:1{line}::/56"),
            slaac(f"2001:db8:200:{line}::/64"), subscriber=who,
        )  # fmt: skip

    assert (30, 30, 20, 10) == costs(bng.usage)


def test_two_accounting_modes_at_once_count_each_address_once(lab: Lab) -> None:
    """Queue-instance and host accounting together: the instance repeats what the hosts tell, under another session."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS)
    lab.at("10:00:00")
    bng.tells(START, "h4", v4(), multi("q1"))
    bng.tells(START, "q1", v4())
    bng.tells(START, "hpd", pd(), multi("q1"))
    bng.tells(INTERIM, "q1", v4(), pd())
    both = bng.usage
    lab.at("10:10:00")
    bng.tells(STOP, "h4", v4(), multi("q1"))  # the instance still has it

    assert Usage(v4=1, ia_pd=1, sessions=3, na_or_pd=2) == both
    assert (2, 3) == costs(both)[:2]  # a pair that is shared is one for each session that says so
    assert Usage(v4=1, ia_pd=1, sessions=2, na_or_pd=2) == bng.usage

    bng.tells(STOP, "q1", v4(), pd())
    bng.tells(STOP, "hpd", pd(), multi("q1"))

    assert NOTHING == bng.usage


def test_service_accounting_repeats_addresses_that_count_once(lab: Lab) -> None:
    """A service session has its parent's addresses; its end takes none of them away."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS)
    lab.at("10:00:00")
    bng.tells(START, "s1", v4(), pd())
    bng.tells(START, "voice", v4(), pd(), multi("s1"))
    with_service = bng.usage
    lab.at("10:10:00")
    bng.tells(STOP, "voice", v4(), pd(), multi("s1"))

    assert (1, 1) == (with_service.v4, with_service.ia_pd)
    assert Usage(v4=1, ia_pd=1, sessions=1, na_or_pd=1) == bng.usage


def test_a_delegated_prefix_that_rides_as_a_managed_route_is_free_where_the_table_says_so(lab: Lab) -> None:
    """SR OS with pd-managed-route names a route, no host; an ordinary route is nothing at all."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS)
    lab.at("10:00:00")
    bng.tells(START, "s1", v4(), alc_na(), pd_route(), plain(99, b"2001:db8:fff::/48 :: 0"))

    assert Usage(v4=1, ia_na=1, pd_route=1, sessions=1, na_or_pd=1) == bng.usage
    assert (2, 2, 2, 1) == costs(bng.usage)
    assert {f"v4 {V4}", f"ia_na {NA}", f"pd_route {PD}"} == bng.holds("s1")

    lab.at("10:10:00")
    bng.tells(INTERIM, "s1", v4(), alc_na(), triggered(9))

    assert Usage(v4=1, ia_na=1, sessions=1, na_or_pd=1) == bng.usage


# ---- Juniper


def test_junos_accounts_for_each_family_in_a_session_of_its_own(lab: Lab) -> None:
    """Plain dual stack over DHCP: two sessions, both of one line, each counted in its family without any to tell."""
    bng = Bng(lab=lab, family="juniper-mx", subscriber=MX)
    lab.at("10:00:00")
    bng.tells(START, "4", v4(), requested(4))
    bng.tells(START, "6", na(), pd(), requested(16))
    lab.at("10:10:00")
    bng.tells(INTERIM, "4", v4(), *octets(700, 300), requested(2))
    bng.tells(INTERIM, "6", na(), pd(), *octets(40, 60), requested(2))
    lab.at("10:20:00")
    bng.tells(INTERIM, "4", v4(), *octets(1700, 600), requested(2))
    bng.tells(INTERIM, "6", na(), pd(), *octets(340, 260), requested(2))

    assert Usage(v4=1, ia_na=1, ia_pd=1, sessions=2, na_or_pd=1) == bng.usage
    assert 1 == len({row.line for row in bng.sessions.values()})
    assert Traffic(v4=2300, v6=600) == bng.traffic

    bng.tells(STOP, "4", v4(), requested(8))

    assert Usage(ia_na=1, ia_pd=1, sessions=1, na_or_pd=1) == bng.usage


def test_junos_accounts_for_both_families_in_a_single_session(lab: Lab) -> None:
    """A dual-stack group: families come and go within one session, told by the reasons of its records."""
    bng = Bng(lab=lab, family="juniper-mx", subscriber=MX)
    lab.at("10:00:00")
    bng.tells(START, "d", v4(), requested(4))
    lab.at("10:00:05")
    bng.tells(INTERIM, "d", v4(), na(), pd(), requested(16))
    dual = bng.usage
    lab.at("10:30:00")
    bng.tells(INTERIM, "d", v4(), requested(2 | 32))
    v4_only = bng.usage
    lab.at("10:40:00")
    bng.tells(INTERIM, "d", requested(2 | 8))

    assert Usage(v4=1, ia_na=1, ia_pd=1, sessions=1, na_or_pd=1) == dual
    assert (3, 2, 2, 1) == costs(dual)
    assert Usage(v4=1, sessions=1) == v4_only
    assert NOTHING == bng.usage
    assert SessionState.UP is bng.sessions["d"].state


def test_junos_counts_ipv6_apart(lab: Lab) -> None:
    """What the IPv6 counters have grown by is taken off what both have: the share of IPv6 is known."""
    bng = Bng(lab=lab, family="juniper-mx", subscriber=MX)
    lab.at("10:00:00")
    bng.tells(START, "d", v4(), pd(), *octets(0, 0), vendor_number(4874, 151, 0), vendor_number(4874, 152, 0))
    lab.at("10:10:00")
    bng.tells(
        INTERIM, "d", v4(), pd(), *octets(500, 1500, into_high=1), vendor_number(4874, 151, 300),
        vendor_number(4874, 152, 700), vendor_number(4874, 155, 1),
    )  # fmt: skip

    assert Traffic(v4=1000, v6=1000 + (1 << 32)) == bng.traffic


# ---- Cisco, PPP


def test_cisco_accounts_for_both_families_in_one_session(lab: Lab) -> None:
    """ISG: the AV pairs name the line, addresses are the standard attributes, and a session is one resource."""
    bng = Bng(lab=lab, family="cisco", subscriber=ISG)
    lab.at("10:00:00")
    told = bng.tells(START, "0/0/2/50.1957_780000000000F4F4", v4())
    lab.at("10:00:10")
    bng.tells(INTERIM, "0/0/2/50.1957_780000000000F4F4", v4(), slaac(f"{NA}/128"), pd())

    assert (Outcome.OWN, b"olt7/12") == (told.outcome, told.ids and told.ids.remote_id)
    assert Usage(v4=1, ia_na=1, ia_pd=1, sessions=1, na_or_pd=1) == bng.usage
    assert 1 == costs(bng.usage)[3]


def test_a_ppp_session_holds_what_ipcp_and_dhcpv6_gave(lab: Lab) -> None:
    """One session: IPCP and IPv6CP come first; the prefix by DHCPv6 causes no Access-Request, only an Interim."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=PPP)
    interface_id = plain(96, b"\xff\xff\xff\xff\xff\0\0\1")
    lab.at("10:00:00")
    bng.asks(session="ppp1")
    bng.tells(START, "ppp1", v4(), interface_id, slaac())
    lab.at("10:00:03")
    bng.tells(INTERIM, "ppp1", v4(), interface_id, slaac(), pd(), triggered(8))

    assert Usage(v4=1, slaac=1, ia_pd=1, sessions=1, na_or_pd=1) == bng.usage
    assert {f"v4 {V4}", f"slaac {SLAAC}", f"ia_pd {PD}"} == bng.holds("ppp1")

    lab.at("11:00:00")
    bng.tells(STOP, "ppp1", v4(), interface_id, slaac(), pd())

    assert NOTHING == bng.usage


# ---- real packets

RECORDED = 1_795_312_568_000  # 2026-11-22 01:56 UTC


def records(name: str) -> list[bytes]:
    """Accounting-Requests that radclient sent."""
    datagrams = captures._datagrams(captures.FOLDER / f"{name}.pcap")
    return [datagram.payload for datagram in datagrams if datagram.payload[0] == 4]


def test_real_records_of_a_whole_life(lab: Lab) -> None:
    """On; Start, two Interims with Gigawords, Stop of a session; two sessions of one CPE, v4 and v6; Off."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS, secret=captures.SECRETS[4])
    boots, *life, goes_down = records("51-acct-start-interim-stop-on-off")
    lab.clock.ms = RECORDED - 3_600_000
    lab.receive("bng1", boots)
    lab.clock.ms = RECORDED
    for record in life[:3]:
        lab.receive("bng1", record)
    in_between = bng.usage
    for record in life[3:]:
        lab.receive("bng1", record)
    rows = bng.sessions

    assert Usage(v4=1, slaac=1, ia_pd=1, sessions=1, na_or_pd=1) == in_between
    assert Usage(v4=1, ia_na=1, ia_pd=1, sessions=2, na_or_pd=1) == bng.usage
    assert SessionState.STOPPED is rows["0A1B2C3D5E6F0017"].state
    assert 17_179_869_304 == sum(bng.traffic)  # what the Stop says of the whole life
    assert 33 == bng.traffic.v6  # the second Interim counts IPv6 apart
    assert rows["dual-18-v4"].line == rows["dual-18-v6"].line != rows["0A1B2C3D5E6F0017"].line

    lab.later(60_000)
    lab.receive("bng1", goes_down)

    assert NOTHING == bng.usage


def test_two_hundred_real_starts_are_two_hundred_lines(lab: Lab) -> None:
    """A burst of Starts counts each line's addresses once, all of it in one go."""
    bng = Bng(lab=lab, family="nokia-sros", subscriber=SROS, secret=captures.SECRETS[4])
    lab.clock.ms = RECORDED
    for record in records("56-burst-200-acct"):
        lab.receive("bng1", record)

    assert 200 == bng.usage.v4 == bng.usage.sessions
    assert 200 == len({row.line for row in bng.sessions.values()})

"""What keeps DHCPv6 from being joined to DHCPv4: line ids, distances, ids that differ, delegations."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.limits import Limits
from bngcorr.wire.attributes import DELEGATED_IPV6_PREFIX
from tests.diagnose.cpe import ia_pd, option37, option82, server_id, v4, v6
from tests.diagnose.stage import REAL, Stage, ethernet, faults_of, ip4, ip6, message6, option4, option6, told, udp

DISCOVER, OFFER, REQUEST4, ACK = 1, 2, 3, 5
SOLICIT, REQUEST, RENEW, REPLY, RELEASE = 1, 3, 5, 7, 8
CPE = "3c:a6:2f:00:00:01"
OTHER = "3c:a6:2f:00:00:02"
LINE = option82(b"olt7 1/2/3", b"LINE-1")
LEASE = option4(51, (3600).to_bytes(4, "big"))

# --- SOLICITs without a line id ---------------------------------------------------------------------------------------


def test_solicits_without_a_line_id_are_counted_where_discovers_carry_one() -> None:
    """Two CPEs behind an access node that fills Option 82 and knows no LDRA: one fault for the place, two SOLICITs."""
    stage = Stage()
    for at, cpe in enumerate((CPE, OTHER)):
        stage.frame(v4(DISCOVER, cpe, LINE), 0.1 + at)
        stage.frame(v6(SOLICIT, cpe), 0.2 + at)
    (found,) = stage.faults(Fault.SOLICIT_WITHOUT_LINE)

    assert ("if0", (2, 4), 2) == (found.subject, found.packets, found.count)
    assert found.detail.startswith("2 of 2 SOLICITs")
    assert "2 of 2 DISCOVERs" in found.detail


def test_a_solicit_ahead_of_its_discover_is_counted_too() -> None:
    """30 ms of a head start, as CPEs that start both at once have it."""
    stage = Stage()
    first = stage.frame(v6(SOLICIT, CPE), 0.0)
    stage.frame(v4(DISCOVER, CPE, LINE), 0.03)

    assert {(Fault.SOLICIT_WITHOUT_LINE, "if0", (first,))} == told(stage.faults(Fault.SOLICIT_WITHOUT_LINE))


def test_discovers_that_come_much_later_still_say_what_is_usual() -> None:
    """Ten SOLICITs waited: they are told at once when the first DISCOVER with a line id shows that ids are inserted."""
    stage = Stage()
    for number in range(12):
        stage.frame(v6(SOLICIT, f"3c:a6:2f:00:01:{number:02x}"), number)
    stage.frame(v4(DISCOVER, CPE, LINE), 60)
    (found,) = stage.faults(Fault.SOLICIT_WITHOUT_LINE)

    assert tuple(range(1, 11)) == found.packets
    assert 12 == found.count
    assert found.detail.startswith("12 of 12 SOLICITs")


def test_retransmissions_are_one_solicit() -> None:
    """1 s, 2 s and 4 s later the same exchange is sent again."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    for at in (0.1, 1.1, 3.2, 7.1):
        stage.frame(v6(SOLICIT, CPE), at)
    (found,) = stage.faults(Fault.SOLICIT_WITHOUT_LINE)

    assert (1, (2,)) == (found.count, found.packets)
    assert found.detail.startswith("1 of 1 SOLICITs")


@pytest.mark.parametrize("relay", [option6(18, b"eth 0/1"), option37(b"LINE-1"), option6(38, b"sub-1")])
def test_solicits_with_an_id_are_no_fault(relay: bytes) -> None:
    """Any of Options 18, 37 and 38 of a relay names the line."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    stage.frame(v6(SOLICIT, CPE, relay=relay), 0.1)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_ids_that_the_customer_wrote_are_no_line() -> None:
    """Option 37 in the client's own message is not the network's."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    stage.frame(v6(SOLICIT, CPE, option37(b"LINE-1")), 0.1)

    assert 1 == len(stage.faults(Fault.SOLICIT_WITHOUT_LINE))


def test_the_capture_before_the_access_node_is_no_fault() -> None:
    """Neither has an id there."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE), 0.0)
    stage.frame(v6(SOLICIT, CPE), 0.1)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_a_cpe_whose_discover_names_no_line_is_not_accused_for_its_solicit() -> None:
    """Another CPE of the place has ids in both; this one has them in neither."""
    stage = Stage()
    stage.frame(v4(DISCOVER, OTHER, LINE), 0.0)
    stage.frame(v6(SOLICIT, OTHER, relay=option37(b"LINE-1")), 0.1)
    stage.frame(v4(DISCOVER, CPE), 0.2)
    stage.frame(v6(SOLICIT, CPE), 0.3)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_both_sides_of_an_access_node_in_one_capture_are_one_solicit() -> None:
    """The plain SOLICIT and what LDRA made of it, on one interface (``-i any``): the line is named."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE), 0.0)
    stage.frame(v4(DISCOVER, CPE, LINE), 0.001)
    stage.frame(v6(SOLICIT, CPE), 0.1)
    stage.frame(v6(SOLICIT, CPE, relay=option6(18, b"eth 0/1")), 0.101)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_a_cut_discover_proves_nothing() -> None:
    """A snaplen of 96 leaves no options: whether there was a line id is not known."""
    stage = Stage()
    frame = v4(DISCOVER, CPE, LINE)
    stage.frame(frame[:96], 0.0, length=len(frame))
    stage.frame(v6(SOLICIT, CPE), 0.1)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_the_storm_names_its_place() -> None:
    """perfdhcp: 120 DISCOVERs with Option 82, 120 relayed SOLICITs without any id, all of them on one line id."""
    found = faults_of(REAL / "19-storm-perfdhcp.pcap.gz")

    assert {Fault.SOLICIT_WITHOUT_LINE, Fault.LINE_ID_SHARED} == {one.fault for one in found}
    assert {120} == {one.count for one in found}


# --- distances --------------------------------------------------------------------------------------------------------


def boot(distance_s: float, *, v4_first: bool = True, lease: bool = False, limits: Limits | None = None) -> Stage:
    """A DISCOVER and a SOLICIT so far apart."""
    stage = Stage(limits)
    solicit = (v6(SOLICIT, CPE), distance_s if v4_first else 0.0)
    discover = (v4(DISCOVER, CPE), 0.0 if v4_first else distance_s)
    frames = [discover, solicit] if v4_first else [solicit, discover]
    if lease:
        frames.insert(1, (v4(ACK, CPE, LEASE), 0.5))
    for octets, at_s in frames:
        stage.frame(octets, at_s)
    return stage


@pytest.mark.parametrize("v4_first", [True, False])
@pytest.mark.parametrize(("distance_s", "faults"), [(0.03, 0), (3.551, 0), (5.0, 0), (5.001, 1), (17.165, 1)])
def test_only_what_is_beyond_the_window_is_a_fault(distance_s: float, faults: int, v4_first: bool) -> None:
    """5 s either way, as the correlator has it."""
    found = boot(distance_s, v4_first=v4_first).faults(Fault.SOLICIT_FAR)

    assert faults == len(found)
    assert all((CPE, (1, 2), Severity.WARNING) == (one.subject, one.packets, one.severity) for one in found)
    assert all(f"{distance_s:.3f} s {'after' if v4_first else 'before'}" in one.detail for one in found)


def test_the_window_is_a_threshold() -> None:
    """A BNG that waits 30 s joins them."""
    assert [] == boot(17.165, limits=Limits(window_s=30)).faults(Fault.SOLICIT_FAR)


def test_a_valid_lease_makes_it_a_notice() -> None:
    """The line is found by its live session."""
    (found,) = boot(17.165, lease=True).faults(Fault.SOLICIT_FAR)

    assert Severity.NOTICE == found.severity
    assert "live session" in found.detail


def test_retransmissions_count_by_the_nearest() -> None:
    """The SOLICIT that is sent again 15 s later comes 2 s ahead of the DISCOVER: the BNG joins that one."""
    stage = Stage()
    for at_s in (0.0, 1.0, 3.1, 7.0, 15.2):
        stage.frame(v6(SOLICIT, CPE), at_s)
    stage.frame(v4(DISCOVER, CPE), 17.2)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert [0, 0, 0, 1, 0, 0, 0, 0, 0, 0] == stage.diagnosis.distances.before


def test_a_solicit_that_names_the_line_of_the_discover_needs_no_window() -> None:
    """Option 37 behind its enterprise number is sub-option 2 of Option 82."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    stage.frame(v6(SOLICIT, CPE, relay=option37(b"LINE-1")), 60)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert 1 == len(stage.diagnosis.distances)


def test_a_solicit_without_any_discover_is_no_fault() -> None:
    """The capture began later, or the CPE speaks IPv6 only."""
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE), 0.0)
    stage.frame(v4(DISCOVER, OTHER), 60)

    assert [] == stage.faults(Fault.SOLICIT_FAR)


def test_the_same_mac_on_another_vlan_is_another_cpe() -> None:
    """A cloned MAC: each line has its own boot, 60 s apart, and both are in time."""
    stage = Stage()
    for at_s, vlans in ((0.0, (2048, 101)), (60.0, (2048, 102))):
        stage.frame(v4(DISCOVER, CPE, vlans=vlans), at_s)
        stage.frame(v6(SOLICIT, CPE, vlans=vlans), at_s + 1)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert 2 == len(stage.diagnosis.distances)


def test_a_day_later_is_another_story() -> None:
    """What is further apart than a day is not set in relation."""
    stage = boot(86_401)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert 0 == len(stage.diagnosis.distances)


def test_the_same_boot_at_two_interfaces_is_told_once() -> None:
    """In blocks: all of interface 0, then all of interface 1."""
    stage = Stage()
    for interface in (0, 1):
        stage.frame(v4(DISCOVER, CPE), 0.0 + interface / 5000, interface)
        stage.frame(v6(SOLICIT, CPE), 17.0 + interface / 5000, interface)

    assert 1 == len(stage.faults(Fault.SOLICIT_FAR))
    assert 1 == len(stage.diagnosis.distances)


def test_a_live_tap_tells_when_the_window_is_over() -> None:
    """Nothing else comes: time alone decides."""
    stage = boot(17.165)
    start_ns = stage.diagnosis.faults.last_ns[0]
    stage.diagnosis.elapsed(start_ns + 4_900_000_000)
    assert 0 == len(stage.diagnosis.faults)
    stage.diagnosis.elapsed(start_ns + 5_000_000_000)
    assert 1 == len(stage.diagnosis.faults)


# --- ids of both families ---------------------------------------------------------------------------------------------


def pair(relay4: bytes, relay6: bytes, apart_s: float = 1.0) -> Stage:
    """A DISCOVER and a SOLICIT with these ids."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, relay4), 0.0)
    stage.frame(v6(SOLICIT, CPE, relay=relay6), apart_s)
    return stage


@pytest.mark.parametrize(
    ("relay4", "relay6", "severity"),
    [
        pytest.param(option82(b"", b"LINE-1"), option37(b"LINE-2"), Severity.WARNING, id="one form, another line"),
        pytest.param(option82(b"", b"LINE-1"), option37(b"\0\1\2\3\4\5"), Severity.NOTICE, id="another form"),
        pytest.param(option82(b"eth 0/1"), option6(18, b"eth 0/2"), Severity.WARNING, id="ports of one form"),
    ],
)
def test_ids_that_differ_are_told(relay4: bytes, relay6: bytes, severity: Severity) -> None:
    """Another number in the same form is another line; another form only costs an alias."""
    (found,) = pair(relay4, relay6).faults(Fault.IDS_DIFFER)

    assert (CPE, (1, 2), severity) == (found.subject, found.packets, found.severity)


@pytest.mark.parametrize(
    ("relay4", "relay6", "apart_s"),
    [
        pytest.param(LINE, option37(b"LINE-1"), 1.0, id="equal behind the number"),
        pytest.param(LINE, option37(b"LINE-1") + option6(18, b"\1\0\0\0"), 1.0, id="an Option 18 of another form"),
        pytest.param(option82(b"lag-1-207"), option6(18, b"\1\0\0\0"), 1.0, id="a kernel's interface index"),
        pytest.param(option82(b"eth 0/1"), option37(b"LINE-1"), 1.0, id="nothing to compare"),
        pytest.param(option82(b"", b"LINE-1"), option37(b"LINE-2"), 31.0, id="moved between"),
    ],
)
def test_ids_that_agree_or_cannot_be_compared_are_no_fault(relay4: bytes, relay6: bytes, apart_s: float) -> None:
    """Forms that many networks mix."""
    assert [] == pair(relay4, relay6, apart_s).faults(Fault.IDS_DIFFER, Fault.REMOTE_ID_WITHOUT_NUMBER)


def test_option_37_without_its_number_is_told() -> None:
    """The relay forgot the enterprise number: a strip would cost four octets of the id."""
    found = pair(LINE, option6(37, b"LINE-1")).faults()

    assert {(Fault.REMOTE_ID_WITHOUT_NUMBER, CPE, (1, 2))} == told(found)


def test_ids_that_differ_are_told_once() -> None:
    """Renewals say the same again and again."""
    stage = pair(LINE, option37(b"LINE-2"))
    for at_s in (2, 3, 4):
        stage.frame(v4(REQUEST4, CPE, LINE), at_s)

    assert [1] == [one.count for one in stage.faults(Fault.IDS_DIFFER)]


@pytest.mark.parametrize(("cpes", "faults"), [(32, 0), (33, 1)])
def test_more_cpes_than_a_household_has_on_one_line_id(cpes: int, faults: int) -> None:
    """33 MACs behind one pair of ids: the id names no line."""
    stage = Stage()
    for number in range(cpes):
        stage.frame(v4(DISCOVER, f"3c:a6:2f:00:02:{number:02x}", LINE), number)
    found = stage.faults(Fault.LINE_ID_SHARED)

    assert faults * [("Circuit-Id olt7 1/2/3, Remote-Id LINE-1", 33)] == [(one.subject, one.count) for one in found]


def test_one_remote_id_from_two_ports_names_the_node() -> None:
    """Two subscribers' ports, one Remote-Id."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, option82(b"port 1", b"dslam-9")), 0)
    stage.frame(v4(DISCOVER, OTHER, option82(b"port 2", b"dslam-9")), 1)

    assert {(Fault.REMOTE_ID_TWICE, "dslam-9", (1, 2))} == told(stage.faults())


def test_a_cpe_that_was_moved_brings_its_remote_id_along() -> None:
    """One CPE behind two ports is no second line."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, option82(b"port 1", b"LINE-1")), 0)
    stage.frame(v4(DISCOVER, CPE, option82(b"port 2", b"LINE-1")), 60)

    assert [] == stage.faults()


def test_the_relay_that_names_itself_is_told_once_for_both_interfaces() -> None:
    """dibbler puts one Remote-Id on both ports; the capture holds each message before and behind the outer relay."""
    two = faults_of(REAL / "04b-v6-two-relays-agg-2if.pcapng")
    server = faults_of(REAL / "04b-v6-two-relays-server.pcap")

    assert {(Fault.REMOTE_ID_TWICE, "DSLAM-9/LINE-77", (1, 9))} == told(two, Fault.REMOTE_ID_TWICE)
    assert {(Fault.REMOTE_ID_TWICE, "DSLAM-9/LINE-77", (1, 5))} == told(server, Fault.REMOTE_ID_TWICE)


# --- delegations ------------------------------------------------------------------------------------------------------


def exchange(stage: Stage, server: int, prefix: str, at_s: float, xid: int, client: str = CPE) -> tuple[int, int]:
    """REQUEST and REPLY with one server."""
    asked = stage.frame(v6(REQUEST, client, server_id(server), xid=xid), at_s)
    return asked, stage.frame(v6(REPLY, client, server_id(server), ia_pd(prefix), xid=xid), at_s + 0.01)


def test_two_requests_to_two_servers_are_two_prefixes() -> None:
    """The CPE answers both ADVERTISEs: only one of the prefixes will be routed."""
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE), 0)
    exchange(stage, 1, "2001:db8:1::", 1, 2)
    exchange(stage, 2, "2001:db8:2::", 1.1, 3)
    (found,) = stage.faults(Fault.TWO_DELEGATIONS)

    assert (CPE, (2, 3, 4, 5), None) == (found.subject, found.packets, found.cleared)
    assert "2001:db8:1::/56" in found.detail
    assert "2001:db8:2::/56" in found.detail


def test_two_servers_that_commit_at_once_are_told() -> None:
    """Rapid Commit: each server replies to the SOLICIT, and has given a prefix away (RFC 8415 §18.3.1)."""
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE, option6(14, b"")), 0)
    for number in (1, 2):
        stage.frame(v6(REPLY, CPE, server_id(number), ia_pd(f"2001:db8:{number}::")), 0.1 * number)

    assert {(Fault.TWO_DELEGATIONS, CPE, (1, 2, 3))} == told(stage.faults(Fault.TWO_DELEGATIONS))


def test_giving_one_back_clears_it() -> None:
    """A RELEASE to the server of the second."""
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE), 0)
    exchange(stage, 1, "2001:db8:1::", 1, 2)
    exchange(stage, 2, "2001:db8:2::", 1.1, 3)
    released = stage.frame(v6(RELEASE, CPE, server_id(2), ia_pd("2001:db8:2::"), xid=9), 2)

    assert [released] == [one.cleared for one in stage.faults(Fault.TWO_DELEGATIONS)]


def test_another_server_after_a_new_boot_is_no_fault() -> None:
    """The first server is gone; the CPE starts anew and asks whom it finds."""
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE, xid=1), 0)
    exchange(stage, 1, "2001:db8:1::", 1, 2)
    stage.frame(v6(SOLICIT, CPE, xid=5), 600)
    exchange(stage, 2, "2001:db8:2::", 601, 6)

    assert [] == stage.faults(Fault.TWO_DELEGATIONS, Fault.PREFIX_ELSEWHERE)


def test_two_prefixes_of_one_server_are_no_fault() -> None:
    """Two IA_PDs, asked for one after the other."""
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE), 0)
    exchange(stage, 1, "2001:db8:1::", 1, 2)
    exchange(stage, 1, "2001:db8:2::", 2, 3)

    assert [] == stage.faults()


def test_a_renewal_at_another_server_is_told() -> None:
    """Server 1 delegated it, server 2 is to renew it."""
    stage = Stage()
    _, reply = exchange(stage, 1, "2001:db8:1::", 1, 2)
    renew = stage.frame(v6(RENEW, CPE, server_id(2), ia_pd("2001:db8:1::"), xid=3), 1800)
    (found,) = stage.faults(Fault.PREFIX_ELSEWHERE)

    assert (CPE, (reply, renew), Severity.CRITICAL) == (found.subject, found.packets, found.severity)


def test_a_renewal_at_the_server_that_took_over_is_no_fault() -> None:
    """Server 2 answered the REBIND and keeps the prefix from then on."""
    stage = Stage()
    exchange(stage, 1, "2001:db8:1::", 1, 2)
    stage.frame(v6(6, CPE, ia_pd("2001:db8:1::"), xid=3), 3000)
    stage.frame(v6(REPLY, CPE, server_id(2), ia_pd("2001:db8:1::"), xid=3), 3001)
    stage.frame(v6(RENEW, CPE, server_id(2), ia_pd("2001:db8:1::"), xid=4), 4800)

    assert [] == stage.faults(Fault.PREFIX_ELSEWHERE)


def accounting(prefix: str, status: int = 3, mac: str = CPE) -> bytes:
    """An Accounting-Request of that CPE's session."""

    def attribute(kind: int, value: bytes) -> bytes:
        return bytes((kind, len(value) + 2)) + value

    body = attribute(40, status.to_bytes(4, "big")) + attribute(31, mac.encode()) + attribute(44, b"s-1")
    body += attribute(DELEGATED_IPV6_PREFIX, b"\0\x38" + ip_address(prefix).packed)
    packet = bytes((4, 1)) + (20 + len(body)).to_bytes(2, "big") + bytes(16) + body
    datagram = udp(50_000, 1813, packet)
    return ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", 0x0800, ip4("192.0.2.1", "192.0.2.2", 17, datagram))


def test_accounting_of_another_prefix_is_told_and_cleared_by_the_right_one() -> None:
    """The BNG routes what it accounts: what the CPE was delegated is a black hole until it is accounted, too."""
    stage = Stage()
    _, reply = exchange(stage, 1, "2001:db8:1::", 1, 2)
    record = stage.frame(accounting("2001:db8:2::"), 60)
    (found,) = stage.diagnosis.faults

    assert (Fault.PREFIX_ELSEWHERE, CPE, (reply, record)) == (found.fault, found.subject, found.packets)
    right = stage.frame(accounting("2001:db8:1::"), 120)
    assert [right] == [one.cleared for one in stage.faults(Fault.PREFIX_ELSEWHERE)]


@pytest.mark.parametrize(
    ("prefix", "at_s", "status", "mac"),
    [
        pytest.param("2001:db8:1::", 60, 3, CPE, id="the same prefix"),
        pytest.param("2001:db8:2::", 5, 3, CPE, id="accounting lags behind"),
        pytest.param("2001:db8:2::", 60, 2, CPE, id="a Stop of what was before"),
        pytest.param("2001:db8:2::", 60, 3, OTHER, id="another CPE"),
        pytest.param("2001:db8:2::", 7300, 3, CPE, id="the delegation is over"),
    ],
)
def test_accounting_that_says_nothing_against_the_delegation(prefix: str, at_s: float, status: int, mac: str) -> None:
    """Only a record that should hold the prefix, and holds another, is a fault."""
    stage = Stage()
    exchange(stage, 1, "2001:db8:1::", 1, 2)
    stage.frame(accounting(prefix, status, mac), at_s)

    assert [] == stage.faults(Fault.PREFIX_ELSEWHERE)


def test_a_refused_prefix_is_no_delegation() -> None:
    """IA_PD with a prefix whose status says NoPrefixAvail (RFC 8415 §21.22)."""
    status = option6(13, b"\0\6")
    inside = bytes(4) + (7200).to_bytes(4, "big") + b"\x38" + bytes.fromhex("20010db8") + bytes(12) + status
    refused = option6(25, bytes(12) + option6(26, inside))
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE), 0)
    exchange(stage, 1, "2001:db8:1::", 1, 2)
    stage.frame(v6(REQUEST, CPE, server_id(2), xid=3), 2)
    stage.frame(v6(REPLY, CPE, server_id(2), refused, xid=3), 2.1)

    assert [] == stage.faults(Fault.TWO_DELEGATIONS)


def test_a_server_without_an_id_is_passed_over() -> None:
    """Messages that are not what RFC 8415 §16 has are nobody's delegation."""
    stage = Stage()
    for number in (1, 2):
        message = message6(REPLY, ia_pd(f"2001:db8:{number}::"))
        packet = ip6("fe80::1", "fe80::2", 17, udp(547, 546, message))
        stage.frame(ethernet("02:00:00:00:00:01", CPE, 0x86DD, packet), number)

    assert [] == stage.faults()

"""Captures of real clients, relays and servers are replayed as their notes say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bngcorr.capture.reader import records
from bngcorr.model.vocabulary import MacSource, Outcome, Rung, Trigger, VlanModel
from bngcorr.replay.run import DhcpIs

from .stage import CAPTURES, Result, bngs, pcapng, play

REAL, RADIUS = CAPTURES / "real", CAPTURES / "radius"


def triggers(result: Result) -> Counter[Trigger]:
    """Requests by protocol."""
    return Counter(row.trigger for row in result.rows)


def test_a_solicit_3_5_s_after_the_discover_is_matched_within_5_s_and_not_within_2_s() -> None:
    """The access side tells the CPE, the uplink the line: its last sight is the REQUEST, 1 ms after the DISCOVER.

    The Interface-Id in the relayed SOLICIT is the router's own, and names no line.
    """
    paths = [REAL / f"05-dual-v4-then-v6-3s-{side}.pcap" for side in ("access", "uplink")]
    result = play(*paths, windows_s=(2, 5))
    windows = result.replay.windows
    assert windows is not None
    verdict = result.rows[1].verdict

    assert [Outcome.OWN, Outcome.MATCHED] == result.outcomes
    assert ["DISCOVER", "SOLICIT"] == [row.what for row in result.rows]
    assert verdict is not None
    assert (Rung.WINDOW, -3550) == (verdict.rung, verdict.distance_ms)
    assert [0, 1] == [found[Outcome.MATCHED] for found in windows.alone]
    assert b"lag-1-207" == result.rows[1].circuit_id


def test_sights_before_and_behind_a_relay_are_one_request() -> None:
    """The DISCOVER of the access side carries no Option 82; that of the uplink names its line."""
    result = play(REAL / "01-v4-opt82-iscrelay-2if.pcapng")

    assert [("DISCOVER", Outcome.OWN, b"Gi0-1-7-100", 1)] == [
        (row.what, row.outcome, row.circuit_id, row.copies) for row in result.rows
    ]
    assert "OFFER" == result.rows[0].answer


def test_the_access_side_alone_names_no_line() -> None:
    """Without Option 82 and LDRA nothing is matched, and nothing is made up."""
    result = play(REAL / "05-dual-v4-then-v6-3s-access.pcap")

    assert [Outcome.UNMATCHED] * 2 == result.outcomes


@pytest.mark.parametrize("name", ["10b-qinq-same-mac-two-lines.pcap", "10b-qinq-same-mac-two-lines-3if.pcapng"])
def test_three_lines_on_a_trunk_are_three_pairs_of_requests(name: str) -> None:
    """Copies on the CPEs' own interfaces are no requests of their own; each CPE is known by both VLANs."""
    result = play(REAL / name)

    assert {Trigger.DHCPV4: 3, Trigger.DHCPV6: 3} == triggers(result)
    assert [Outcome.UNMATCHED] * 6 == result.outcomes
    vlans = [row.attachment.text.partition(":")[2] for row in result.rows if row.attachment is not None]
    assert ["2048.101", "2048.101", "2048.102", "2048.102", "3001", "3001"] == vlans


@pytest.mark.parametrize("vlan_model", VlanModel)
def test_one_mac_on_two_lines_never_crosses(tmp_path: Path, vlan_model: VlanModel) -> None:
    """The DISCOVERs of the trunk get an Option 82 each: a SOLICIT is matched with that of its own VLANs, or not at all.

    Where VLANs are shared the MAC is all there is, and it has been on another line.
    """
    frames = []
    for record in records(REAL / "10b-qinq-same-mac-two-lines.pcap"):
        assert record.at_ns is not None
        octets = _with_option82(record.octets)
        frames.append((0, (record.at_ns / 1e9) - 1_790_000_000, octets))
    result = play(pcapng(tmp_path / "named.pcapng", *frames), of=bngs(vlan_model=vlan_model), windows_s=(5,))

    found = [row.outcome for row in result.rows if row.trigger is Trigger.DHCPV6]
    second = Outcome.MATCHED if vlan_model is VlanModel.PER_LINE else Outcome.AMBIGUOUS
    assert [Outcome.MATCHED, second, Outcome.MATCHED] == found
    for row in result.rows:
        assert row.attachment is not None
        if row.outcome is Outcome.AMBIGUOUS:
            continue
        assert row.attachment.text.encode().partition(b":")[2] == row.circuit_id


def _with_option82(octets: bytes) -> bytes:
    """A DISCOVER or REQUEST with its VLANs for a Circuit-Id, as an access node would write it."""
    at = octets.find(b"\x63\x82\x53\x63")
    if at < 0 or octets[at - 236] != 1:
        return octets
    start = at - 236 - 28
    vlans = []
    tag = 12
    while octets[tag : tag + 2] in (b"\x88\xa8", b"\x81\x00"):
        vlans.append(str(int.from_bytes(octets[tag + 2 : tag + 4], "big") & 0xFFF))
        tag += 4
    circuit = ".".join(vlans).encode()
    end = octets.rfind(b"\xff", at)
    payload = octets[at - 236 : end] + bytes((82, len(circuit) + 2, 1, len(circuit))) + circuit + b"\xff"
    udp = octets[start + 20 : start + 24] + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload
    ip = octets[start : start + 2] + (20 + len(udp)).to_bytes(2, "big") + octets[start + 4 : start + 20]
    return octets[:start] + ip + udp


def test_120_customers_on_one_line_id_are_told_apart_by_nobody() -> None:
    """Every DISCOVER names the same line, the SOLICITs none: chaddr is the customer's word, so nothing is matched."""
    result = play(REAL / "19-storm-perfdhcp.pcap.gz")

    assert {Outcome.OWN: 120, Outcome.UNMATCHED: 120} == Counter(result.outcomes)
    assert 1 == len({row.verdict.line for row in result.rows if row.verdict is not None and row.verdict.line})


def test_no_line_is_given_to_120_macs_even_if_the_router_vouches_for_them() -> None:
    """The router compares chaddr with the frame, and the SOLICITs tell no MAC that anybody vouches for."""
    result = play(REAL / "19-storm-perfdhcp.pcap.gz", of=bngs(relayed_mac=MacSource.SEEN))

    assert 120 == result.outcomes.count(Outcome.OWN)
    assert {row.verdict.line for row in result.rows if row.verdict is not None and row.outcome is Outcome.MATCHED} <= {
        result.rows[0].verdict.line if result.rows[0].verdict is not None else None
    }


def test_a_message_that_a_cooked_capture_holds_twice_is_one_request() -> None:
    """-i any shows each message on two interfaces."""
    result = play(REAL / "16-any-cooked-sll1.pcap")

    assert {Trigger.DHCPV4: 1, Trigger.DHCPV6: 1} == triggers(result)
    assert [1, 1] == [row.copies for row in result.rows]


def test_cut_messages_are_counted_and_their_whole_copies_replayed() -> None:
    """One interface was captured with a snaplen of 96."""
    result = play(REAL / "16-two-if-snaplen-96-and-full.pcapng")

    assert {Trigger.DHCPV4: 1, Trigger.DHCPV6: 1} == triggers(result)
    assert result.replay.dhcp is not None
    assert 4 == result.replay.dhcp.refused["cut"]


def test_two_cpes_behind_one_port_of_a_router_are_not_taken_for_one_line() -> None:
    """Nested relays: the outer one names only its own port, the same one for both. Between the two the inner one's ids
    are seen: one Remote-Id for both CPEs, and an Interface-Id for each.
    """
    server = play(REAL / "04b-v6-two-relays-server.pcap")
    between = play(REAL / "04b-v6-two-relays-agg-2if.pcapng")

    assert [Outcome.UNMATCHED] * 2 == server.outcomes
    assert [Outcome.OWN] * 2 == between.outcomes
    assert 1 == len({row.remote_id for row in between.rows})
    assert 2 == len({row.verdict.line for row in between.rows if row.verdict is not None})


def test_renewals_with_the_number_of_the_first_request_are_no_requests() -> None:
    """dhclient renews with its first transaction's number; two SOLICITs and two transactions of DISCOVERs remain."""
    result = play(REAL / "08-renew-rebind-release-uplink.pcap")

    assert {Trigger.DHCPV4: 2, Trigger.DHCPV6: 2} == triggers(result)
    assert 1 == sum(row.retransmissions for row in result.rows if row.what == "DISCOVER")


def test_a_request_after_a_reboot_is_one_that_a_bng_asks_on() -> None:
    """INIT-REBOOT is answered by NAK; then DISCOVER and SOLICIT follow."""
    result = play(REAL / "21-nak-inform-confirm-inforeq-access.pcap")

    assert [("REQUEST", "NAK"), ("DISCOVER", "OFFER"), ("SOLICIT", "ADVERTISE")] == [
        (row.what, row.answer) for row in result.rows
    ]


@pytest.mark.parametrize("name", ["12-ra-lifetime-0.pcap", "14-6in4-synack-repeats-bng.pcap"])
def test_captures_without_dhcp_and_radius_hold_nothing_to_replay(name: str) -> None:
    """Frames are read, none is a request."""
    result = play(REAL / name)

    assert [] == result.rows
    assert 0 < result.replay.feed.frames


@pytest.mark.parametrize("secret", [b"bng-Lab_Secret-2026", None])
def test_access_requests_are_paired_with_what_aaa_said(secret: bytes | None) -> None:
    """Four Accepts and two Rejects; the answer to the Status-Server is none to a request. All verifies."""
    result = play(RADIUS / "50-auth-pap-chap.pcap", of=bngs(secret=secret))
    radius = result.replay.radius

    assert {"Access-Accept": 4, "Access-Reject": 2} == radius.access.answers
    assert 0 == radius.unpaired
    assert 0 == radius.wrong
    assert (0 if secret is None else 7) <= radius.verified
    assert [row.answer_ms is not None for row in result.rows] == [True] * 6


def test_a_wrong_secret_is_told_and_nothing_is_decided() -> None:
    """What is signed otherwise is refused by name, as on the request path."""
    result = play(RADIUS / "51-acct-start-interim-stop-on-off.pcap", of=bngs(secret=b"another"))
    radius = result.replay.radius

    assert 8 == radius.wrong
    assert {"bad-authenticator": 8} == radius.refused
    assert [] == result.rows


def test_accounting_is_decided_and_answered() -> None:
    """Start, Interims and Stop of one session agree; the records of the other two sessions name no line."""
    result = play(RADIUS / "51-acct-start-interim-stop-on-off.pcap", of=bngs(secret=b"bng-Lab_Secret-2026"))

    assert ["Accounting-On", "Accounting-Start", "Accounting-Interim", "Accounting-Interim", "Accounting-Stop"] == [
        row.what for row in result.rows[:5]
    ]
    assert [Outcome.OWN] * 4 == result.outcomes[1:5]
    assert 1 == len({row.verdict.line for row in result.rows[1:5] if row.verdict is not None})
    assert {"Accounting-Response": 8} == result.replay.radius.accounting.answers
    assert 16 == result.replay.radius.verified


def test_radius_over_ipv6_is_replayed() -> None:
    """Each is of the BNG at its IPv6 address."""
    result = play(RADIUS / "54-ipv6-transport.pcap", of=bngs(secret=b"v6-secret-Lab"))

    assert ["Access-Accept", "Accounting-Response"] == [row.answer for row in result.rows]
    assert 0 == result.replay.radius.wrong


def test_a_burst_that_uses_ports_and_identifiers_again_is_paired_right() -> None:
    """200 lines, 20 requests in flight: each has its own answer, and no line two sessions."""
    result = play(RADIUS / "56-burst-200-acct.pcap", of=bngs(secret=b"bng-Lab_Secret-2026"))

    assert {"Accounting-Response": 200} == result.replay.radius.accounting.answers
    assert 400 == result.replay.radius.verified
    assert 200 == len({row.verdict.line for row in result.rows if row.verdict is not None})


def test_what_dhcp_is_taken_for_can_be_said() -> None:
    """As sightings nobody is asked about, ignored nothing is even read."""
    path = REAL / "16-any-cooked-sll1.pcap"
    sightings, ignored = play(path, dhcp=DhcpIs.SIGHTINGS), play(path, dhcp=DhcpIs.IGNORED)

    assert [] == sightings.rows == ignored.rows
    assert sightings.replay.dhcp is not None
    assert ignored.replay.dhcp is None

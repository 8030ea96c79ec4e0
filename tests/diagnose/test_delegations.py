"""Prefixes of two servers, and prefixes that are kept elsewhere than they were delegated."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.wire.attributes import DELEGATED_IPV6_PREFIX
from tests.diagnose.cpe import CPE, OTHER, RELEASE, RENEW, REPLY, REQUEST, SOLICIT, ia_pd, server_id, v6
from tests.diagnose.stage import Stage, ethernet, ip4, ip6, message6, option6, udp

REBIND = 6


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

    (found,) = stage.faults(Fault.TWO_DELEGATIONS)

    assert (CPE, (1, 2, 3), Severity.NOTICE) == (found.subject, found.packets, found.severity)
    assert "the CPE uses one of them" in found.detail


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


def test_servers_that_share_their_leases_may_both_answer_a_rebind() -> None:
    """A failover pair: the CPE takes the first REPLY, and renews there, though the other's came later."""
    stage = Stage()
    stage.frame(v6(REBIND, CPE, ia_pd("2001:db8:1::"), xid=4), 0)
    for number in (2, 1):
        stage.frame(v6(REPLY, CPE, server_id(number), ia_pd("2001:db8:1::"), xid=4), 0.1 * number)
    stage.frame(v6(RENEW, CPE, server_id(2), ia_pd("2001:db8:1::"), xid=5), 1_800)

    assert [] == stage.faults(Fault.PREFIX_ELSEWHERE)


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

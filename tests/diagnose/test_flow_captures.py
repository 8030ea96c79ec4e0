"""Missing answers, tunnels and resolvers in captures of real clients: what they show, and that the rest is silent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.stage import RADIUS, REAL, SHARED, faults_of

KINDS = (
    Fault.GATEWAY_SILENT, Fault.DISCOVER_UNANSWERED, Fault.SOLICIT_UNANSWERED, Fault.LEASE4_UNANSWERED,
    Fault.LEASE6_UNANSWERED, Fault.ANSWERS_NOT_SEEN, Fault.RADIUS_UNANSWERED, Fault.RADIUS_SERVER_SILENT,
    Fault.RECEIVE_PATH_DEAD, Fault.HANDSHAKE_LOST_BEHIND, Fault.HANDSHAKE_UNFINISHED, Fault.BIG_PACKETS_LOST,
    Fault.RESOLVERS_ONLY_IN_RA, Fault.RESOLVERS_ONLY_IN_DHCPV6, Fault.MANAGED_WITHOUT_ADDRESSES,
    Fault.ADDRESSES_UNMANAGED, Fault.AAAA_UNUSED,
)  # fmt: skip
BEHIND, BEFORE, LEASE4, LEASE6 = (
    Fault.HANDSHAKE_LOST_BEHIND, Fault.HANDSHAKE_UNFINISHED, Fault.LEASE4_UNANSWERED, Fault.LEASE6_UNANSWERED,
)  # fmt: skip
TUNNEL = "6in4 203.0.113.14 – 198.51.100.66"
CPE = "a4:91:b1:80:00:08"
Row = tuple[Fault, str, tuple[int, ...], int, int | None]  # packets, how often, number of what cleared it
GATEWAY: set[Row] = {
    (Fault.GATEWAY_SILENT, "10.13.0.1", (14, 15, 16, 18, 20, 21, 26, 27, 29, 41), 12, 54),
    (Fault.GATEWAY_SILENT, "2001:db8:13::1", (28, 30, 31, 36, 37, 38), 6, None),
}
EXPECTED: dict[str, set[Row]] = {
    # the server hears nothing for 25 s: renewals go on to REBIND and a new start
    "08-renew-rebind-release-access.pcap": {
        (LEASE4, CPE, (19, 21, 22, 24), 4, 33),
        (LEASE6, CPE, (20, 23), 2, 29),
    },
    "08-renew-rebind-release-uplink.pcap": {
        (LEASE4, CPE, (21, 24, 26, 29), 4, 38),
        (LEASE6, CPE, (23, 28), 2, 34),
    },
    "13-unanswered-arp-ns.pcap": GATEWAY,
    "13-unanswered-arp-ns.pcapng": GATEWAY,
    "14-6in4-synack-repeats-bng.pcap": {
        (BEHIND, TUNNEL, (8, 9, 15, 21, 25, 30), 5, None),
        (BEFORE, TUNNEL, (38, 41, 42, 43, 44), 5, None),
    },
    "14-6in4-synack-repeats-server.pcapng": {
        (BEHIND, TUNNEL, (14, 15, 31, 43, 51, 63), 5, None),
        (BEFORE, TUNNEL, (76, 79, 81, 83, 87), 5, None),
    },
}
PUBLIC: dict[str, set[tuple[Fault, str, int]]] = {
    "CESNET+ipfixprobe/tests/functional/inputs/arp.pcap": {
        (Fault.GATEWAY_SILENT, "192.168.0.37", 12),
        (Fault.GATEWAY_SILENT, "192.168.0.38", 11),
    },
    "CESNET+ipfixprobe/tests/functional/inputs/mixed.pcap": {
        (Fault.DISCOVER_UNANSWERED, "a0:f3:c1:16:5a:ca", 18),
        (Fault.SOLICIT_UNANSWERED, "a0:f3:c1:16:5a:ca", 7),
    },
    "the-tcpdump-group+tcpdump/tests/eapon1.pcap": {(Fault.DISCOVER_UNANSWERED, "00:04:23:57:a5:7a", 8)},
    "nttcom+zeek-parser-DHCPv6-COM/testing/Traces/test.pcap": {(Fault.ANSWERS_NOT_SEEN, "DHCPv6", 42)},
    "ntop+nDPI/tests/cfgs/default/pcap/6in4tunnel.pcap": set(),
    "ntop+nDPI/tests/cfgs/default/pcap/syslog.pcap": set(),
}
CAPTURES = [path for folder in (REAL, RADIUS) for path in sorted(folder.glob("*.pcap*"))]


def rows(path: Path) -> set[Row]:
    """What is told of a capture, of these kinds."""
    return {
        (one.fault, one.subject, one.packets, one.count, one.cleared) for one in faults_of(path) if one.fault in KINDS
    }


def oracle(name: str) -> dict[str, Any]:
    """What tshark read in the capture."""
    path = SHARED / "real" / name
    if not path.exists():
        pytest.skip("the oracle is not here")
    read: dict[str, Any] = json.loads(path.read_text())
    return read


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_a_capture_shows_what_is_in_it_and_nothing_else(path: Path) -> None:
    """Packets, how often, and by what it was over; of a capture without such a fault, nothing."""
    assert EXPECTED.get(path.name, set()) == rows(path)


@pytest.mark.parametrize("name", PUBLIC)
def test_captures_of_others_show_what_people_saw_in_them(name: str) -> None:
    """A dead printer, phones before they have a network, a one-sided trace; tunnels and logs that are well."""
    path = SHARED / "public" / name
    if not path.exists():
        pytest.skip("the public captures are not here")

    assert PUBLIC[name] == {(fault, subject, count) for fault, subject, _, count, _ in rows(path)}


def test_questions_for_the_gateway_are_those_that_tshark_shows() -> None:
    """All for 10.13.0.1 but the last, which is answered, and all for 2001:db8:13::1; ndisc6's two for ::3 are none."""
    read = oracle("13-unanswered-arp-ns.expect.json")
    arps = [int(row["n"]) for row in read["arp"] if row["op"] == "1" and row["tpa"] == "10.13.0.1"]
    solicitations = [int(row["n"]) for row in read["nd"] if row.get("ns_target") == "2001:db8:13::1"]
    told = {row[1]: row for row in rows(REAL / "13-unanswered-arp-ns.pcap")}

    assert {"10.13.0.1", "2001:db8:13::1"} == set(told)
    assert (tuple(arps[:10]), len(arps) - 1) == told["10.13.0.1"][2:4]
    assert (tuple(solicitations), len(solicitations)) == told["2001:db8:13::1"][2:4]


@pytest.mark.parametrize(
    "name", ["14-6in4-synack-repeats-bng.expect.json", "14-6in4-synack-repeats-server.ng.expect.json"]
)
def test_repeated_syn_acks_are_as_many_as_tshark_counts(name: str) -> None:
    """Those of the outer interface; connections that are refused, or get through, repeat none."""
    repeated = [
        row["count"]
        for row in oracle(name)["tcp_syn_in_6in4"]
        if row["kind"] == "SYN/ACK" and row["count"] > 1 and row["if"] in ("", "0")
    ]
    path = REAL / name.replace(".ng.expect.json", ".pcapng").replace(".expect.json", ".pcap")

    assert sorted(repeated) == sorted(row[3] for row in rows(path))

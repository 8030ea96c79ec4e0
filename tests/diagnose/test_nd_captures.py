"""Neighbor Discovery, addresses and MACs in captures of real clients: what they show, and that the rest is silent."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.stage import REAL, SHARED, faults_of, told

GONE, FLAG, LINK, DUPLICATE = Fault.ROUTER_GONE, Fault.ROUTER_FLAG, Fault.LINK_ADDRESS, Fault.DUPLICATE_ADDRESS
KINDS = (
    GONE, FLAG, LINK, DUPLICATE, Fault.MANY_PREFIXES, Fault.MACS_DIFFER, Fault.DUID_OF_OTHER, Fault.MOVING_ADDRESS,
)  # fmt: skip
BNG = "fe80::be:10ff:fe00:1"
CPE = "3c:a6:2f:18:00:aa"
Told = set[tuple[Fault, str, tuple[int, ...]]]
EXPECTED: dict[str, Told] = {
    # the daemon is stopped at the end: its last RA on each line
    "10b-qinq-same-mac-two-lines.pcap": {(GONE, BNG, (99, 102)), (GONE, BNG, (76, 103)), (GONE, BNG, (82, 104))},
    "10b-qinq-same-mac-two-lines-3if.pcapng": {
        (GONE, BNG, (158, 160)),
        (GONE, BNG, (119, 167)),
        (GONE, BNG, (127, 168)),
    },
    "11-dad-conflicts.pcap": {
        (DUPLICATE, "fe80::3ea6:2fff:fe11:aa", (8, 9)),
        (DUPLICATE, "2001:db8:11::1000", (24, 25, 33, 34)),
        (DUPLICATE, "10.11.0.100", (47, 48, 49)),
    },
    "12-ra-lifetime-0.pcap": {(GONE, "fe80::bb:12ff:fe00:1", (14, 17, 20, 21, 22, 23))},
    "17-na-r-flag-cleared.pcap": {(FLAG, "fe80::bb:17ff:fe00:1", (5, 13, 15))},
    "18-ns-sllao-differs-bng.pcap": {(LINK, CPE, (6, 11, 17, 20, 27, 37, 40))},
    "18-ns-sllao-differs-2if.pcapng": {(LINK, CPE, (14, 26, 35, 44, 58, 75, 81))},
}
CAPTURES = sorted(path.name for path in REAL.iterdir() if path.suffix != ".md")


@cache
def _told(path: Path) -> Told:
    return told(faults_of(path), *KINDS)


def _oracle(name: str) -> dict[str, list[dict[str, str]]]:
    path = SHARED / "real" / name
    if not path.exists():
        pytest.skip("the oracle is not here")
    read: dict[str, list[dict[str, str]]] = json.loads(path.read_text())
    return read


def _packets(name: str) -> list[int]:
    return sorted(number for _, _, packets in _told(REAL / name) for number in packets)


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_shows_what_is_in_it_and_nothing_else(name: str) -> None:
    """Faults with their packets where clients met them; none where they booted and renewed."""
    assert EXPECTED.get(name, set()) == _told(REAL / name)


def test_every_ra_with_lifetime_0_is_among_the_packets() -> None:
    """As tshark counts them: five of one router, which announces itself again."""
    rows = _oracle("12-ra-lifetime-0.expect.json")["nd"]
    withdrawn = [int(row["n"]) for row in rows if row.get("router_lifetime") == "0"]
    (found,) = (one for one in faults_of(REAL / "12-ra-lifetime-0.pcap") if one.fault is GONE)

    assert (5, withdrawn) == (found.count, list(found.packets[1:]))
    assert found.cleared == withdrawn[-1] + 1


def test_every_na_of_the_router_without_its_flag_is_among_the_packets() -> None:
    """As tshark reads the flags."""
    rows = _oracle("17-na-r-flag-cleared.expect.json")["nd"]
    without = [int(row["n"]) for row in rows if row.get("R") == "0" and row["na_target"] == "fe80::bb:17ff:fe00:1"]

    assert without == _packets("17-na-r-flag-cleared.pcap")[1:]


@pytest.mark.parametrize("name", ["18-ns-sllao-differs-bng.pcap", "18-ns-sllao-differs-2if.pcapng"])
def test_every_message_whose_option_differs_from_its_frame_is_told(name: str) -> None:
    """As tshark reads options, ARP senders and Ethernet sources; of two interfaces only behind the access node."""
    oracle = _oracle(name.replace(".pcapng", ".ng.expect.json").replace(".pcap", ".expect.json"))
    differing = [int(row["n"]) for row in oracle["nd"] if row.get("lladdr_opt", row["eth_src"]) != row["eth_src"]] + [
        int(row["n"]) for row in oracle["arp"] if row["sha"] != row["eth_src"]
    ]

    assert sorted(differing) == _packets(name)


def test_every_answered_probe_counts() -> None:
    """Three solicitations of two addresses, one ARP probe; the probes that nobody answered are no conflicts."""
    counts = {
        found.subject: found.count for found in faults_of(REAL / "11-dad-conflicts.pcap") if found.fault is DUPLICATE
    }

    assert {"fe80::3ea6:2fff:fe11:aa": 1, "2001:db8:11::1000": 2, "10.11.0.100": 1} == counts


@pytest.mark.parametrize(
    "name",
    [
        "arkime+arkime/tests/pcap/v6-http.pcap",
        "arkime+arkime/tests/pcap/wireshark-dhcpv6.pcap",
        "CESNET+ipfixprobe/tests/functional/inputs/arp.pcap",
        "chrissanders+packets/icmpv6_neighbor_solicitation.pcapng",
        "zeek+zeek/testing/btest/Traces/linuxsll-arp.pcap",
        "zeek+zeek/testing/btest/Traces/icmp/icmp6-nd-options.pcap",
        "the-tcpdump-group+tcpdump/tests/icmpv6.pcap",
        "the-tcpdump-group+tcpdump/tests/dhcp-rfc4388.pcap",
    ],
)
def test_networks_of_other_people_are_healthy(name: str) -> None:
    """Public captures with ND, ARP and DHCP in them, of networks without these faults."""
    path = SHARED / "public" / name
    if not path.exists():
        pytest.skip("the captures are not here")

    assert set() == _told(path)

"""Why requests are unmatched and messages teach nothing: reasons, counts, and the next step."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bngcorr.model.vocabulary import MacSource, Outcome, Trigger, VlanModel
from bngcorr.replay.advice import advice
from bngcorr.replay.why import Why
from tests.service import radius as r

from .stage import CAPTURES, CPE, Result, bngs, discover, frame6, mac, pcap, play, solicit, to_aaa

REAL, RADIUS = CAPTURES / "real", CAPTURES / "radius"
SECRET = b"s"


def told(result: Result) -> list[tuple[str, Why, int]]:
    """What is advised, without its words."""
    return [(one.about, one.reason, one.times) for one in advice(result.replay)]


def relayed_solicit(*, option79: bool) -> bytes:
    """As a router passes it on, with the source address of the frame that it got (RFC 6939 §4), or without."""
    client = b"\0\3\0\1" + mac(CPE)
    inner = bytes((1, 0, 0, 1)) + struct.pack("!HH", 1, len(client)) + client
    link, peer = bytes.fromhex("20010db8").ljust(16, b"\1"), bytes.fromhex("fe80").ljust(16, b"\2")
    options = struct.pack("!HH", 9, len(inner)) + inner
    if option79:
        options += struct.pack("!HHH", 79, 8, 1) + mac(CPE)
    return frame6(
        b"\x0c\0" + link + peer + options, source=link, destination=link[:15] + b"\3", ports=(547, 547),
        link=("02:00:00:00:00:01", "02:00:00:00:00:02"),
    )  # fmt: skip


def test_the_uplink_alone_tells_what_it_lacks() -> None:
    """The SOLICIT tells a DUID only; chaddr has come through a router, which in v6 names its own port."""
    result = play(REAL / "05-dual-v4-then-v6-3s-uplink.pcap", windows_s=(2, 5))

    assert [
        ("dhcp", Why.CLAIMED_MAC, 1), ("sightings", Why.RELAYED_MAC, 2), ("sightings", Why.ROUTER_PORT, 2),
    ] == told(result)  # fmt: skip
    assert [None, Why.CLAIMED_MAC] == [row.why for row in result.rows]


def test_a_router_that_compares_teaches_chaddr_and_no_duid() -> None:
    """The DISCOVER and its REQUEST are sightings then; the SOLICIT has no Option 79, and stays unmatched."""
    result = play(REAL / "05-dual-v4-then-v6-3s-uplink.pcap", of=bngs(relayed_mac=MacSource.SEEN))
    dhcp = result.replay.dhcp

    assert dhcp is not None
    assert 2 == dhcp.taught
    assert [("dhcp", Why.CLAIMED_MAC, 1), ("sightings", Why.ROUTER_PORT, 2)] == told(result)


@pytest.mark.parametrize(
    ("source", "option79", "why"),
    [
        (MacSource.SEEN, True, None),
        (MacSource.SEEN, False, Why.CLAIMED_MAC),
        (MacSource.CLAIMED, True, Why.RELAYED_MAC),
        (MacSource.CLAIMED, False, Why.CLAIMED_MAC),
    ],
)
def test_option_79_is_what_a_router_vouches_for(
    tmp_path: Path, source: MacSource, option79: bool, why: Why | None
) -> None:
    """With it, and a router that compares, the SOLICIT is matched behind the relay."""
    path = pcap(
        tmp_path / "a.pcap", (0, discover(circuit=b"c", remote=b"r", relayed=True)),
        (1, relayed_solicit(option79=option79)),
    )  # fmt: skip
    result = play(path, of=bngs(relayed_mac=source))

    assert [Outcome.OWN, Outcome.MATCHED if why is None else Outcome.UNMATCHED] == result.outcomes
    assert why is result.rows[1].why


def test_a_storm_of_unmatched_requests_is_two_sentences() -> None:
    """120 SOLICITs, and 240 messages that named their line behind a router."""
    result = play(REAL / "19-storm-perfdhcp.pcap.gz")

    assert [("dhcp", Why.CLAIMED_MAC, 120), ("sightings", Why.RELAYED_MAC, 240)] == told(result)
    assert "--relayed-mac seen" in advice(result.replay)[1].words


def test_the_access_side_alone_is_told_to_look_behind_the_relay() -> None:
    """Nobody names a line there."""
    result = play(REAL / "05-dual-v4-then-v6-3s-access.pcap")

    assert [("dhcp", Why.NOTHING_SEEN, 2), ("sightings", Why.NO_LINE_ID, 4)] == told(result)


def test_where_both_sides_are_nothing_is_advised() -> None:
    """What one sight lacks the other has: those that have taught count no more; SOLICIT and REQUEST name no line."""
    result = play(*[REAL / f"05-dual-v4-then-v6-3s-{side}.pcap" for side in ("access", "uplink")])
    dhcp = result.replay.dhcp

    assert [] == told(result)
    assert dhcp is not None
    assert {Why.NO_LINE_ID: 2} == +dhcp.untaught


def test_a_line_that_was_seen_too_long_ago_is_no_line_that_was_never_seen(tmp_path: Path) -> None:
    """A wider window pays for the one, and none for the other."""
    path = pcap(
        tmp_path / "a.pcap", (0, discover(circuit=b"c1", vlans=(100, 20))), (60, solicit(vlans=(100, 20))),
        (61, solicit("3c:a6:2f:00:00:99", xid=2, vlans=(100, 21))),
    )  # fmt: skip

    assert [None, Why.TOO_FAR, Why.NOTHING_SEEN] == [row.why for row in play(path).rows]


def test_what_only_the_customer_can_have_written_and_what_is_cut_teaches_nothing(tmp_path: Path) -> None:
    """Each by its own name."""
    path = pcap(tmp_path / "a.pcap", (0, discover(circuit=b"c1", vlans=(100, 20))))
    untrusted = play(path, of=bngs(untrusted=[Trigger.DHCPV4]))
    cut = play(REAL / "16-two-if-snaplen-96-and-full.pcapng")

    assert ("sightings", Why.UNTRUSTED, 1) in told(untrusted)
    assert ("sightings", Why.CUT, 2) in told(cut)


def test_accounting_that_names_nobody_is_told_apart_from_that_of_the_bng_itself() -> None:
    """An Accounting-On has no customer; a Start without MAC has one whom only a VLAN pair of his own would tell."""
    path = RADIUS / "51-acct-start-interim-stop-on-off.pcap"
    shared, own = play(path), play(path, of=bngs(vlan_model=VlanModel.PER_LINE))

    assert [("accounting", Why.NO_CUSTOMER, 2), ("accounting", Why.NO_MAC, 2)] == told(shared)
    assert [("accounting", Why.NO_CUSTOMER, 2)] == told(own)


def test_records_of_a_session_that_began_without_a_line_agree(tmp_path: Path) -> None:
    """The Start found nothing on its MAC; the Interim says so, and looks no further."""
    where = r.vendor(6527, 27, CPE) + r.attribute(r.NAS_PORT_ID, "1/1/4:100.20") + r.attribute(r.ACCT_SESSION_ID, "a1")
    frames = [
        (at, to_aaa(r.accounting_request(at + 1, r.attribute(r.ACCT_STATUS_TYPE, status) + where, SECRET)))
        for at, status in enumerate((r.START, r.INTERIM))
    ]
    result = play(pcap(tmp_path / "a.pcap", *frames), of=bngs("nokia-sros", secret=SECRET))

    assert [Why.NOTHING_SEEN, Why.SESSION_WITHOUT_LINE] == [row.why for row in result.rows]

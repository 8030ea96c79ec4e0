"""DHCP in captures: requests without RADIUS, sights of one message, leases."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from bngcorr.model.vocabulary import Outcome, Rung, VlanModel

from .stage import CPE, OTHER_CPE, bngs, discover, frame4, ip4, mac, pcap, pcapng, play, solicit


def test_a_solicit_without_ids_is_matched_with_the_discover_of_its_cpe(tmp_path: Path) -> None:
    """On the same VLANs within the window; the distance is told."""
    path = pcap(
        tmp_path / "a.pcap", (0, discover(circuit=b"c1", remote=b"r1", vlans=(100, 20))),
        (2.5, solicit(vlans=(100, 20))),
    )  # fmt: skip
    verdict = play(path).rows[1].verdict

    assert verdict is not None
    assert (Outcome.MATCHED, Rung.WINDOW, -2500) == (verdict.outcome, verdict.rung, verdict.distance_ms)


def test_a_solicit_30_ms_before_the_discover_is_held_for_it(tmp_path: Path) -> None:
    """As a BNG's request would be."""
    path = pcap(
        tmp_path / "a.pcap", (0, solicit(vlans=(100, 20))),
        (0.03, discover(circuit=b"c1", remote=b"r1", vlans=(100, 20))),
    )  # fmt: skip
    verdict = play(path).rows[0].verdict

    assert verdict is not None
    assert (Outcome.MATCHED, 30) == (verdict.outcome, verdict.held_ms)


def test_a_request_after_which_nothing_comes_for_long_has_its_verdict(tmp_path: Path) -> None:
    """Though it is forgotten as soon as the next packet comes."""
    rows = play(pcap(tmp_path / "a.pcap", (0, solicit(xid=1)), (3600, solicit(xid=2)))).rows

    assert [Outcome.UNMATCHED] * 2 == [row.outcome for row in rows]


def test_a_discover_is_never_held(tmp_path: Path) -> None:
    """v4 must not be made worse: what comes 30 ms later is too late for it."""
    path = pcap(
        tmp_path / "a.pcap", (0, discover(xid=1, vlans=(100, 20))),
        (0.03, discover(xid=2, circuit=b"c1", remote=b"r1", vlans=(100, 20))),
    )  # fmt: skip

    assert [Outcome.UNMATCHED, Outcome.OWN] == play(path).outcomes


def test_the_same_cpe_elsewhere_is_not_matched(tmp_path: Path) -> None:
    """Other VLANs, another interface, or another CPE on the same VLANs."""
    named = (0, 0.0, discover(circuit=b"c1", remote=b"r1", vlans=(100, 20)))
    for other in (
        (0, 1.0, solicit(vlans=(100, 21))), (1, 1.0, solicit(vlans=(100, 20))),
        (0, 1.0, solicit(OTHER_CPE, vlans=(100, 20))),
    ):  # fmt: skip
        assert 0 == play(pcapng(tmp_path / "a.pcapng", named, other)).matched


@pytest.mark.parametrize("vlan_model", VlanModel)
def test_what_a_customer_claims_matches_nothing(tmp_path: Path, vlan_model: VlanModel) -> None:
    """A SOLICIT from another frame source whose DUID names the neighbour's MAC, on a VLAN pair of its own."""
    path = pcap(
        tmp_path / "a.pcap", (0, discover(circuit=b"c1", remote=b"r1", vlans=(100, 20))),
        (1, solicit(OTHER_CPE, duid=b"\0\3\0\1" + bytes.fromhex(CPE.replace(":", "")), vlans=(100, 21))),
    )  # fmt: skip

    assert 0 == play(path, of=bngs(vlan_model=vlan_model)).matched


def test_a_message_seen_before_its_relay_waits_for_the_sight_behind_it(tmp_path: Path) -> None:
    """In whichever order, on whichever interface: one request that names its line, and its CPE's place."""
    access, uplink = discover(vlans=(100, 20)), discover(circuit=b"c1", remote=b"r1", relayed=True)
    for frames in (
        [(0, 0.0, access), (1, 0.05, uplink)], [(1, 0.0, uplink), (0, 0.001, access)],
        [(0, 0.0, access), (0, 0.1, uplink)],
    ):  # fmt: skip
        rows = play(pcapng(tmp_path / "a.pcapng", *frames, (0, 1.0, solicit(xid=9, vlans=(100, 20))))).rows

        assert [Outcome.OWN, Outcome.MATCHED] == [row.outcome for row in rows]
        assert 1 == rows[0].copies
        assert rows[0].attachment == rows[1].attachment
        assert b"r1" == rows[1].remote_id


def test_retransmissions_are_told_and_teach_again(tmp_path: Path) -> None:
    """The second DISCOVER of one transaction is no request, but a sighting of its own time."""
    named = discover(circuit=b"c1", remote=b"r1", vlans=(100, 20))
    path = pcap(tmp_path / "a.pcap", (0, named), (4, named), (8, solicit(vlans=(100, 20))))
    rows = play(path).rows
    verdict = rows[1].verdict

    assert [1, 0] == [row.retransmissions for row in rows]
    assert verdict is not None
    assert -4000 == verdict.distance_ms


def test_frames_of_several_interfaces_may_come_in_any_order(tmp_path: Path) -> None:
    """As dumpcap writes them, in blocks: the verdicts are the same, whichever block comes first."""
    frames: list[tuple[int, float, bytes]] = []
    for number in range(60):
        cpe, at, vlans = f"3c:a6:2f:00:01:{number:02x}", number * 0.7, (100, number % 40)
        named = discover(cpe, xid=number, circuit=b"c%d" % number, remote=b"r%d" % number, vlans=vlans)
        frames += [(0, at, discover(cpe, xid=number, vlans=vlans)), (1, at + 0.001, named)]
        frames += [(0, at + number % 9, solicit(cpe, xid=number, vlans=vlans))]
    expected: Counter[tuple[str, Outcome]] | None = None
    for seed in range(6):
        blocks = [sorted(frames, key=lambda one: one[1]), [one for one in frames if one[0]], frames]
        order = blocks[0] if not seed else random.Random(seed).sample(frames, len(frames))
        rows = play(pcapng(tmp_path / "a.pcapng", *order)).rows
        found = Counter((row.what, row.outcome) for row in rows)
        expected = found if expected is None else expected

        assert expected == found
    assert expected is not None
    assert 60 == expected["DISCOVER", Outcome.OWN]
    assert 30 < expected["SOLICIT", Outcome.MATCHED] < 60


def test_a_lease_keeps_a_line_live_long_after_the_window(tmp_path: Path) -> None:
    """IPv6 that is switched on an hour later finds the session of IPv4."""
    ack = bytes((2, 1, 6, 0)) + (1).to_bytes(4, "big") + bytes(8) + ip4("198.51.100.7") + bytes(8)
    ack += (
        mac(CPE).ljust(16, b"\0")
        + bytes(192)
        + b"\x63\x82\x53\x63"
        + bytes((53, 1, 5, 51, 4))
        + (7200).to_bytes(4, "big")
    )
    answer = frame4(
        ack + b"\xff", source="10.0.0.1", destination="198.51.100.7", ports=(67, 68),
        link=("02:00:00:00:00:02", CPE), vlans=(100, 20),
    )  # fmt: skip
    path = pcap(
        tmp_path / "a.pcap", (0, discover(kind=3, circuit=b"c1", remote=b"r1", vlans=(100, 20))), (0.01, answer),
        (3600, solicit(vlans=(100, 20))), (9000, solicit(xid=2, vlans=(100, 20))),
    )  # fmt: skip
    result = play(path, of=bngs(vlan_model=VlanModel.PER_LINE))
    live, remembered = result.rows[1].verdict, result.rows[2].verdict

    assert live is not None
    assert remembered is not None
    assert (Rung.LIVE, Rung.REMEMBERED) == (live.rung, remembered.rung)

"""A replay of any size takes the same memory, and forgetting never puts anybody on a wrong line."""

from __future__ import annotations

from pathlib import Path

from bngcorr.model.vocabulary import Outcome
from bngcorr.replay.exchanges import Exchanges
from bngcorr.replay.messages import Messages

from .stage import Result, discover, pcap, play, solicit

MOST = 50


def lines(path: Path, count: int, apart_s: float) -> Path:
    """A CPE after the other boots, each on a line of its own."""
    frames = []
    for number in range(count):
        cpe, at, vlans = f"3c:a6:2f:01:{number >> 8:02x}:{number & 255:02x}", number * apart_s, (100, number % 4000)
        frames.append((at, discover(cpe, xid=number, circuit=b"c%d" % number, remote=b"r%d" % number, vlans=vlans)))
        frames.append((at + 0.5 * apart_s, solicit(cpe, xid=number, vlans=vlans)))
    return pcap(path, *frames)


def kept(result: Result) -> list[int]:
    """How many records of each kind are left."""
    (domain,) = result.replay.knowledge._domains.values()
    return [len(domain.lines), len(domain.keys), len(domain.macs)]


def test_more_lines_than_are_kept_take_no_more_memory(tmp_path: Path) -> None:
    """Those that were not heard of for longest go; what is matched is matched right, and how many went is told."""
    few = play(lines(tmp_path / "few.pcap", 200, 2), most_lines=MOST)
    many = play(lines(tmp_path / "many.pcap", 1200, 2), most_lines=MOST)

    for result, count in ((few, 200), (many, 1200)):
        assert count == result.matched == result.outcomes.count(Outcome.OWN)
        assert count - 1.25 * MOST < result.replay.knowledge.forgotten
        assert all(len_ <= 1.25 * MOST * factor for len_, factor in zip(kept(result), (1, 4, 2), strict=True))
        for own, matched in zip(result.rows[::2], result.rows[1::2], strict=True):
            assert (own.remote_id, own.mac) == (matched.remote_id, matched.mac)


def test_what_has_run_out_is_forgotten_in_the_capture_s_time(tmp_path: Path) -> None:
    """A line an hour: after a day, and until the next walk over the lines, a line is no longer remembered."""
    result = play(lines(tmp_path / "a.pcap", 24 * 4, 3600))

    assert 0 == result.replay.knowledge.forgotten
    assert kept(result)[0] < 24 + 6
    assert kept(result)[2] < 24 + 6
    assert 0 == len(result.replay.judge._agenda)


def test_exchanges_and_messages_are_forgotten(tmp_path: Path) -> None:
    """None is kept once its time is over."""
    result = play(lines(tmp_path / "a.pcap", 500, 2))
    dhcp = result.replay.dhcp

    assert dhcp is not None
    assert len(dhcp._messages) < 2 * 64 + 64
    assert 0 == len(Exchanges()) == len(Messages())

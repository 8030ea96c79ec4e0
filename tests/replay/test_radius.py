"""RADIUS in captures: copies, retransmissions, legs, answers, holds, secrets, and what may teach."""

from __future__ import annotations

from pathlib import Path

from bngcorr.model.vocabulary import Outcome, Rung
from tests.service import radius as r

from .stage import AAA, BNG, CPE, OTHER_BNG, OTHER_CPE, PROXY, bngs, discover, from_aaa, pcap, pcapng, play, to_aaa

SECRET = b"between BNG and AAA"
PORT = "1/1/4:100.20"
NAMED = r.cpe(CPE, PORT) + r.line("LINE-17", "olt7 1/2/3")
BARE = r.cpe(CPE, PORT)


def access(identifier: int, attributes: bytes, *, signed: bool = True) -> bytes:
    """An Access-Request."""
    return r.access_request(identifier, attributes, SECRET, signed=signed)


def answer(request: bytes, code: int = r.ACCESS_ACCEPT, attributes: bytes = b"") -> bytes:
    """AAA's answer to it."""
    return r.reply_to(r.Packet(request), code, attributes, SECRET)


def test_a_signed_request_teaches_at_once_and_the_next_one_is_matched(tmp_path: Path) -> None:
    """The rewrite that would follow is told, attribute by attribute."""
    named, bare = access(1, NAMED), access(2, BARE)
    result = play(pcap(tmp_path / "a.pcap", (0, to_aaa(named)), (1.5, to_aaa(bare))))
    verdict = result.rows[1].verdict

    assert [Outcome.OWN, Outcome.MATCHED] == result.outcomes
    assert verdict is not None
    assert (Rung.WINDOW, -1500, 0) == (verdict.rung, verdict.distance_ms, verdict.held_ms)
    assert [(b"", r.line(None, "olt7 1/2/3")), (b"", r.line("LINE-17"))] == [
        (before, after) for _, before, after in result.rows[1].changes
    ]
    assert (b"LINE-17", b"olt7 1/2/3") == (result.rows[1].remote_id, result.rows[1].circuit_id)


def test_an_unsigned_request_teaches_once_aaa_has_accepted_it(tmp_path: Path) -> None:
    """Rejected or unanswered it teaches nothing."""
    named, bare = access(1, NAMED, signed=False), access(2, BARE, signed=False)
    for code, expected in ((r.ACCESS_ACCEPT, Outcome.MATCHED), (r.ACCESS_REJECT, Outcome.UNMATCHED)):
        path = pcap(tmp_path / "a.pcap", (0, to_aaa(named)), (0.1, from_aaa(answer(named, code))), (1, to_aaa(bare)))
        result = play(path)

        assert expected is result.outcomes[1]
        assert 100 == result.rows[0].answer_ms
        assert result.replay.radius.assumed == 0


def test_without_any_answer_in_the_capture_requests_are_taken_for_accepted(tmp_path: Path) -> None:
    """A mirror may show one direction only; that it was assumed is told."""
    named, bare = access(1, NAMED, signed=False), access(2, BARE, signed=False)
    result = play(pcap(tmp_path / "a.pcap", (0, to_aaa(named)), (1, to_aaa(bare))))

    assert [Outcome.OWN, Outcome.MATCHED] == result.outcomes
    assert 2 == result.replay.radius.assumed


def test_an_accepted_session_is_live_long_after_the_window(tmp_path: Path) -> None:
    """A minute later the session is still expected."""
    named, bare = access(1, NAMED), access(2, BARE)
    path = pcap(tmp_path / "a.pcap", (0, to_aaa(named)), (0.1, from_aaa(answer(named))), (60, to_aaa(bare)))
    verdict = play(path).rows[1].verdict

    assert verdict is not None
    assert Rung.LIVE is verdict.rung


def test_a_retransmission_is_no_second_request(tmp_path: Path) -> None:
    """The same octets after 3 s; within milliseconds they are a copy of the packet."""
    bare = access(1, BARE)
    path = pcapng(
        tmp_path / "a.pcapng", (0, 0, to_aaa(bare)), (1, 0.0002, to_aaa(bare)), (0, 3, to_aaa(bare)),
        (1, 3.0002, to_aaa(bare)),
    )  # fmt: skip
    result = play(path)

    assert [(2, 1)] == [(row.copies, row.retransmissions) for row in result.rows]
    assert 1 == result.replay.radius.access.requests


def test_an_identifier_that_is_used_again_is_another_request(tmp_path: Path) -> None:
    """Each is paired with the answer that follows it."""
    first, second = access(7, NAMED), access(7, BARE)
    path = pcap(
        tmp_path / "a.pcap", (0, to_aaa(first)), (0.01, from_aaa(answer(first))), (1, to_aaa(second)),
        (1.04, from_aaa(answer(second, r.ACCESS_REJECT))),
    )  # fmt: skip
    result = play(path, of=bngs(secret=SECRET))

    assert [("Access-Accept", 10), ("Access-Reject", 40)] == [(row.answer, row.answer_ms) for row in result.rows]
    assert 4 == result.replay.radius.verified


def test_the_next_leg_of_a_proxy_is_no_request_of_its_own(tmp_path: Path) -> None:
    """The proxy stands between BNG and AAA, and signs anew; its answers are none without their request's row."""
    first = access(1, NAMED)
    onward = access(9, NAMED + r.attribute(r.PROXY_STATE, b"x"))
    path = pcap(
        tmp_path / "a.pcap", (0, to_aaa(first, aaa=PROXY)), (0.001, to_aaa(onward, bng=PROXY)),
        (0.01, from_aaa(answer(onward), bng=PROXY)), (0.011, from_aaa(answer(first), aaa=PROXY)),
    )  # fmt: skip
    result = play(path)

    assert [BNG] == [row.bng for row in result.rows]
    assert 1 == result.replay.radius.legs
    assert ["Access-Accept"] == [row.answer for row in result.rows]


def test_each_source_is_a_bng_of_its_own(tmp_path: Path) -> None:
    """The same port, VLANs and MAC on another BNG are another place: nothing is matched across."""
    path = pcap(
        tmp_path / "a.pcap", (0, to_aaa(access(1, NAMED))), (1, to_aaa(access(2, BARE), bng=OTHER_BNG))
    )  # fmt: skip
    result = play(path)

    assert [Outcome.OWN, Outcome.UNMATCHED] == result.outcomes
    assert [BNG, OTHER_BNG] == [row.bng for row in result.rows]


def test_a_request_before_its_sighting_is_held_for_it(tmp_path: Path) -> None:
    """SR OS: a request without id is v6. Its DISCOVER comes 30 ms later, AAA's answer after that: both are told."""
    mac = r.vendor(6527, 27, CPE)
    where = r.attribute(r.NAS_PORT_ID, PORT)
    bare, named = access(1, mac + where), access(2, mac + where + r.line("LINE-17", "olt7 1/2/3"))
    path = pcap(
        tmp_path / "a.pcap", (0, to_aaa(bare)), (0.02, from_aaa(answer(bare))), (0.03, to_aaa(named)),
        (0.04, from_aaa(answer(named))),
    )  # fmt: skip
    result = play(path, of=bngs("nokia-sros"))
    verdict = result.rows[0].verdict

    assert verdict is not None
    assert (Outcome.MATCHED, 30, 30) == (verdict.outcome, verdict.held_ms, verdict.distance_ms)
    assert (1, 1) == (result.replay.radius.access.held, result.replay.radius.access.held_matched)
    assert ["Access-Accept"] * 2 == [row.answer for row in result.rows]


def test_accounting_that_follows_from_the_answer_wakes_no_request_on_hold(tmp_path: Path) -> None:
    """The capture's AAA answered at once; had the request been held, the record would not have come."""
    where = r.vendor(6527, 27, CPE) + r.attribute(r.NAS_PORT_ID, PORT)
    bare = access(1, where)
    session = r.attribute(r.ACCT_STATUS_TYPE, r.START) + r.attribute(r.ACCT_SESSION_ID, "A1")
    start = r.accounting_request(2, session + where + r.line("LINE-17", "olt7"), SECRET)
    path = pcap(
        tmp_path / "a.pcap", (0, to_aaa(bare)), (0.02, from_aaa(answer(bare))), (0.1, to_aaa(start)),
        (1, to_aaa(access(3, where))),
    )  # fmt: skip

    assert [Outcome.UNMATCHED, Outcome.OWN, Outcome.MATCHED] == play(path, of=bngs("nokia-sros")).outcomes


def test_a_sighting_after_the_hold_comes_too_late(tmp_path: Path) -> None:
    """It is not matched, and stands among the distances as what a longer hold would have found."""
    mac = r.vendor(6527, 27, CPE)
    bare = access(1, mac + r.attribute(r.NAS_PORT_ID, PORT))
    named = access(2, mac + r.attribute(r.NAS_PORT_ID, PORT) + r.line("LINE-17"))
    result = play(
        pcap(tmp_path / "a.pcap", (0, to_aaa(bare)), (0.9, to_aaa(named))), of=bngs("nokia-sros"), windows_s=(5,)
    )
    windows = result.replay.windows

    assert Outcome.UNMATCHED is result.outcomes[0]
    assert windows is not None
    assert (0, 1) == (sum(windows.distances.after), sum(windows.distances.late))


def test_a_live_tap_s_dhcp_helps_the_requests_of_radius(tmp_path: Path) -> None:
    """The BNG shows a SOLICIT without line id; the DISCOVER on the wire carries it."""
    mac = r.vendor(6527, 27, CPE)
    bare = access(1, mac + r.attribute(r.NAS_PORT_ID, PORT))
    dhcp = discover(CPE, circuit=b"olt7 1/2/3", remote=b"LINE-17", vlans=(100, 20))
    path = pcap(tmp_path / "a.pcap", (0, dhcp), (1, to_aaa(bare)), (1.01, from_aaa(answer(bare))))
    on_port, anywhere = play(path, of=bngs("nokia-sros"), port="1/1/4"), play(path, of=bngs("nokia-sros"))

    for result, key in ((on_port, "attachment+mac"), (anywhere, "bng+mac")):
        verdict = result.rows[0].verdict
        assert ["access"] == [row.sort for row in result.rows]
        assert verdict is not None
        assert (Outcome.MATCHED, key) == (verdict.outcome, verdict.key)


def test_dhcp_of_nobody_knows_which_bng_helps_nobody(tmp_path: Path) -> None:
    """Two BNGs send RADIUS: DHCP is decided by itself, and why is told."""
    mac = r.vendor(6527, 27, CPE)
    bare = access(1, mac + r.attribute(r.NAS_PORT_ID, PORT))
    dhcp = discover(CPE, circuit=b"olt7 1/2/3", remote=b"LINE-17", vlans=(100, 20))
    other = access(2, r.cpe(OTHER_CPE, PORT))
    path = pcap(tmp_path / "a.pcap", (0, dhcp), (1, to_aaa(bare)), (2, to_aaa(other, bng=OTHER_BNG)))
    result = play(path, of=bngs("nokia-sros"))
    of = bngs("nokia-sros")
    of.name(BNG)

    assert [Outcome.OWN, Outcome.UNMATCHED, Outcome.UNMATCHED] == result.outcomes
    assert result.replay.why_not is not None
    assert [Outcome.MATCHED, Outcome.UNMATCHED] == play(path, of=of).outcomes


def test_a_forged_answer_is_told_and_pairs_with_nothing(tmp_path: Path) -> None:
    """Its authenticator is made with another secret: the request had no answer, and taught nothing."""
    named, bare = access(1, NAMED, signed=False), access(2, BARE, signed=False)
    forged = r.reply_to(r.Packet(named), r.ACCESS_ACCEPT, b"", b"another")
    path = pcap(tmp_path / "a.pcap", (0, to_aaa(named)), (0.1, from_aaa(forged)), (1, to_aaa(bare)))
    result = play(path, of=bngs(secret=SECRET))

    assert Outcome.UNMATCHED is result.outcomes[1]
    assert None is result.rows[0].answer
    assert 1 == result.replay.radius.wrong


def test_malformed_and_cut_packets_are_refused_by_name(tmp_path: Path) -> None:
    """An attribute that overruns; a length that the datagram does not hold."""
    good = access(1, NAMED)
    overrun = good[:2] + len(good).to_bytes(2, "big") + good[4:-1] + b"\xff"
    broken = good[:21] + b"\x01" + good[22:]
    result = play(
        pcap(
            tmp_path / "a.pcap", (0, to_aaa(broken)), (1, to_aaa(good[:30])), (2, to_aaa(b"\x01")), (3, to_aaa(overrun))
        )
    )
    refused = result.replay.radius.refused

    assert 1 == refused["bad-attribute-length"]
    assert 1 == refused["bad-length"]
    assert 1 == refused["too-short"]


def test_a_session_s_records_agree_and_a_stop_ends_it(tmp_path: Path) -> None:
    """Accounting without ids is matched through the session; after its Stop a request finds nobody live."""
    session = r.attribute(r.ACCT_SESSION_ID, "00A1") + BARE

    def record(identifier: int, status: int, attributes: bytes) -> bytes:
        return to_aaa(r.accounting_request(identifier, r.attribute(r.ACCT_STATUS_TYPE, status) + attributes, SECRET))

    start = r.attribute(r.ACCT_SESSION_ID, "00A1") + NAMED
    path = pcap(
        tmp_path / "a.pcap", (0, record(1, r.START, start)), (600, record(2, r.INTERIM, session)),
        (610, to_aaa(access(3, BARE))), (1200, record(4, r.STOP, session)), (1300, to_aaa(access(5, BARE))),
    )  # fmt: skip
    result = play(path, of=bngs(secret=SECRET))
    outcomes = [Outcome.OWN, Outcome.MATCHED, Outcome.MATCHED, Outcome.MATCHED, Outcome.UNMATCHED]

    assert outcomes == result.outcomes
    assert AAA not in result.replay.radius.by_bng

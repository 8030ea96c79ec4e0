"""The report: truth against what AAA saw."""

import json

import pytest

from bngcorr.demo.aaa import Seen
from bngcorr.demo.history import Judged
from bngcorr.demo.journal import NO_IDS, Exchange, Ids
from bngcorr.demo.report import Audit, Result, assess, outcome, text
from bngcorr.demo.truth import Line

LINE = Line(
    remote_id=b"L1",
    circuit_id=b"c1",
    bng="b",
    domain="b",
    port="1/1/4",
    outer=1,
    inner=2,
    mac="02:00:00:00:00:01",
    number=1,
)
PREFIXED = Ids(remote_id=b"\x00\x00\x02\x7dL1", circuit_id=b"c1", form="enterprise 637")


def exchange(*, ids: Ids = NO_IDS, line: Line | None = LINE, answer: str | None = "accept") -> Exchange:
    """An Access-Request of the line."""
    return Exchange(
        n=1,
        serial="demo-1",
        scenario="test",
        bng="b",
        code="Access-Request",
        acct_status=None,
        line=line,
        session_id="s",
        ids=ids,
        says_v6=False,
        signed=False,
        authenticator="00ff",
        answered_at_ms=None if answer is None else 10,
        answer=answer,
        transmissions=1,
    )


def seen(*remote_ids: bytes, circuit_ids: tuple[bytes, ...] = (b"c1",)) -> Seen:
    """What AAA saw."""
    return Seen(remote_ids=remote_ids, circuit_ids=circuit_ids, answer="accept")


def result(
    *,
    ids: Ids = NO_IDS,
    attributable: bool | None = True,
    arrivals: tuple[Seen, ...] = (),
    answer: str | None = "accept",
    audit: Audit | None = None,
    faults: tuple[str, ...] = (),
) -> Result:
    """The result of a round of one request."""
    return assess(
        [Judged(exchange=exchange(ids=ids, answer=answer), attributable=attributable, why="test")],
        seen={"demo-1": arrivals},
        verdicts={"00ff": {"verdict": "matched", "rung": "live", "request": "00ff"}},
        hosts={},
        audit={} if audit is None else {"b": audit},
        faults=faults,
        duration_s=1.0,
    )


@pytest.mark.parametrize(
    ("ids", "arrival", "expected"),
    [
        (NO_IDS, seen(b"L1"), "right"),
        (NO_IDS, seen(circuit_ids=()), "none"),
        (NO_IDS, seen(b"L1", circuit_ids=()), "none"),
        (NO_IDS, seen(b"L2"), "wrong"),
        (NO_IDS, seen(b"L1", circuit_ids=(b"c2",)), "wrong"),
        (NO_IDS, seen(b"L1", b"L2"), "wrong"),
        (PREFIXED, seen(b"L1"), "right"),
        (PREFIXED, seen(PREFIXED.remote_id or b""), "none"),
        (PREFIXED, seen(b"\x7dL1"), "wrong"),
    ],
)
def test_outcome_compares_what_aaa_saw_with_the_line(ids: Ids, arrival: Seen, expected: str) -> None:
    """Another line's id is wrong; none, half of it, or the enterprise number kept, is merely nothing."""
    assert expected == outcome(exchange(ids=ids), [arrival])


def test_one_wrong_arrival_among_right_ones_is_wrong() -> None:
    """A retransmission that went out with another line's id counts."""
    assert "wrong" == outcome(exchange(), [seen(b"L1"), seen(b"L2")])


def test_an_id_on_a_record_of_no_line_is_wrong() -> None:
    """Accounting-On belongs to nobody."""
    assert "wrong" == outcome(exchange(line=None), [seen(b"L1")])
    assert "none" == outcome(exchange(line=None), [seen(circuit_ids=())])


def test_a_round_in_which_all_is_right_is_ok_and_serialises() -> None:
    """Matched, answered, no drift: ok, and the object is plain JSON with every entry in its log."""
    good = result(arrivals=(seen(b"L1"),), audit=Audit(ledger={"v4": 1}, recount={"v4": 1}, truth={"v4": 1}))
    told = json.loads(json.dumps(good.as_json()))

    assert good.ok
    assert (1, 1, 0, {"live": 1}) == (told["attributable"], told["matched"], told["wrong"], told["by_rung"])
    assert "right" == told["log"][0]["outcome"]
    assert "L1" == told["log"][0]["truth"]["line"] == told["log"][0]["aaa"]["remote_id"]


@pytest.mark.parametrize(
    "bad",
    [
        result(arrivals=(seen(circuit_ids=()),)),
        result(arrivals=(seen(b"L2"),), attributable=False),
        result(arrivals=(seen(PREFIXED.remote_id or b""),), ids=PREFIXED, attributable=None),
        result(arrivals=(seen(b"L1"),), answer=None),
        result(arrivals=(seen(b"L1"),), audit=Audit(ledger={"v4": 1}, recount={"v4": 2}, truth={"v4": 1})),
        result(arrivals=(seen(b"L1"),), faults=("datagram from unknown 127.0.0.9",)),
    ],
    ids=["missed", "wrong", "not normalised", "unanswered", "drift", "malformed"],
)
def test_each_failing_alone_makes_a_round_fail(bad: Result) -> None:
    """One missed, wrong, unnormalised or unanswered request, one host of drift or one malformed packet is enough."""
    assert not bad.ok


def test_drift_counts_both_comparisons_of_the_ledger() -> None:
    """One too many against the recount and two against the truth make three."""
    assert 3 == Audit(ledger={"v4": 3, "ia_pd": 1}, recount={"v4": 2, "ia_pd": 1}, truth={"v4": 1, "ia_pd": 1}).drift


def test_ids_print_with_odd_octets_escaped() -> None:
    """Binary ids can be read and told apart."""
    assert r"\x00\x00\x02}L1" == text(b"\x00\x00\x02}L1")

"""From exchanges to judgements: what a BNG did becomes evidence in the order in which it happened."""

from bngcorr.demo.history import judge
from bngcorr.demo.journal import NO_IDS, Exchange, Ids
from bngcorr.demo.truth import Event, EventKind, Line, Policy

LINE = Line(
    remote_id=b"L1",
    circuit_id=b"c1",
    bng="bng1",
    domain="bng1",
    port="1/1/4",
    outer=100,
    inner=20,
    mac="02:00:00:00:00:01",
    number=1,
)
PLAIN = Ids(remote_id=b"L1", circuit_id=b"c1", form="plain")
POLICIES = {"bng1": Policy(per_line=True, window_ms=1000, hold_ms=300, v4_always_has_id=True)}


def exchange(
    n: int,
    at_ms: int,
    *,
    ids: Ids = NO_IDS,
    status: str | None = None,
    session_id: str = "v4",
    answer: str | None = "accept",
    line: Line | None = LINE,
) -> Exchange:
    """One answered request, 10 ms after it was sent."""
    accounting = status is not None
    return Exchange(
        n=n,
        serial=f"demo-{n}",
        scenario="test",
        bng="bng1",
        code="Accounting-Request" if accounting else "Access-Request",
        acct_status=status,
        line=line,
        session_id=session_id,
        ids=ids,
        says_v6=False,
        signed=accounting,
        sent_at_ms=at_ms,
        answered_at_ms=None if answer is None else at_ms + 10,
        answer="response" if accounting and answer is not None else answer,
    )


def test_a_named_and_accepted_request_makes_the_next_attributable() -> None:
    """v4 first: its id was proved by the Access-Accept."""
    judged, _ = judge([exchange(1, 1000, ids=PLAIN), exchange(2, 1500, session_id="v6")], [], POLICIES)

    assert [None, True] == [one.attributable for one in judged]


def test_a_rejected_id_makes_nothing_attributable() -> None:
    """An unprovisioned id proves nothing."""
    judged, _ = judge([exchange(1, 1000, ids=PLAIN, answer="reject"), exchange(2, 1500, session_id="v6")], [], POLICIES)

    assert [None, False] == [one.attributable for one in judged]


def test_an_attributed_session_explains_its_own_accounting() -> None:
    """The v6 session lives on when the v4 session has long stopped: its records stay attributable."""
    asked = [
        exchange(1, 1000, ids=PLAIN),
        exchange(2, 1500, session_id="v6"),
        exchange(3, 1600, status="Start", session_id="v6"),
        exchange(4, 2000, ids=PLAIN, status="Stop"),
        exchange(5, 90_000, status="Stop", session_id="v6"),
    ]
    judged, _ = judge(asked, [], POLICIES)

    assert [None, True, True, None, True] == [one.attributable for one in judged]


def test_exchanges_are_judged_in_the_order_of_sending() -> None:
    """The journal may have them in another order than the wire."""
    judged, _ = judge([exchange(2, 1500, session_id="v6"), exchange(1, 1000, ids=PLAIN)], [], POLICIES)

    assert [1, 2] == [one.exchange.n for one in judged]


def test_accounting_on_is_a_restart_and_concerns_no_line() -> None:
    """Accounting-On is never attributable, and ends sessions."""
    judged, events = judge([exchange(1, 1000, status="Accounting-On", line=None)], [], POLICIES)

    assert None is judged[0].attributable
    assert [Event(at_ms=1000, kind=EventKind.RESTART, bng="bng1")] == events

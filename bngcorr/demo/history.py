"""From a round's exchanges to the event log, and to the judgement which of them were attributable. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bngcorr.demo.journal import Exchange
from bngcorr.demo.truth import GUARD_MS, Event, EventKind, Policy, Question, attributable


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One exchange with the truth's judgement."""

    exchange: Exchange
    attributable: bool | None  # None: names its line itself, or concerns no line
    why: str


def judge(
    exchanges: Sequence[Exchange], earlier: Sequence[Event], policies: Mapping[str, Policy], *, guard_ms: int = GUARD_MS
) -> tuple[list[Judged], list[Event]]:
    """Judge a round; ``earlier`` are the events of the round before. Returns the judgements and this round's events.

    In order of sending, because an id-less session becomes evidence itself once it was attributed.
    """
    events = [event for exchange in exchanges for event in _evident(exchange)]
    judged = []
    for exchange in sorted(exchanges, key=lambda e: e.sent_at_ms):
        if exchange.line is None:
            judged.append(Judged(exchange=exchange, attributable=None, why="concerns no line"))
            continue
        if exchange.ids.remote_id is not None:
            judged.append(Judged(exchange=exchange, attributable=None, why="names its line itself"))
            continue
        question = Question(
            at_ms=exchange.sent_at_ms,
            line=exchange.line,
            session_id=exchange.session_id or "",
            accounting=exchange.code == "Accounting-Request",
            says_v6=exchange.says_v6,
            policy=policies[exchange.bng],
        )
        possible, why = attributable(question, [*earlier, *events], guard_ms=guard_ms)
        judged.append(Judged(exchange=exchange, attributable=possible, why=why))
        if possible:
            events += _session_up(exchange)
    return judged, events


def _evident(exchange: Exchange) -> list[Event]:
    """Events that need no judgement: a named line, its session, a Stop, a restart."""
    if exchange.acct_status == "Accounting-On":
        return [Event(at_ms=exchange.sent_at_ms, kind=EventKind.RESTART, bng=exchange.bng)]
    events = []
    if exchange.acct_status == "Stop":
        events.append(_event(exchange, EventKind.DOWN, exchange.sent_at_ms))
    if exchange.ids.remote_id is not None:
        proved_at = (
            exchange.sent_at_ms if exchange.signed else exchange.answered_at_ms if exchange.answer == "accept" else None
        )
        events.append(_event(exchange, EventKind.NAMED, exchange.sent_at_ms, proved_at))
        events += _session_up(exchange)
    return events


def _session_up(exchange: Exchange) -> list[Event]:
    if not exchange.good or exchange.answered_at_ms is None or exchange.acct_status == "Stop":
        return []
    return [_event(exchange, EventKind.UP, exchange.answered_at_ms)]


def _event(exchange: Exchange, kind: EventKind, at_ms: int, proved_at_ms: int | None = None) -> Event:
    return Event(
        at_ms=at_ms,
        kind=kind,
        bng=exchange.bng,
        line=exchange.line,
        session_id=exchange.session_id,
        proved_at_ms=proved_at_ms,
    )

"""What is wrong with a line, in one sentence, and what to do about it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

from bngcorr.correlator.findings import NEXT_STEP, REASON
from bngcorr.model.shown import instant_shown
from bngcorr.model.vocabulary import DropReason, Finding, Outcome, SessionState
from bngcorr.store.lesson import SessionStep
from bngcorr.store.rows import FindingRow
from bngcorr.store.timeline import AccountingEntry, RequestEntry
from bngcorr.web.families import Family, Known, either, families, is_expected, told_later
from bngcorr.web.models.diagnosis import Diagnosis, State
from bngcorr.wire.attributes import Code

FULL: Final = 1.0  # part of a limit that leaves nothing

_SILENT: Final = frozenset({DropReason.NO_REPLY, DropReason.NO_UPSTREAM, DropReason.NO_IDENTIFIER})


def diagnose(known: Known, now_ms: int) -> Diagnosis:
    """The gravest thing that is known to be wrong; else that all is well."""
    v4, v6 = families(known, now_ms)
    for found in _cases(known, v4, v6):
        return found
    return _well(known, v4, v6)


def _cases(known: Known, v4: Family, v6: Family) -> Iterator[Diagnosis]:
    """Whatever is wrong, the gravest first."""
    open_ = [row for row in known.findings if not row.over_ms]
    yield from _of_findings(open_, Finding.V6_LOST, "IPv6 is dead: its prefix leads nowhere.")
    yield from _of_findings(open_, Finding.NO_TRAFFIC, "IPv6 is up, and nothing comes through.")
    yield from _of_findings(open_, Finding.DUPLICATE, "An address of this line is live on another line as well.")
    for family in (v6, v4):
        if not family.is_up and family.last is not None:
            yield from _of_request(known, family, family.last, other_up=v4.is_up or v6.is_up)
    if not v4.is_up and not v6.is_up:
        whichever = either(known)
        if whichever.last is not None and whichever.last not in (v4.last, v6.last):
            yield from _of_request(known, whichever, whichever.last, other_up=False)
        yield from _of_silence(known)
        return
    for family, other in ((v6, v4), (v4, v6)):
        if not family.is_up and family.last is not None:
            yield Diagnosis(
                state=State.BAD,
                case="ended",
                sentence=f"{other.name} is up since {_told(other.since_ms)}; {family.name} has ended.",
                reason=f"Its latest {family.name} request, at {_told(family.last.at_ms)}, was accepted; its "
                "session has ended since.",
                next_step="Look whether the CPE still asks for it; disconnect the other session so that both "
                "begin anew.",
                since=instant_shown(family.last.at_ms),
            )
    if not v6.is_up and v6.last is None:
        yield from _full(open_)
        contested = "Another line is live where this one asked, so that its IPv6 requests may not be told apart."
        yield from _of_findings(open_, Finding.CONFLICT, contested)
        yield Diagnosis(
            state=State.WARNING,
            case="no_v6_request",
            sentence=f"{v4.name} is up since {_told(v4.since_ms)}; no IPv6 request is known.",
            reason="No DHCPv6 request of this line has come since it is remembered: the CPE does not ask, or the BNG "
            "does not pass it on.",
            next_step="Look whether IPv6 is switched on in the CPE and on this port of the BNG.",
            since=instant_shown(v4.since_ms),
        )


def _of_findings(rows: Sequence[FindingRow], kind: Finding, sentence: str) -> Iterator[Diagnosis]:
    for row in rows:
        if row.finding is kind:
            yield Diagnosis(
                state=State.BAD,
                case=str(kind),
                sentence=sentence,
                reason=REASON[kind],
                next_step=NEXT_STEP[kind],
                since=instant_shown(row.first_ms),
            )


def _of_request(known: Known, family: Family, last: RequestEntry, *, other_up: bool) -> Iterator[Diagnosis]:
    """Of a family that is not up: what its latest request came to."""
    at = instant_shown(last.at_ms)

    def bad(case: str, sentence: str, reason: str, next_step: str) -> Diagnosis:
        return Diagnosis(state=State.BAD, case=case, sentence=sentence, reason=reason, next_step=next_step, since=at)

    name, server = family.name, last.upstream or "AAA"
    open_ = [row for row in known.findings if not row.over_ms]
    if last.verdict is Outcome.AMBIGUOUS:
        yield bad(
            "ambiguous",
            f"{name} requests could be of two lines, so that neither was named to AAA.",
            "Two lines fit what the request tells: port, VLANs or MAC are not one line's.",
            "Look whether two CPEs use one MAC, or whether the VLAN pair is shared (vlan_model).",
        )
    elif last.verdict is Outcome.CONFLICT:
        yield bad("conflict", f"{name} requests contradict what is known of this line.", REASON[Finding.CONFLICT],
                  NEXT_STEP[Finding.CONFLICT])  # fmt: skip
    elif last.verdict is Outcome.UNMATCHED:
        yield bad(
            "unmatched",
            f"{name} requests come without the line, and it was not found: "
            + ("AAA rejects them." if last.answer is Code.ACCESS_REJECT else "AAA is not told whose they are."),
            _unmatched_reason(known),
            "Compare port, VLANs and MAC of the IPv4 and the IPv6 request below; then see docs/correlation.md for keys "
            "and window of this BNG.",
        )
    elif last.verdict is Outcome.UNKNOWN:
        yield bad(
            "store_away",
            f"The latest {name} request came while the store did not answer, so that its line was not looked for.",
            "Without the store no line is found for requests that do not name it.",
            "Nothing if the store is back: the next request is matched. Disconnect the session to have it come now.",
        )
    elif last.answer is Code.ACCESS_REJECT:
        yield from _full(open_)
        yield bad(
            "aaa_rejects",
            f"AAA rejects {name}: {server} said Access-Reject at {_told(last.at_ms)}.",
            f"The request was told apart ({last.verdict}), and AAA refused it.",
            f"Look into the log of {server} for this user; compare raw and normalised ids below with what AAA has.",
        )
    elif last.answer is None and last.dropped in _SILENT:
        yield bad(
            "aaa_silent",
            f"AAA did not answer the latest {name} request: {server} was silent at {_told(last.at_ms)}.",
            f"The request got no answer ({last.dropped}).",
            "Look at the AAA servers' states (/v1/upstreams) and at the path to them.",
        )
    elif last.answer is None and last.dropped is not None:
        yield bad(
            "dropped",
            f"The latest {name} request was dropped: {last.dropped}.",
            f"bngcorr did not carry it on, because of {last.dropped}.",
            f"See {last.dropped} in docs/drop-reasons.md.",
        )
    elif last.answer is Code.ACCESS_ACCEPT and not told_later(known, family, last):
        yield from _full(open_)
        case = "awaiting_start" if is_expected(known) else "accepted_without_start"
        yield Diagnosis(
            state=State.WARNING if is_expected(known) or other_up else State.BAD,
            case=case,
            sentence=f"AAA accepted {name} at {_told(last.at_ms)}, and the BNG has not told of it since.",
            reason="There is no accounting record that holds an address of this family.",
            next_step="Wait for Accounting-Start; if none comes, look for the subscriber on the BNG: a full port, pool "
            "or host limit keeps it from coming up.",
            since=at,
        )


def _unmatched_reason(known: Known) -> str:
    tried = [
        "the plan does not know its place",
        f"no request of the other family came within {known.window_ms / 1000:g} s",
        "no session that is up has its port, VLANs and MAC",
        "nothing is remembered there",
    ]
    return "Every rung was tried: " + ", ".join(tried) + "."


def _full(open_: Sequence[FindingRow]) -> Iterator[Diagnosis]:
    for row in open_:
        if row.finding is Finding.NEAR_LIMIT and (json.loads(row.detail).get("use") or 0) >= FULL:
            yield Diagnosis(
                state=State.BAD,
                case="host_limit",
                sentence=f"The host limit is reached: {row.subject.rpartition(' ')[0].rpartition(' ')[0]} is full.",
                reason=REASON[Finding.NEAR_LIMIT],
                next_step=NEXT_STEP[Finding.NEAR_LIMIT],
                since=instant_shown(row.first_ms),
            )


def _of_silence(known: Known) -> Iterator[Diagnosis]:
    """Nothing is up."""
    told = [one for one in known.sessions if one.state is not SessionState.EXPECTED]
    ends = [(one.at_ms, one.state) for one in told]
    # a session that has ended is no session of the line any more: its timeline still tells of it
    records = [one for one in known.entries if isinstance(one, AccountingEntry)]
    ends += [
        (one.at_ms, SessionState.STOPPED if one.step is SessionStep.STOP else SessionState.EXPIRED)
        for one in records[-1:]
    ]
    latest = max(ends, key=itemgetter(0), default=None)
    if latest is None:
        if known.sessions:
            yield Diagnosis(
                state=State.WARNING,
                case="awaiting_start",
                sentence="AAA has accepted it, and the BNG has not told of a session yet.",
                reason="There is no Accounting-Start.",
                next_step="Wait for it; if none comes, look for it on the BNG, and whether accounting arrives.",
                since=None,
            )
        return
    at_ms, state = latest
    heard = instant_shown(at_ms) if at_ms else None
    when = _told(at_ms) if at_ms else "a time that is not known"
    if state is SessionState.SUSPECT:
        yield Diagnosis(
            state=State.BAD,
            case="stale",
            sentence=f"The BNG has restarted since its session was last heard of, at {when}.",
            reason="A session from before a restart is not taken for live until the BNG tells of it again.",
            next_step="Look whether the BNG still has it; a CPE that does not ask again wants a restart.",
            since=heard,
        )
    elif state is SessionState.STOPPED:
        yield Diagnosis(
            state=State.BAD,
            case="stopped",
            sentence=f"Nothing is up: the BNG ended the last session at {when}.",
            reason="Accounting-Stop came, and no request since that AAA accepted.",
            next_step="Look whether the CPE is on and has a link; no request has come from it since.",
            since=heard,
        )
    else:
        yield Diagnosis(
            state=State.BAD,
            case="stale",
            sentence=f"Nothing was heard of its session since {when}: it has run out.",
            reason="The BNG sent neither Interim-Updates nor a Stop.",
            next_step="Look whether the BNG still has the session, and whether its accounting arrives.",
            since=heard,
        )


def _well(known: Known, v4: Family, v6: Family) -> Diagnosis:
    """What is up, and what wants looking at all the same."""
    families = [one for one in (v4, v6) if one.is_up]
    if not families:
        return Diagnosis(
            state=State.UNKNOWN,
            case="nothing_known",
            sentence="Nothing is known of this line but that it was seen.",
            reason="It has no session, and none of its requests is remembered.",
            next_step="Have the CPE restarted, and look at the live events for its MAC.",
            since=None,
        )
    since_ms = max(one.since_ms for one in families)
    names = " and ".join(one.name for one in families)
    up = f"{names} {'are' if len(families) > 1 else 'is'} up since {_told(since_ms)}"
    told = next((row for row in known.findings if not row.over_ms and row.finding is not Finding.NEAR_LIMIT), None)
    if told is not None:
        return Diagnosis(
            state=State.WARNING,
            case=str(told.finding),
            sentence=f"{up}, but there is a finding: {told.finding}.",
            reason=REASON[told.finding],
            next_step=NEXT_STEP[told.finding],
            since=instant_shown(told.first_ms),
        )
    return Diagnosis(
        state=State.WELL,
        case="well",
        sentence=f"{up}.",
        reason="AAA accepted, the BNG accounts for it, and nothing contradicts.",
        next_step="If it is slow all the same, look beyond: access line, BNG port, peering.",
        since=instant_shown(since_ms),
    )


def _told(epoch_ms: int) -> str:
    """For people: ``2026-11-25 14:00:07 UTC``."""
    return (instant_shown(epoch_ms) or "")[:19].replace("T", " ") + " UTC"

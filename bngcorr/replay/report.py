"""What a replay comes to, as plain values for programs; `screen` shows the same to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from bngcorr.capture.packets import Kind
from bngcorr.model.shown import instant_shown
from bngcorr.model.vocabulary import Outcome
from bngcorr.replay.advice import advice
from bngcorr.replay.radius import Radius
from bngcorr.replay.run import DhcpIs, Replay
from bngcorr.replay.tally import Part
from bngcorr.replay.windows import BUCKETS, Distances, Windows
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS

Json = dict[str, object]
NameT = TypeVar("NameT", bound=StrEnum)
_SILENCE: Final = "none"


def as_json(replay: Replay) -> Json:
    """Everything but the requests themselves."""
    radius, dhcp, feed = replay.radius, replay.dhcp, replay.feed
    found: Json = {
        "captures": [
            {"capture": str(path), "packets": feed.packets[number], "error": feed.faults.get(number)}
            for number, path in enumerate(replay.options.captures)
        ],
        "from": instant_shown(replay.clock.began_ms),
        "to": instant_shown(replay.clock.now_ms or None),
        "frames": feed.frames,
        "packets": {str(kind): count for kind, count in replay.packets.items()},
        "out_of_order": replay.clock.late,
        "dhcp_is": None if not _dhcp_is_there(replay) else str(replay.dhcp_is if dhcp is not None else DhcpIs.IGNORED),
        "note": replay.why_not if _dhcp_is_there(replay) else None,
        "access": part_json(radius.access),
        "accounting": part_json(radius.accounting),
        "dhcp": None if dhcp is None or not dhcp.decides else part_json(dhcp.part),
        "sightings": None if dhcp is None else {
            "taught": dhcp.taught, "leases": dhcp.leases, "copies": dhcp.copies,
            "retransmissions": dhcp.retransmissions, "taught_nothing": _counts(dhcp.untaught),
        },
        "bngs": dict(radius.by_bng.most_common()),
        "authenticators": {
            "verified": radius.verified, "wrong": radius.wrong, "not_verifiable": radius.unverifiable,
        },
        "taken_for_accepted": radius.assumed,
        "legs": radius.legs,
        "answers_without_request": radius.unpaired,
        "other_radius": radius.others,
        "refused": refused(replay),
        "limited": replay.judge.limited,
        "lines_forgotten_early": replay.knowledge.forgotten,
        "windows": None if replay.windows is None else windows_json(replay.windows),
        "distances": distances_json(distances(replay)),
        "advice": [
            {"about": one.about, "reason": str(one.reason), "count": one.times, "words": one.words}
            for one in advice(replay)
        ],
    }  # fmt: skip
    return found


def parts(replay: Replay) -> list[tuple[str, Part]]:
    """Those that hold anything, with their titles."""
    every = [("Access-Requests", replay.radius.access), ("Accounting-Requests", replay.radius.accounting)]
    if replay.dhcp is not None and replay.dhcp.decides:
        every.append(("DHCP", replay.dhcp.part))
    return [(title, part) for title, part in every if part.requests]


def part_json(part: Part) -> Json:
    """Totals of one sort of requests."""
    answered = sum(count for what, count in part.answers.items() if what != _SILENCE)
    return {
        "requests": part.requests,
        "without_line_id": part.asked,
        "outcomes": {str(one): part.outcomes[one] for one in Outcome if part.outcomes[one]},
        "unmatched_because": _counts(part.unmatched),
        "rungs": _counts(part.rungs),
        "keys": _counts(part.keys),
        "triggers": _counts(part.triggers),
        "held": part.held,
        "held_matched": part.held_matched,
        "would_rewrite": part.rewritten,
        "answers": dict(part.answers.most_common()),
        "answer_ms": round(part.answer_ms / answered, 1) if answered else None,
        "slowest_answer_ms": part.slowest_ms if answered else None,
        "copies": part.copies,
        "retransmissions": part.retransmissions,
    }


def windows_json(windows: Windows) -> list[Json]:
    """What each window found: with all rungs as configured, and with that of the window alone."""
    return [
        {
            "window_ms": window_ms,
            "asked": windows.asked,
            **{str(one): windows.full[at][one] for one in (Outcome.MATCHED, Outcome.AMBIGUOUS, Outcome.UNMATCHED)},
            "alone": {
                str(one): windows.alone[at][one] for one in (Outcome.MATCHED, Outcome.AMBIGUOUS, Outcome.UNMATCHED)
            },
        }
        for at, window_ms in enumerate(windows.windows_ms)
    ]


def distances(replay: Replay) -> Distances:
    """Of matches within the widest window that is compared, else within the configured one."""
    if replay.windows is not None:
        return replay.windows.distances
    access = replay.radius.access
    dhcp = replay.dhcp
    return dhcp.part.distances if dhcp is not None and dhcp.decides and not access.requests else access.distances


def distances_json(counted: Distances) -> list[Json]:
    """One object a bucket; `up_to_ms` None: all beyond."""
    return [
        {
            "up_to_ms": DISTANCE_BUCKETS_MS[at] if at < BUCKETS - 1 else None,
            "sighting_first": counted.before[at],
            "request_first": counted.after[at],
            "too_late": counted.late[at],
        }
        for at in range(BUCKETS)
    ]


def refused(replay: Replay) -> dict[str, int]:
    """Packets that were not replayed, by reason."""
    found: Counter[str] = Counter(replay.radius.refused)
    if replay.dhcp is not None:
        found.update({f"dhcp-{reason}": count for reason, count in replay.dhcp.refused.items()})
    return dict(found.most_common())


def nothing(replay: Replay) -> bool:
    """Whether there was nothing to replay."""
    radius, dhcp = replay.radius, replay.dhcp
    return not (radius.access.requests or radius.accounting.requests or (dhcp is not None and dhcp.seen))


def unverified(radius: Radius) -> bool:
    """Whether nothing of RADIUS could be verified."""
    return not radius.verified and not radius.wrong


def _dhcp_is_there(replay: Replay) -> bool:
    return replay.packets[Kind.DHCPV4] + replay.packets[Kind.DHCPV6] > 0


def _counts(counter: Mapping[NameT, int]) -> dict[str, int]:
    return {str(name): count for name, count in counter.items() if count}

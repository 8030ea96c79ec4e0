"""What a run comes to: counts, and the verdict on the product. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from bngcorr.model.vocabulary import Outcome
from bngcorr.simulate.decision import Decision

LEAST_SHARE: Final = 0.995  # of attributable requests that must be matched
DISTANCES_MS: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)  # upper bounds of the histogram


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of decisions."""

    requests: int = 0  # that ask for, or name, a line
    own: int = 0  # that name it themselves
    attributable: int = 0  # requests without a line id that could be attributed by the truth
    matched: int = 0  # of those, the ones that left with the identity of their line
    beyond: int = 0  # left with the identity of their line although nobody had to know it
    wrong: int = 0  # left with another line's identity, injected, inherited or through a strip
    indistinguishable: int = 0  # another line fits, or a MAC of two lines is all there is
    indistinguishable_matched: int = 0
    kludge_matched: int = 0  # attributable requests that the BNG's own correlation gives the right line
    kludge_wrong: int = 0  # requests that it gives a wrong one
    held: int = 0
    held_ms: int = 0  # all holds together
    verdicts: Counter[str] = field(default_factory=Counter)  # "matched, window, attachment+mac"
    reasons: Counter[str] = field(default_factory=Counter)  # why, by the truth
    kinds: Counter[str] = field(default_factory=Counter)  # "v6_first attributable", "v6_first matched"
    distances: Counter[int] = field(default_factory=Counter)  # by position in `DISTANCES_MS`, negative: sighting first
    findings: Counter[str] = field(default_factory=Counter)  # that the product made

    @property
    def missed(self) -> int:
        """Attributable requests that did not leave with the identity of their line."""
        return self.attributable - self.matched

    @property
    def share(self) -> float:
        """Of the attributable requests that were matched; 1 if there were none."""
        return self.matched / self.attributable if self.attributable else 1.0

    @property
    def ok(self) -> bool:
        """Nobody on a wrong line, and nearly everybody on theirs."""
        return self.wrong == 0 and self.share >= LEAST_SHARE

    def add(self, decision: Decision) -> None:
        """One more."""
        verdict, finding = decision.verdict, decision.finding
        self.requests += 1
        self.wrong += decision.wrong
        parts = (verdict.outcome, verdict.rung, verdict.key)
        self.verdicts[", ".join(str(part) for part in parts if part is not None)] += 1
        if finding is None:
            self.own += 1
            return
        kind = str(decision.kind)
        self.reasons[finding.why] += 1
        self.kinds[f"{kind} asked"] += 1
        if finding.attributable:
            self.attributable += 1
            self.matched += decision.right
            self.kludge_matched += decision.kludge == decision.packet.line
            self.kinds[f"{kind} attributable"] += 1
            self.kinds[f"{kind} matched"] += decision.right
        else:
            self.beyond += decision.right
        if finding.indistinguishable:
            self.indistinguishable += 1
            self.indistinguishable_matched += verdict.outcome is Outcome.MATCHED
        self.kludge_wrong += decision.kludge is not None and decision.kludge != decision.packet.line
        if verdict.distance_ms is not None:
            at = bisect_left(DISTANCES_MS, abs(verdict.distance_ms))
            self.distances[at if verdict.distance_ms >= 0 else -1 - at] += 1
        if verdict.held_ms:
            self.held += 1
            self.held_ms += verdict.held_ms

    def merge(self, other: Tally) -> None:
        """Those of another part of the run, or of another seed."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in TABLES:
            getattr(self, name).update(getattr(other, name))


COUNTS: Final = (
    "requests", "own", "attributable", "matched", "beyond", "wrong", "indistinguishable", "indistinguishable_matched",
    "kludge_matched", "kludge_wrong", "held", "held_ms",
)  # fmt: skip
TABLES: Final = ("verdicts", "reasons", "kinds", "distances", "findings")


def as_json(tally: Tally) -> dict[str, object]:
    """The counts as a plain object, for the last line of the output."""
    rungs: Counter[str] = Counter()
    for verdict, count in tally.verdicts.items():
        outcome, *rest = verdict.split(", ")
        rungs[rest[0] if rest else outcome] += count
    return {
        "ok": tally.ok,
        "requests": tally.requests,
        "own": tally.own,
        "attributable": tally.attributable,
        "matched": tally.matched,
        "missed": tally.missed,
        "share": round(tally.share, 6),
        "wrong": tally.wrong,
        "indistinguishable": tally.indistinguishable,
        "indistinguishable_matched": tally.indistinguishable_matched,
        "beyond": tally.beyond,
        "kludge_matched": tally.kludge_matched,
        "kludge_wrong": tally.kludge_wrong,
        "held": tally.held,
        "held_ms_mean": round(tally.held_ms / tally.held) if tally.held else 0,
        "by_rung": dict(sorted(rungs.items())),
        "findings": dict(sorted(tally.findings.items())),
    }

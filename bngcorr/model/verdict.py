"""What the correlator says about one request."""

from __future__ import annotations

from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Key, Outcome, Rung


class Verdict:
    """One answer to "whose request is this?", with how it was found. Never changed."""

    __slots__ = ("distance_ms", "held_ms", "ids", "key", "line", "outcome", "rung", "verified")

    def __init__(
        self,
        *,
        outcome: Outcome,
        line: str | None = None,
        ids: LineIds | None = None,
        rung: Rung | None = None,
        key: Key | None = None,
        distance_ms: int | None = None,
        held_ms: int = 0,
        verified: bool = False,
    ) -> None:
        self.outcome: Final = outcome
        self.line: Final = line  # line key; None unless own or matched
        self.ids: Final = ids  # the line's ids to write; only for matched
        self.rung: Final = rung
        self.key: Final = key
        self.distance_ms: Final = distance_ms  # sighting minus request, signed; only on rung window
        self.held_ms: Final = held_ms  # how long the request waited for its sighting
        self.verified: Final = verified  # own: the Remote-Id behind four octets is known there (self-verifying test)

    def with_held(self, held_ms: int) -> Verdict:
        """The same verdict, on a request that waited so long."""
        return Verdict(
            outcome=self.outcome, line=self.line, ids=self.ids, rung=self.rung, key=self.key,
            distance_ms=self.distance_ms, held_ms=held_ms, verified=self.verified,
        )  # fmt: skip

    def _fields(self) -> tuple[object, ...]:
        return (
            self.outcome, self.line, self.ids, self.rung, self.key, self.distance_ms, self.held_ms, self.verified,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return self._fields() == other._fields() if isinstance(other, Verdict) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in zip(_NAMES, self._fields(), strict=True) if value)
        return f"Verdict({said})"


_NAMES: Final = ("outcome", "line", "ids", "rung", "key", "distance_ms", "held_ms", "verified")
UNMATCHED: Final = Verdict(outcome=Outcome.UNMATCHED)
UNKNOWN: Final = Verdict(outcome=Outcome.UNKNOWN)
CONFLICT: Final = Verdict(outcome=Outcome.CONFLICT)
AMBIGUOUS: Final = Verdict(outcome=Outcome.AMBIGUOUS)

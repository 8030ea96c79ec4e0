"""What the correlator says about one request."""

from __future__ import annotations

from dataclasses import dataclass

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Key, Outcome, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One answer to "whose request is this?", with how it was found."""

    outcome: Outcome
    line: str | None = None  # line key; None unless own or matched
    ids: LineIds | None = None  # the line's ids to write; only for matched
    rung: Rung | None = None
    key: Key | None = None
    distance_ms: int | None = None  # sighting minus request, signed; only on rung window
    held_ms: int = 0  # how long the request waited for its sighting
    verified: bool = False  # own: the Remote-Id behind four octets is known on the attachment (self-verifying test)


UNMATCHED = Verdict(outcome=Outcome.UNMATCHED)
UNKNOWN = Verdict(outcome=Outcome.UNKNOWN)
CONFLICT = Verdict(outcome=Outcome.CONFLICT)
AMBIGUOUS = Verdict(outcome=Outcome.AMBIGUOUS)

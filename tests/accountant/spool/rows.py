"""Rows for the tests of the spool."""

from __future__ import annotations

from bngcorr.accountant.spool.row import Row
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome

OWN = Verdict(outcome=Outcome.OWN, line="0" * 24)
MATCHED = Verdict(outcome=Outcome.MATCHED, line="1" * 24, ids=LineIds(b"olt7/12", b"\xff\0"))
SELF_VERIFIED = Verdict(outcome=Outcome.OWN, line="2" * 24, verified=True)
UNKNOWN = Verdict(outcome=Outcome.UNKNOWN)


def row(
    seq: int, *, domain: str = "d1", restart: bool = False, session: str | None = "s1", size: int = 200,
    changed: bytes | None = None, verdict: Verdict = OWN,
) -> Row:  # fmt: skip
    """A row of box "bng1|"; `size` octets of packet."""
    return Row(
        seq=seq, domain=domain, restart=restart, wall_ms=1_700_000_000_000 + seq, arrived_ms=1_700_000_000_500 + seq,
        host="127.0.0.1", bng="bng1", box="bng1|", session=session, octets=bytes(range(20)) + b"x" * (size - 20),
        changed=changed, signed=False, verdict=verdict,
    )  # fmt: skip

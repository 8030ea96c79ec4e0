"""What the spool keeps of an Accounting-Request: enough to send it on and to learn from it after a restart. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgpack

from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.wire.radius import HEADER_OCTETS

FORM: Final = 1  # of `pack`; kept in the file, so that a later version knows what it reads


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every record, and that costs a call a field
class Row:
    """One acknowledged record.

    Attributes for AAA hold no octet that depends on a secret, so a row can be sent whatever became of the
    configuration; what is learnt from it is told anew from the BNG's own octets.
    """

    seq: int  # place in the order of arrival
    domain: str
    restart: bool  # Accounting-On or -Off
    wall_ms: int  # arrival by this machine's clock, which alone goes on while nothing runs
    arrived_ms: int  # arrival by the store's clock
    host: str  # address that it came from
    bng: str
    box: str
    session: str | None  # hash of box and Acct-Session-Id; None without the latter
    octets: bytes  # as the BNG sent it
    changed: bytes | None  # attributes for AAA; None: as they came
    signed: bool  # it came with a Message-Authenticator
    verdict: Verdict  # outcome, line, ids and verified of it are kept

    @property
    def lane(self) -> str:
        """Rows of one lane go to AAA one after another: those of a session; without an id those of the box."""
        return self.session or self.box

    @property
    def attributes(self) -> bytes:
        """What AAA gets, but for Proxy-State, Message-Authenticator and Acct-Delay-Time."""
        return self.octets[HEADER_OCTETS:] if self.changed is None else self.changed

    @property
    def size(self) -> int:
        """Octets it takes in memory, about."""
        return len(self.octets) + len(self.changed or b"") + _OVERHEAD_OCTETS

    def pack(self) -> bytes:
        """Everything that has no column of its own in the file."""
        ids = self.verdict.ids
        packed: bytes = msgpack.packb(
            (
                self.arrived_ms, self.host, self.bng, self.box, self.session, self.octets, self.changed, self.signed,
                str(self.verdict.outcome), self.verdict.line, None if ids is None else ids.encode(),
                self.verdict.verified,
            )
        )  # fmt: skip
        return packed


def unpack(seq: int, domain: str, restart: int, wall_ms: int, packed: bytes) -> Row:
    """Inverse of `Row.pack`. Raises ValueError for octets that it did not make."""
    try:
        arrived_ms, host, bng, box, session, octets, changed, signed, outcome, line, ids, verified = msgpack.unpackb(
            packed
        )
        verdict = Verdict(
            outcome=Outcome(outcome), line=line, ids=None if ids is None else LineIds.decode(ids), verified=verified
        )
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise ValueError(f"row {seq} of the spool can't be read: {error}") from None
    return Row(
        seq=seq, domain=domain, restart=bool(restart), wall_ms=wall_ms, arrived_ms=arrived_ms, host=host, bng=bng,
        box=box, session=session, octets=octets, changed=changed, signed=signed, verdict=verdict,
    )  # fmt: skip


_OVERHEAD_OCTETS: Final = 1_000  # of the objects around the octets

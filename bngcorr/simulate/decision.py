"""What became of one request, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass

from bngcorr.model.verdict import Verdict
from bngcorr.simulate.oracle import Finding
from bngcorr.simulate.packet import Packet
from bngcorr.simulate.population import Kind


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: one is made for every request
class Decision:
    """One request that asks for, or names, a line."""

    box: str
    packet: Packet
    kind: Kind
    at_ms: int  # when it came, since the beginning
    verdict: Verdict
    named: tuple[int, ...]  # lines that AAA found in what left
    accepted: bool  # AAA could place it
    finding: Finding | None  # None: the request names its line itself
    kludge: int | None  # line that the BNG's own correlation gives

    @property
    def wrong(self) -> bool:
        """Whether it left with another line's identity."""
        return any(line != self.packet.line for line in self.named)

    @property
    def right(self) -> bool:
        """Whether it left with the identity of its line, and no other."""
        return bool(self.named) and not self.wrong

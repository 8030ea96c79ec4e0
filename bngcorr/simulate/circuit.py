"""What a BNG knows of a line: the CPE, its two stacks, and their sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from bngcorr.simulate.packet import Form
from bngcorr.simulate.population import Cpe, Line
from bngcorr.simulate.sites import Place


class Phase(Enum):
    """How far a stack is."""

    IDLE = auto()
    ASKING = auto()  # an Access-Request is on its way
    UP = auto()


@dataclass(slots=True, eq=False)
class Session:
    """One accounting session."""

    name: bytes  # Acct-Session-Id
    line: Line
    place: Place | None
    mac: bytes
    v6: bool  # DHCPv6 began it
    form: Form  # how its records show the line
    interval_ms: int | None = None
    started: bool = False
    ended: bool = False
    v4_host: bool = False
    v6_host: bool = False

    def host(self, *, v6: bool) -> None:
        """A host comes up in the session; the DISCOVER of a v4 one brought Option 82."""
        if v6:
            self.v6_host = True
        else:
            self.v4_host = True
            self.form = Form.PLAIN


@dataclass(slots=True, eq=False)
class Stack:
    """DHCPv4 or DHCPv6 of a CPE."""

    v6: bool
    phase: Phase = Phase.IDLE
    life: int = 0  # what was due in an earlier life is off
    session: Session | None = None

    def anew(self) -> None:
        """Whatever was, begins from the beginning."""
        self.life += 1
        self.phase = Phase.IDLE


@dataclass(slots=True, eq=False)
class Circuit:
    """A line as its box has it."""

    line: Line
    place: Place | None
    cpe: Cpe
    v6_wanted: bool  # v6 is switched on at the CPE
    on: bool = False
    v4: Stack = field(default_factory=lambda: Stack(v6=False))
    v6: Stack = field(default_factory=lambda: Stack(v6=True))
    shared: dict[bytes, Session] = field(default_factory=dict)  # one request for all stacks: sessions by MAC
    parked: list[Stack] = field(default_factory=list)  # waiting for the answer to the other stack's request

    @property
    def stacks(self) -> tuple[Stack, Stack]:
        """Both."""
        return self.v4, self.v6

    def mac(self, stack: Stack) -> bytes:
        """What the packets of a stack come from."""
        return self.cpe.mac6 if stack.v6 else self.cpe.mac

"""What the BNGs asked and were answered: one exchange per request, in the order of sending."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bngcorr.demo.truth import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The line id as one packet shows it."""

    remote_id: bytes | None = None
    circuit_id: bytes | None = None
    form: str = "none"  # "none", "plain" or "enterprise <number>"


NO_IDS = Ids()


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request of a BNG and what became of it; filled in as things happen."""

    n: int  # 1 … in the run
    serial: str  # Connect-Info of the packet
    scenario: str
    bng: str
    code: str  # "Access-Request" or "Accounting-Request"
    acct_status: str | None
    line: Line | None  # the truth; None for Accounting-On
    session_id: str | None
    ids: Ids
    says_v6: bool  # proves its family by raw DHCPv6 options
    signed: bool  # with a Message-Authenticator, or accounting
    sent_at_ms: int = 0  # monotonic
    authenticator: str = ""  # of the request, hex: joins the service's verdicts
    answered_at_ms: int | None = None
    answer: str | None = None  # "accept", "reject", "response"; None: nothing came
    transmissions: int = 0

    @property
    def good(self) -> bool:
        """Accepted, or acknowledged."""
        return self.answer in ("accept", "response")


@dataclass(slots=True)
class Journal:
    """The exchanges of one round; serials run on through all rounds."""

    exchanges: list[Exchange] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # answers a BNG had to refuse
    _count: int = 0

    def next_number(self) -> int:
        """The number of the next request in this run."""
        self._count += 1
        return self._count

    def turn(self) -> tuple[list[Exchange], list[str]]:
        """Hand over this round's entries and begin an empty page."""
        page, faults, self.exchanges, self.faults = self.exchanges, self.faults, [], []
        return page, faults

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

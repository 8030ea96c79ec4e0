"""What the memory store keeps of lines, keys, sessions and boxes: small records that are changed in place.

Names (lines, sessions, keys, MACs, places) are hexadecimal digits, instants epoch milliseconds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Traffic
from bngcorr.model.vocabulary import Outcome, SessionState
from bngcorr.store.timeline import Entry


class Seen:
    """A line on a key."""

    __slots__ = ("attached", "first_ms", "sighted_ms", "sighted_v6_ms", "until_ms", "v4_evident")

    def __init__(
        self,
        *,
        first_ms: int,
        until_ms: int,
        sighted_ms: int = 0,
        sighted_v6_ms: int = 0,
        attached: bool = False,
        v4_evident: bool = False,
    ) -> None:
        """All but what has no default may be left out."""
        self.first_ms: int = first_ms
        self.until_ms: int = until_ms
        self.sighted_ms: int = sighted_ms  # last sighting not proved to be v6
        self.sighted_v6_ms: int = sighted_v6_ms
        self.attached: bool = attached
        self.v4_evident: bool = v4_evident

    @property
    def last_ms(self) -> int:
        """The last sighting of either family."""
        return max(self.sighted_ms, self.sighted_v6_ms)


class Notes:
    """What stands on a key."""

    __slots__ = ("crowded_ms", "disputed_ms", "lines", "shared_ms")

    def __init__(self, crowded_ms: int = 0, shared_ms: int = 0, disputed_ms: int = 0) -> None:
        """All but what has no default may be left out."""
        self.lines: dict[str, Seen] = {}
        self.crowded_ms: int = crowded_ms  # until then more lines than can be kept were seen
        self.shared_ms: int = shared_ms  # until then it is known to be no line by itself
        self.disputed_ms: int = disputed_ms  # when another line than the one that was live there was sighted


class Voucher:
    """A session that vouches for a line."""

    __slots__ = ("epoch", "has_v4", "has_v6", "heard_ms", "keys", "nas", "until_ms", "up")

    def __init__(
        self,
        *,
        nas: str,
        epoch: int,
        until_ms: int,
        heard_ms: int = 0,
        up: bool = False,
        has_v4: bool = False,
        has_v6: bool = False,
    ) -> None:
        """All but what has no default may be left out."""
        self.nas: str = nas
        self.epoch: int = epoch
        self.until_ms: int = until_ms
        self.heard_ms: int = heard_ms
        self.up: bool = up
        self.has_v4: bool = has_v4
        self.has_v6: bool = has_v6
        self.keys: set[str] = set()  # on which it does


class Told:
    """What the latest sighting by one family said of a line."""

    __slots__ = ("at_ms", "terms")

    def __init__(self, at_ms: int, terms: tuple[str, ...]) -> None:
        self.at_ms: Final = at_ms
        self.terms: Final = terms


class Shown:
    """When a MAC on a line was last noted, and whether the customer's device only claimed it then."""

    __slots__ = ("at_ms", "claimed")

    def __init__(self, at_ms: int, claimed: bool) -> None:
        self.at_ms: Final = at_ms
        self.claimed: Final = claimed


class Line:
    """A line, as its latest sighting told it."""

    __slots__ = (
        "address",
        "begun_ms",
        "bng",
        "first_ms",
        "ids",
        "last_ms",
        "lost_ms",
        "macs",
        "place",
        "port",
        "rose_ms",
        "timeline",
        "told",
        "until_ms",
        "v6_ms",
        "vouchers",
    )

    def __init__(
        self,
        *,
        ids: LineIds,
        first_ms: int,
        last_ms: int,
        until_ms: int,
        bng: str,
        port: Attachment | None,
        address: Mac | None,
        place: str | None,
        v6_ms: int = 0,
        begun_ms: int = 0,
        lost_ms: int = 0,
        rose_ms: int = 0,
    ) -> None:
        """All but what has no default may be left out."""
        self.ids: LineIds = ids
        self.first_ms: int = first_ms
        self.last_ms: int = last_ms
        self.until_ms: int = until_ms
        self.bng: str = bng
        self.port: Attachment | None = port
        self.address: Mac | None = address
        self.place: str | None = place
        self.told: dict[bool, Told] = {}  # by family, True for v6
        self.macs: dict[str, Shown] = {}
        self.vouchers: dict[str, Voucher] = {}  # by session
        self.v6_ms: int = v6_ms  # last known to have IPv6
        self.begun_ms: int = begun_ms  # its IPv4 session began
        self.lost_ms: int = lost_ms  # its IPv6 was found to be lost
        self.rose_ms: int = rose_ms  # its IPv4 counters rose
        self.timeline: list[Entry] = []  # the oldest first

    @property
    def terms(self) -> tuple[str, ...]:
        """It is found by what either family told last."""
        return tuple(
            dict.fromkeys(term for family in (False, True) if family in self.told for term in self.told[family].terms)
        )


class Accepted(NamedTuple):
    """What AAA said of the next session of a name that is up."""

    fingerprint: str
    epoch: int
    at_ms: int
    promised: tuple[str, ...]
    interval_ms: int
    timeout_ms: int


class Session:
    """A session."""

    __slots__ = (
        "accepted_ms",
        "address",
        "at_ms",
        "began_ms",
        "claimed",
        "coming",
        "digests",
        "epoch",
        "filled",
        "fingerprint",
        "flat",
        "gap_confirmed",
        "gap_ms",
        "gap_twice",
        "hosts",
        "ids",
        "interval_ms",
        "ledger_port",
        "line",
        "nas",
        "outcome",
        "own",
        "port",
        "promised",
        "session_id",
        "since_ms",
        "state",
        "terms",
        "timeout_ms",
        "traffic",
        "until_ms",
        "user_name",
    )

    def __init__(
        self,
        *,
        nas: str,
        at_ms: int = 0,
        until_ms: int = 0,
        accepted_ms: int = 0,
        state: SessionState = SessionState.EXPECTED,
        epoch: int = 0,
        line: str | None = None,
        ids: LineIds | None = None,
        own: bool = False,
        fingerprint: str = "",
        digests: tuple[str, ...] = (),
        hosts: tuple[str, ...] = (),
        filled: tuple[str, ...] = (),
        promised: tuple[str, ...] = (),
        claimed: bool = False,
        coming: Accepted | None = None,
        began_ms: int = 0,
        since_ms: tuple[int, ...] = (),
        ledger_port: str = "",
        interval_ms: int = 0,
        timeout_ms: int = 0,
        gap_ms: int = 0,
        gap_confirmed: bool = False,
        gap_twice: bool = False,
        traffic: Traffic | None = None,
        flat: int = 0,
        session_id: bytes = b"",
        user_name: str | None = None,
        port: Attachment | None = None,
        address: Mac | None = None,
        outcome: Outcome | None = None,
        terms: tuple[str, ...] = (),
    ) -> None:
        """All but what has no default may be left out."""
        self.nas: str = nas
        self.at_ms: int = at_ms  # of the latest record, by the NAS's clock
        self.until_ms: int = until_ms
        self.accepted_ms: int = accepted_ms  # when AAA last accepted it
        self.state: SessionState = state
        self.epoch: int = epoch
        self.line: str | None = line
        self.ids: LineIds | None = ids
        self.own: bool = own
        self.fingerprint: str = fingerprint
        self.digests: tuple[str, ...] = digests  # of records of the latest instant
        self.hosts: tuple[str, ...] = hosts  # "kind|service|address"
        self.filled: tuple[str, ...] = filled  # the last of them, which accounting left out of what was promised
        self.promised: tuple[str, ...] = promised
        self.claimed: bool = claimed  # a session that began since took what was promised
        self.coming: Accepted | None = coming
        self.began_ms: int = began_ms  # its first record of this life
        self.since_ms: tuple[int, ...] = since_ms  # from when it holds each of its hosts
        self.ledger_port: str = ledger_port  # where they count
        self.interval_ms: int = interval_ms
        self.timeout_ms: int = timeout_ms
        self.gap_ms: int = gap_ms  # the longest between two of its records
        self.gap_confirmed: bool = gap_confirmed  # another one was as long
        self.gap_twice: bool = gap_twice  # so it was, but a third has to be
        self.traffic: Traffic | None = traffic
        self.flat: int = flat  # Interims over which IPv6 stood still
        self.session_id: bytes = session_id
        self.user_name: str | None = user_name
        self.port: Attachment | None = port
        self.address: Mac | None = address
        self.outcome: Outcome | None = outcome
        self.terms: tuple[str, ...] = terms

    @property
    def named(self) -> tuple[str, ...]:
        """Those of its hosts that accounting names."""
        return self.hosts[: len(self.hosts) - len(self.filled)]

    @property
    def has_v4(self) -> bool:
        """Whether it holds an IPv4 host."""
        return any(host.startswith("v4|") for host in self.named)

    @property
    def has_v6(self) -> bool:
        """Whether it holds an IPv6 host: what was merely promised may not be there."""
        return any(host.startswith(_V6_HOSTS) for host in self.named)


_V6_HOSTS: Final = ("ia_na|", "ia_pd|", "slaac|", "pd_route|")


class Box:
    """A box and its restarts."""

    __slots__ = ("epoch", "names", "ports", "since_ms", "traffic")

    def __init__(self, epoch: int = 0, since_ms: int = 0) -> None:
        """All but what has no default may be left out."""
        self.epoch: int = epoch
        self.since_ms: int = since_ms
        self.names: set[str] = set()  # kinds of hosts that it names in accounting
        self.ports: set[str] = set()
        self.traffic: Traffic = Traffic()  # of all its sessions

"""What the correlator asks of the store, and what the store recalls.

Instants are epoch milliseconds of the store's clock; whatever counts only until an instant is judged against the
`now_ms` that comes with the question. Plain classes: several of them are made for every question, and nobody changes
one that is made.
"""

from __future__ import annotations

from collections.abc import Mapping

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import SessionState


class Recall:
    """One question: the keys of one request."""

    __slots__ = ("domain", "keys", "line", "mac", "place", "session")

    def __init__(
        self,
        *,
        domain: str,
        keys: tuple[str, ...],
        mac: str | None,
        session: str | None,
        place: str | None = None,
        line: str | None = None,
    ) -> None:
        self.domain: str = domain
        self.keys: tuple[str, ...] = keys  # correlation keys (hashes)
        self.mac: str | None = mac  # MAC (hash), to learn whether it is tainted and which lines were seen with it
        self.session: str | None = session  # session (hash), if the request carries an Acct-Session-Id
        self.place: str | None = place  # attachment (hash), to look it up in the operator's plan
        # line key: if this line stands alone on all the keys, of which there are some, the answer may say just that
        self.line: str | None = line

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recall) and self._values() == other._values()

    def __repr__(self) -> str:
        return f"Recall{self._values()}"

    def _values(self) -> tuple[object, ...]:
        return (self.domain, self.keys, self.mac, self.session, self.place, self.line)


class LiveSession:
    """A session that vouches for a line on a key."""

    __slots__ = ("epoch", "heard_ms", "nas", "until_ms", "up")

    def __init__(
        self,
        *,
        nas: str,
        epoch: int,
        until_ms: int,
        heard_ms: int = 0,
        up: bool = True,
    ) -> None:
        self.nas: str = nas  # "bng|host": the box that reports it
        self.epoch: int = epoch  # of that box when the session was last heard of
        self.until_ms: int = until_ms
        self.heard_ms: int = heard_ms  # when it was last heard of, by the NAS's clock
        self.up: bool = up  # accounting told of it; else AAA accepted it, and nothing came yet

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LiveSession) and self._values() == other._values()

    def __repr__(self) -> str:
        return f"LiveSession{self._values()}"

    def _values(self) -> tuple[object, ...]:
        return (self.nas, self.epoch, self.until_ms, self.heard_ms, self.up)


class Candidate:
    """A line that was seen on a key."""

    __slots__ = (
        "_sessions",
        "attached",
        "first_ms",
        "ids",
        "line",
        "same_mac",
        "same_place",
        "sighted_ms",
        "sighted_v6_ms",
        "v4_evident",
    )

    def __init__(
        self,
        *,
        line: str,
        ids: LineIds,
        first_ms: int = 0,
        sighted_ms: int = 0,
        sighted_v6_ms: int = 0,
        attached: bool = True,
        v4_evident: bool = False,
        same_mac: bool = False,
        same_place: bool = False,
        sessions: tuple[LiveSession, ...] = (),
    ) -> None:
        self.line: str = line  # line key
        self.ids: LineIds = ids
        self.first_ms: int = first_ms  # first sighting on this key
        self.sighted_ms: int = sighted_ms  # last sighting not proved to be v6; 0: never
        self.sighted_v6_ms: int = sighted_v6_ms  # last sighting by a v6-triggered request; 0: never
        self.attached: bool = attached  # a sighting had an attachment (matters on bng+mac)
        self.v4_evident: bool = (
            v4_evident  # a sighting was DHCPv4 by proof or strong evidence: its Remote-Id has no number
        )
        self.same_mac: bool = same_mac  # the line was seen with the MAC of the question
        self.same_place: bool = same_place  # the line was last seen at the place of the question
        self._sessions: tuple[LiveSession, ...] = sessions

    @property
    def sessions(self) -> tuple[LiveSession, ...]:
        """Those that vouch for it there and whose time is not up. Raises StoreError if that can't be read."""
        return self._sessions

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and self._values() == other._values()

    def __repr__(self) -> str:
        return f"Candidate{self._values()}"

    def _values(self) -> tuple[object, ...]:
        return (
            self.line,
            self.ids,
            self.first_ms,
            self.sighted_ms,
            self.sighted_v6_ms,
            self.attached,
            self.v4_evident,
            self.same_mac,
            self.same_place,
            self.sessions,
        )


class KeyRecord:
    """Everything known on one correlation key."""

    __slots__ = ("candidates", "crowded", "shared")

    def __init__(
        self,
        *,
        candidates: tuple[Candidate, ...] = (),
        crowded: bool = False,
        shared: bool = False,
    ) -> None:
        self.candidates: tuple[Candidate, ...] = candidates
        self.crowded: bool = crowded  # more lines than can be kept were seen
        self.shared: bool = shared  # an attachment that was taken for one line showed two at a time

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyRecord) and self._values() == other._values()

    def __repr__(self) -> str:
        return f"KeyRecord{self._values()}"

    def _values(self) -> tuple[object, ...]:
        return (self.candidates, self.crowded, self.shared)


NOTHING = KeyRecord()


def undisputed(candidate: Candidate, disputed_ms: int, epochs: Mapping[str, int]) -> bool:
    """Whether a line still counts on a key where another one was sighted, and not believed, at `disputed_ms`.

    It does while it is live, and once it is sighted again. Else nobody knows which of the two is there: the session
    that spoke for it may have ended before, and its Stop have been told by another replica afterwards.
    """
    if max(candidate.sighted_ms, candidate.sighted_v6_ms) > disputed_ms:
        return True
    return any(session.epoch == epochs.get(session.nas, 0) for session in candidate.sessions)


class SessionIdentity:
    """What was fixed for an Acct-Session-Id at first sight."""

    __slots__ = ("epoch", "fingerprint", "ids", "line", "nas", "state")

    def __init__(
        self,
        *,
        line: str | None,
        ids: LineIds | None,
        state: SessionState,
        epoch: int,
        nas: str,
        fingerprint: str,
    ) -> None:
        self.line: str | None = line  # None: it was carried on without identity
        self.ids: LineIds | None = ids
        self.state: SessionState = state
        self.epoch: int = epoch
        self.nas: str = nas
        self.fingerprint: str = fingerprint  # attachment and MAC it was seen with; "" unknown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SessionIdentity) and self._values() == other._values()

    def __repr__(self) -> str:
        return f"SessionIdentity{self._values()}"

    def _values(self) -> tuple[object, ...]:
        return (self.line, self.ids, self.state, self.epoch, self.nas, self.fingerprint)


class Recollection:
    """The answer: what the store knows about the keys of one request."""

    __slots__ = ("_epochs", "alone", "mac_lines", "plan", "records", "session")

    def __init__(
        self,
        *,
        records: dict[str, KeyRecord],
        mac_lines: int,
        session: SessionIdentity | None,
        epochs: dict[str, int],
        plan: LineIds | None = None,
        alone: bool = False,
    ) -> None:
        self.records: dict[str, KeyRecord] = records  # by key hash
        self.mac_lines: int = mac_lines  # lines the MAC was seen on within TAINT_MS (2 means two or more)
        self.session: SessionIdentity | None = session
        self._epochs: dict[str, int] = epochs
        self.plan: LineIds | None = plan  # what the operator's plan says of the place
        # the line of the question stands on all its keys, no other does, and none is crowded, shared or disputed; but
        # for the plan nothing else is told
        self.alone: bool = alone

    @property
    def epochs(self) -> dict[str, int]:
        """Of every box of the domain. Raises StoreError if that can't be read."""
        return self._epochs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recollection) and self._values() == other._values()

    def __repr__(self) -> str:
        return f"Recollection{self._values()}"

    def _values(self) -> tuple[object, ...]:
        return (self.records, self.mac_lines, self.session, self.epochs, self.plan, self.alone)


def alone(plan: LineIds | None) -> Recollection:
    """The line of a question stands alone on all its keys; what the operator's plan says of the place."""
    return Recollection(records={}, mac_lines=0, session=None, epochs={}, plan=plan, alone=True)


ALONE = alone(None)

"""A question that the ladder answers, and what its keys can tell. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.correlator.keys import Keyring
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Key, LineIdPolicy, Rung
from bngcorr.store.recollection import LiveSession, Recollection

FRESH_MS: Final = 3_600_000
EVERY_RUNG: Final = frozenset(Rung)

_ATTACHMENT: Final = Key.ATTACHMENT
_ATTACHMENT_MAC: Final = Key.ATTACHMENT_MAC
_BNG_MAC: Final = Key.BNG_MAC
_BOTH: Final = LineIdPolicy.BOTH


class Rules:
    """How requests of one BNG climb. Never changed."""

    __slots__ = ("fresh_ms", "line_id", "remembered_ms", "rungs", "window_ms")

    def __init__(
        self,
        *,
        window_ms: int = 5_000,
        remembered_ms: int = 86_400_000,
        fresh_ms: int = FRESH_MS,
        rungs: frozenset[Rung] = EVERY_RUNG,
        line_id: LineIdPolicy = _BOTH,
    ) -> None:
        """All of it has a default."""
        self.window_ms: Final = window_ms
        self.remembered_ms: Final = remembered_ms
        # after its last word a session counts so long where another CPE could stand in its place
        self.fresh_ms: Final = fresh_ms
        self.rungs: Final = rungs
        self.line_id: Final = line_id  # which ids of a planned line name it

    def _fields(self) -> tuple[object, ...]:
        return (self.window_ms, self.remembered_ms, self.fresh_ms, self.rungs, self.line_id)

    def __eq__(self, other: object) -> bool:
        return self._fields() == other._fields() if isinstance(other, Rules) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        return f"Rules{self._fields()}"


class Question:
    """One request, as far as the ladder is concerned. A plain class: one is made for every request."""

    __slots__ = (
        "accounting", "at_ms", "begins", "checked", "domain", "keyring", "match_v6", "own", "rules", "session",
        "suspect", "value",
    )  # fmt: skip

    def __init__(
        self,
        *,
        domain: str,
        keyring: Keyring,
        rules: Rules,
        session: str | None,
        at_ms: int,
        match_v6: bool,
        accounting: bool,
        begins: bool,
        own: LineIds | None = None,
        checked: bool = True,
        suspect: bytes | None = None,
        value: bytes | None = None,
    ) -> None:
        """Without `own` the request has to climb; `suspect` and `value` go with it."""
        self.domain: Final = domain
        self.keyring: Final = keyring
        self.rules: Final = rules
        self.session: Final = session  # hash of its Acct-Session-Id
        self.at_ms: Final = at_ms  # when it arrived
        # whether a v6 sighting may match it (not so for a request proved v4, unless the profile asks)
        self.match_v6: Final = match_v6
        self.accounting: Final = accounting
        # an Access-Request or Accounting-Start: the session may be another that was given an old name
        self.begins: Final = begins
        self.own: Final = own  # the line that it names itself
        self.checked: Final = checked  # whether that is compared with what is planned and live where it came from
        # own Remote-Id without its first 4 octets, if they may be an enterprise number; and as it came
        self.suspect: Final = suspect
        self.value: Final = value


def is_alone(ring: Keyring, recalled: Recollection) -> bool:
    """Whether the VLAN pair is one line: declared so, and never seen to be otherwise."""
    if not ring.per_line:
        return False
    attachment = ring.attachment
    return attachment is None or not recalled.records[attachment].shared


def says_anything(key: Key, ring: Keyring, *, alone: bool, tainted: bool) -> bool:
    """Whether a key can tell a line: not a MAC of several lines, a claimed MAC or the VLAN pair only if that is one."""
    if key is _ATTACHMENT_MAC or key is _BNG_MAC:
        return not tainted and (alone or not ring.claimed)
    return key is not _ATTACHMENT or alone


def counts(session: LiveSession, epochs: dict[str, int], now_ms: int) -> bool:
    """Whether a session is live: its time is not up, and its box has not restarted since it was heard of."""
    return session.until_ms > now_ms and session.epoch == epochs.get(session.nas, 0)


def is_fresh(session: LiveSession, now_ms: int, fresh_ms: int) -> bool:
    """Whether a session was heard of lately, or has only just been accepted: its CPE is there all but surely."""
    return not session.up or now_ms - session.heard_ms <= fresh_ms

"""IPv4 and IPv6 of a line: which is up, since when, and what was asked and told of each last. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.model.vocabulary import HostKind, SessionState, Trigger
from bngcorr.store.lesson import SessionStep
from bngcorr.store.rows import FindingRow, SessionRow
from bngcorr.store.timeline import AccountingEntry, Entry, RequestEntry
from bngcorr.wire.attributes import Code

_V6_KINDS: Final = frozenset({HostKind.IA_NA, HostKind.IA_PD, HostKind.SLAAC, HostKind.PD_ROUTE})
_Holds = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known of a line, or of a session without one."""

    sessions: Sequence[SessionRow]
    findings: Sequence[FindingRow]  # about it, its addresses, its port and its BNG
    entries: Sequence[Entry]  # its timeline, the oldest first
    window_ms: int  # of its BNG


@dataclass(frozen=True, slots=True)
class Family:
    """IPv4 or IPv6 of a line."""

    name: str  # "IPv4", "IPv6"
    up: tuple[SessionRow, ...]
    since_ms: int  # from when on it is up; 0: it is not
    last: RequestEntry | None  # the latest Access-Request for it
    told_ms: int  # when accounting last told of a host of it, or of the end of a session; 0: never

    @property
    def is_up(self) -> bool:
        """Whether a session that counts holds a host of it."""
        return bool(self.up)


def families(known: Known, now_ms: int) -> tuple[Family, Family]:
    """IPv4, and IPv6."""
    up = [one for one in known.sessions if one.state is SessionState.UP and one.until_ms >= now_ms]
    v4 = _family("IPv4", up, known.entries, (Trigger.DHCPV4, Trigger.PPP), lambda kind: kind == HostKind.V4)
    v6 = _family("IPv6", up, known.entries, (Trigger.DHCPV6,), lambda kind: kind in _V6_KINDS)
    return v4, v6


def either(known: Known) -> Family:
    """Both, of which neither is up: what was asked last, for whichever."""
    return _family("IPv4 or IPv6", (), known.entries, tuple(Trigger), lambda _: False)


def _family(
    name: str,
    up: Sequence[SessionRow],
    entries: Sequence[Entry],
    triggers: tuple[Trigger, ...],
    holds: _Holds,
) -> Family:
    with_it = tuple(one for one in up if any(holds(host.partition("|")[0]) for host in one.hosts))
    since = [_since(one, holds) for one in with_it]
    last = None
    for entry in entries:
        if isinstance(entry, RequestEntry) and entry.code is Code.ACCESS_REQUEST and entry.trigger in triggers:
            last = entry
    told = [
        entry.at_ms
        for entry in entries
        if isinstance(entry, AccountingEntry)
        and (entry.step is SessionStep.STOP or any(holds(host.partition("|")[0]) for host in entry.came + entry.went))
    ]
    return Family(name, with_it, min(since, default=0), last, max(told, default=0))


def _since(session: SessionRow, holds: _Holds) -> int:
    told = [at for host, at in zip(session.hosts, session.since_ms, strict=False) if holds(host.partition("|")[0])]
    return min((at for at in told if at), default=session.began_ms or session.at_ms)


def is_expected(known: Known) -> bool:
    """Whether AAA accepted a session of which no accounting came yet."""
    return any(one.state is SessionState.EXPECTED for one in known.sessions)


def told_later(known: Known, family: Family, last: RequestEntry) -> bool:
    """Whether a session has ended since, or told of the family and is up no more: then that counts, not the request."""
    return family.told_ms >= last.at_ms or any(
        one.at_ms > last.at_ms and one.state is not SessionState.UP for one in known.sessions
    )

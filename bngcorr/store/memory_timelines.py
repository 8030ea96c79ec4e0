"""Timelines of the memory store."""

from __future__ import annotations

from collections.abc import Sequence

from bngcorr.store.lesson import Event, SessionChange, SessionStep
from bngcorr.store.memory_domain import Domain
from bngcorr.store.timeline import AccountingEntry, Entry, RequestEntry, read


def told(event: Event) -> RequestEntry:
    """The request as it comes back from the real store."""
    entry = read(event.about, event.moment, "", "")
    if not isinstance(entry, RequestEntry):
        raise TypeError("an event that nobody can read")
    return entry


def add(domain: Domain, line: str, mac: str | None, entry: Entry, most: int) -> None:
    """To the line's entries if it is known; without a line ("") to those of the only line that the MAC was seen on."""
    seen = list(domain.macs.get(mac or "", {}))
    known = domain.lines.get(line or (seen[0] if len(seen) == 1 else ""))
    if known is not None:
        known.timeline = [*known.timeline, entry][-most:] if most else []


def account(domain: Domain, change: SessionChange, before: Sequence[str], after: Sequence[str], most: int) -> None:
    """A Start, a Stop, or an Interim that told other hosts."""
    session = domain.sessions[change.session]
    if change.step is SessionStep.EXPECTED or session.line is None:
        return
    came = tuple(dict.fromkeys(host for host in after if host not in before))
    went = tuple(dict.fromkeys(host for host in before if host not in after))
    if change.step is SessionStep.INTERIM and tuple(before) == tuple(after):
        return
    entry = AccountingEntry(
        at_ms=change.at_ms, domain=domain.name, nas=change.nas, step=change.step, line=session.line,
        session=change.session, session_id=change.session_id, user_name=change.user_name, mac=change.address,
        port=change.port, verdict=change.outcome, ids=session.ids, came=came, went=went,
    )  # fmt: skip
    add(domain, session.line, None, entry, most)

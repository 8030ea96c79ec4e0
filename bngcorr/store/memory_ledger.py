"""The ledger of the memory store: counted anew from the sessions each time, and who held what until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bngcorr.model.usage import USAGE_FIELDS, Traffic, Usage
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_records import Box, Session
from bngcorr.store.rows import Closed

MOST_PORTS: Final = 4096  # of a box
MOST_PORTS_OF_HOST: Final = 64


def reckon(sessions: Iterable[Session], spent: Iterable[str] | None = None) -> Usage:
    """What these sessions of one box hold between them; of hosts only those that are `spent`, if that is told."""
    some = [set(session.hosts) for session in sessions if session.hosts]
    sums = dict.fromkeys(USAGE_FIELDS, 0)
    for host in set().union(*some) if spent is None else spent:
        sums[host.split("|", 1)[0]] += 1
    sums["sessions"] = len(some)
    sums["na_or_pd"] = sum(any(host.startswith("ia_") for host in hosts) for hosts in some)
    return Usage(**sums)


def counted(domain: Domain, nas: str) -> list[Session]:
    """Sessions of a box that are up in its present epoch, and hold something."""
    epoch = domain.epoch(nas)
    return [
        one
        for one in domain.sessions.values()
        if one.nas == nas and one.state is SessionState.UP and one.epoch == epoch and one.hosts
    ]


def by_port(sessions: Iterable[Session]) -> dict[str, Usage]:
    """What they hold on each port."""
    there: dict[str, list[Session]] = {}
    spent: dict[str, set[str]] = {}
    ports: dict[str, set[str]] = {}  # on which each host counts; on more of them than so many it counts under ""
    for session in sessions:
        there.setdefault(session.ledger_port, []).append(session)
        for host in session.hosts:
            its, port = ports.setdefault(host, set()), session.ledger_port
            if port and port not in its and len(its) >= MOST_PORTS_OF_HOST:
                port = ""
            its |= {port} - {""}
            spent.setdefault(port, set()).add(host)
    return {port: reckon(there.get(port, ()), spent.get(port, ())) for port in {**there, **spent}}


def port_of(domain: Domain, nas: str, port: str) -> str:
    """Under which port to count; "" if it is not known, or one too many."""
    ports = domain.boxes[nas].ports
    if port and port not in ports and len(ports) < MOST_PORTS:
        ports.add(port)
    return port if port in ports else ""


def add(one: Traffic, other: Traffic) -> Traffic:
    """Their sum."""
    return Traffic(one.v4 + other.v4, one.v6 + other.v6, one.either + other.either)


def outlived(box: Box, session: Session) -> tuple[int, str]:
    """Until when a session had its hosts that did not survive a restart of its box, and why not longer.

    Until the restart that followed. If there was another one since, its instant is what is known, and may be long
    after: somebody else may have them by then. So the session is told as one that fell silent.
    """
    if session.epoch + 1 < box.epoch:
        return session.at_ms, "expired"
    return max(box.since_ms, session.at_ms), "restart"


def close(domain: Domain, held: Session, hosts: Iterable[str], until_ms: int, why: str, to: Session) -> None:
    """A session gives back hosts; `to` knows its line."""
    if not domain.closed.maxlen:
        return
    gone = tuple(hosts)
    if not gone:
        return
    domain.closed_lost += len(domain.closed) == domain.closed.maxlen
    domain.closed.append(
        Closed(
            domain=domain.name,
            nas=held.nas,
            hosts=gone,
            since_ms=tuple(held.since_ms[held.hosts.index(host)] for host in gone),
            until_ms=until_ms,
            why=why,
            line=to.line,
            ids=to.ids,
            session_id=held.session_id,
            user_name=held.user_name,
            port=held.port,
            address=held.address,
            filled=tuple(host for host in gone if host in held.filled),
        )
    )

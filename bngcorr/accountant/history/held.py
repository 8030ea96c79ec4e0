"""One host that a session held, and from when to when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.rows import Closed, SessionRow

ACCOUNTING: Final = "accounting"  # a record names the host
ACCEPT: Final = "accept"  # the Access-Accept gives it, and accounting does not name it
EXPIRED: Final = "expired"  # why of a session that fell silent
HOLDING: Final = frozenset((SessionState.UP, SessionState.SUSPECT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An address or prefix, and the session that had it. Instants are epoch milliseconds."""

    address: str  # as `ipaddress` writes it; of IPv6 also a prefix
    kind: str  # of vocabulary.HostKind
    service: str  # VRF or service id; "" for the base router
    from_ms: int | None  # None: not known
    to_ms: int | None  # None: still held
    end: str  # rows.Closed.why; "" while it is held
    bng: str
    box: str  # which of several behind one entry; "" for a single one
    port: Attachment | None
    mac: Mac | None
    line: str | None
    domain: str
    remote_id: bytes | None
    circuit_id: bytes | None
    session_id: bytes
    user_name: str | None
    source: str  # ACCOUNTING or ACCEPT
    heard_ms: int | None = None  # last word of a session that holds it still, or that fell silent
    noted_ms: int = 0  # when its end was written down; of one that is held: when the store was asked


def of_closed(closed: Closed, noted_ms: int) -> list[Held]:
    """What a closed session held, host by host."""
    ids = closed.ids or LineIds()
    bng, _, box = closed.nas.partition("|")
    silent = closed.why == EXPIRED
    return [
        Held(
            address=address, kind=kind, service=service, from_ms=since, to_ms=closed.until_ms, end=closed.why,
            bng=bng, box=box, port=closed.port, mac=closed.address, line=closed.line, domain=closed.domain,
            remote_id=ids.remote_id, circuit_id=ids.circuit_id, session_id=closed.session_id,
            user_name=closed.user_name, source=_source(host, closed.filled),
            heard_ms=closed.until_ms if silent else None, noted_ms=noted_ms,
        )
        for host, since in _since(closed.hosts, closed.since_ms)
        for kind, service, address in (parts(host),)
    ]  # fmt: skip


def of_session(row: SessionRow, now_ms: int) -> list[Held]:
    """What a session holds that is up, or was when its box restarted; of others nothing.

    After a restart of the box nobody knows until the next record: it is told as if it had fallen silent.
    """
    if row.state not in HOLDING:
        return []
    ids = row.ids or LineIds()
    bng, _, box = row.nas.partition("|")
    doubtful = row.state is SessionState.SUSPECT or row.until_ms < now_ms
    return [
        Held(
            address=address, kind=kind, service=service, from_ms=since, to_ms=row.at_ms if doubtful else None,
            end=EXPIRED if doubtful else "", bng=bng, box=box, port=row.port, mac=row.address, line=row.line,
            domain=row.domain, remote_id=ids.remote_id, circuit_id=ids.circuit_id, session_id=row.session_id,
            user_name=row.user_name, source=_source(host, row.filled), heard_ms=row.at_ms, noted_ms=now_ms,
        )
        for host, since in _since(row.hosts, row.since_ms)
        for kind, service, address in (parts(host),)
    ]  # fmt: skip


def parts(host: str) -> tuple[str, str, str]:
    """Kind, service and address of ``kind|service|address``."""
    kind, _, rest = host.partition("|")
    service, _, address = rest.rpartition("|")
    return kind, service, address


def _since(hosts: Sequence[str], since_ms: Sequence[int]) -> list[tuple[str, int | None]]:
    return [(host, since_ms[at] or None if at < len(since_ms) else None) for at, host in enumerate(hosts)]


def _source(host: str, filled: Sequence[str]) -> str:
    return ACCEPT if host in filled else ACCOUNTING

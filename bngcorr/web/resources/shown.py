"""Rows of the store as models: each put together as plain values, which its model takes, and checks, at one go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any, Final

from bngcorr.accountant.reach import Origin, Reach, reach
from bngcorr.correlator.findings import NEXT_STEP, REASON
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import format_mac
from bngcorr.model.shown import instant_shown, octets_shown
from bngcorr.model.vocabulary import Finding as FindingKind
from bngcorr.store.rows import FindingRow, LineRow, SessionRow
from bngcorr.web.models.finding import Finding
from bngcorr.web.models.line import Line
from bngcorr.web.models.names import record_name
from bngcorr.web.models.session import Session

Told = dict[str, Any]  # what a model is made of
InterfaceIds = Mapping[str, IPv6Address | None]  # by BNG: what its CPEs answer to within their delegated prefixes
_NO_IDS: Final = LineIds()
ABOUT_LINES: Final = frozenset({
    FindingKind.V6_LOST, FindingKind.NO_TRAFFIC, FindingKind.LATE_IDENTITY, FindingKind.CONFLICT,
    FindingKind.MOVED, FindingKind.MAC_FLOOD,
})  # fmt: skip


def if_ever(epoch_ms: int) -> str | None:
    """An instant of the store, in which 0 stands for "never"."""
    return instant_shown(epoch_ms) if epoch_ms > 0 else None


def readable(text: str) -> str:
    """Octets that are no UTF-8, as a BNG or a customer may send them, told as ``\\xff``: JSON has no word for them."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _readable_within(value: Any) -> Any:
    """The same for whatever JSON holds."""
    match value:
        case str():
            return readable(value)
        case dict():
            return {readable(name): _readable_within(inner) for name, inner in value.items()}
        case list():
            return [_readable_within(one) for one in value]
    return value


def attached(port: Attachment | None) -> Told | None:
    """None stays None."""
    return None if port is None else {"port": readable(port.port), "outer": port.outer, "inner": port.inner}


def mac_shown(mac: bytes | None) -> str | None:
    """None stays None."""
    return None if mac is None else format_mac(mac)


def _addresses(row: SessionRow) -> list[Told]:
    """Hosts of a session: what, from when on, and who says so."""
    hosts, filled = row.hosts, row.filled
    since = (*row.since_ms, *[0] * (len(hosts) - len(row.since_ms)))
    found = []
    for host, at in zip(hosts, since, strict=True):
        kind, service, address = host.split("|", 2)
        source = "lease" if not row.session_id else "accept" if host in filled else "accounting"
        found.append({"kind": kind, "service": service, "address": address, "since": if_ever(at), "source": source})
    return found


def _addresses_together(held: Iterable[tuple[SessionRow, Sequence[Told]]]) -> list[Told]:
    """What several sessions hold, each once: as accounting names it first, if it does."""
    merged: dict[tuple[str, ...], Told] = {}
    for session, addresses in sorted(held, key=lambda one: one[0].began_ms):
        bng = session.bng
        for one in addresses:
            key = (bng, one["service"], one["kind"], one["address"])
            known = merged.get(key)
            if known is None or (known["source"] != "accounting" and one["source"] == "accounting"):
                merged[key] = one | {"bng": bng}
    return list(merged.values())


def _reach_of(row: SessionRow, addresses: Iterable[Told], interface_ids: InterfaceIds) -> Reach | None:
    return reach([(one["kind"], one["address"]) for one in addresses], interface_ids.get(row.bng))


def _cpe_address(found: Reach | None) -> Told | None:
    if found is None:
        return None
    return {"address": found.address, "from_": "ia_na" if found.origin is Origin.IA_NA else "delegated_prefix"}


def session_shown(row: SessionRow, interface_ids: InterfaceIds) -> Session:
    """One session."""
    ids, traffic, addresses = row.ids or _NO_IDS, row.traffic, _addresses(row)
    return Session.model_validate({
        "id": record_name(row.domain, row.session),
        "session_id": row.session_id.decode("utf-8", "backslashreplace"),
        "bng": row.bng,
        "user_name": None if row.user_name is None else readable(row.user_name),
        "mac": mac_shown(row.address),
        "attachment": attached(row.port),
        "identity": row.outcome,
        "domain": row.domain,
        "nas": row.nas,
        "state": row.state,
        "line": None if row.line is None else record_name(row.domain, row.line),
        "remote_id": octets_shown(ids.remote_id),
        "circuit_id": octets_shown(ids.circuit_id),
        "addresses": addresses,
        "cpe_address": _cpe_address(_reach_of(row, addresses, interface_ids)),
        "traffic": None if traffic is None else {"v4": traffic.v4, "v6": traffic.v6, "either": traffic.either},
        "began_at": if_ever(row.began_ms),
        "updated_at": if_ever(row.at_ms),
        "expires_at": if_ever(row.until_ms),
    })  # fmt: skip


def line_shown(row: LineRow, sessions: Sequence[SessionRow], interface_ids: InterfaceIds) -> Line:
    """One line. `sessions`: those of the line that are up."""
    held = [(session, _addresses(session)) for session in sessions]
    found = [one for session, some in held if (one := _reach_of(session, some, interface_ids)) is not None]
    best = min(found, key=lambda one: one.origin is not Origin.IA_NA, default=None)
    return Line.model_validate({
        "id": record_name(row.domain, row.line),
        "domain": row.domain,
        "remote_id": octets_shown(row.ids.remote_id),
        "circuit_id": octets_shown(row.ids.circuit_id),
        "first_seen": if_ever(row.first_ms),
        "last_seen": if_ever(row.last_ms),
        "last": {"bng": row.bng, "attachment": attached(row.port), "mac": mac_shown(row.address)},
        "addresses": _addresses_together(held),
        "cpe_address": _cpe_address(best),
    })  # fmt: skip


def line_of_finding(row: FindingRow, detail: Mapping[str, object]) -> str | None:
    """Name of the line that a finding is about, as far as it tells one."""
    told = detail.get("line")
    if isinstance(told, str) and _is_line(told):
        return record_name(row.domain, told)
    return record_name(row.domain, row.subject) if row.finding in ABOUT_LINES and _is_line(row.subject) else None


def _is_line(text: str) -> bool:
    return len(text) == 24 and not set(text) - set("0123456789abcdef")


def _said(detail: dict[str, Any], key: str) -> str:
    """A sentence of the finding's own."""
    value = detail.get(key)
    return value if isinstance(value, str) else ""


def finding_shown(row: FindingRow) -> Finding:
    """One finding."""
    detail = _readable_within(json.loads(row.detail))
    return Finding(
        finding=row.finding,
        subject=readable(row.subject),
        bng=row.bng,
        domain=row.domain,
        line=line_of_finding(row, detail),
        state="over" if row.over_ms else "open",
        first_seen=if_ever(row.first_ms),
        last_seen=if_ever(row.last_ms),
        over_at=if_ever(row.over_ms),
        count=row.count,
        reason=_said(detail, "means") or REASON[row.finding],
        next_step=_said(detail, "todo") or NEXT_STEP[row.finding],
        detail=detail,
    )

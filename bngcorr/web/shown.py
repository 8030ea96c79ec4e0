"""Rows of the store as the API tells them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.cost import CostTable
from bngcorr.accountant.reach import Origin, Reach, reach
from bngcorr.config import Bng
from bngcorr.correlator.findings import NEXT_STEP, REASON
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import format_mac
from bngcorr.model.shown import instant_shown, octets_shown
from bngcorr.model.usage import USAGE_FIELDS, Traffic, Usage
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS
from bngcorr.store.rows import FindingRow, LineRow, SessionRow

JsonObject = dict[str, Any]
InterfaceIds = Mapping[str, IPv6Address | None]  # by BNG: what its CPEs answer to within their delegated prefixes


def if_ever(epoch_ms: int) -> str | None:
    """An instant of the store, in which 0 stands for "never"."""
    return instant_shown(epoch_ms) if epoch_ms > 0 else None


def _port_shown(port: Attachment | None) -> JsonObject | None:
    return None if port is None else {"port": port.port, "outer": port.outer, "inner": port.inner}


def _mac_shown(mac: bytes | None) -> str | None:
    return None if mac is None else format_mac(mac)


def _traffic_shown(traffic: Traffic | None) -> JsonObject | None:
    return None if traffic is None else dict(traffic._asdict())


def _addresses(row: SessionRow) -> list[JsonObject]:
    """Hosts of a session: what, from when on, and who says so."""
    since = (*row.since_ms, *[0] * (len(row.hosts) - len(row.since_ms)))
    return [
        {
            "kind": kind,
            "service": service,
            "address": address,
            "since": if_ever(at),
            "source": "accept" if "|".join((kind, service, address)) in row.filled else "accounting",
        }
        for (kind, service, address), at in zip((host.split("|", 2) for host in row.hosts), since, strict=True)
    ]


def _addresses_together(sessions: Sequence[SessionRow]) -> list[JsonObject]:
    """Hosts of several sessions, each once: as accounting names it first, if it does."""
    merged: dict[tuple[str, ...], JsonObject] = {}
    for session in sorted(sessions, key=lambda one: one.began_ms):
        for shown in _addresses(session):
            key = (session.bng, shown["service"], shown["kind"], shown["address"])
            known = merged.get(key)
            if known is None or (known["source"], shown["source"]) == ("accept", "accounting"):
                merged[key] = {"bng": session.bng, **shown}
    return list(merged.values())


def _reach_of(row: SessionRow, interface_ids: InterfaceIds) -> Reach | None:
    parts = [host.split("|", 2) for host in row.hosts]
    return reach([(kind, address) for kind, _, address in parts], interface_ids.get(row.bng))


def _reach_shown(found: Reach | None) -> JsonObject | None:
    return None if found is None else {"address": str(found.address), "from": str(found.origin)}


def session_shown(row: SessionRow, interface_ids: InterfaceIds) -> JsonObject:
    """One session as the API tells it."""
    ids = row.ids or LineIds()
    return {
        "session_id": row.session_id.decode("utf-8", "backslashreplace"),
        "bng": row.bng,
        "user_name": row.user_name,
        "mac": _mac_shown(row.address),
        "attachment": _port_shown(row.port),
        "identity": None if row.outcome is None else str(row.outcome),
        "key": f"{row.domain}/{row.session}",
        "domain": row.domain,
        "nas": row.nas,
        "state": str(row.state),
        "line": row.line,
        "remote_id": octets_shown(ids.remote_id),
        "circuit_id": octets_shown(ids.circuit_id),
        "addresses": _addresses(row),
        "cpe_address": _reach_shown(_reach_of(row, interface_ids)),
        "traffic": _traffic_shown(row.traffic),
        "began_at": if_ever(row.began_ms),
        "updated_at": if_ever(row.at_ms),
        "expires_at": if_ever(row.until_ms),
    }


def line_shown(row: LineRow, sessions: Sequence[SessionRow], interface_ids: InterfaceIds) -> JsonObject:
    """One line as the API tells it. `sessions`: those of the line that are up."""
    found = [one for one in (_reach_of(session, interface_ids) for session in sessions) if one is not None]
    best = min(found, key=lambda one: one.origin is not Origin.IA_NA, default=None)
    return {
        "line": row.line,
        "domain": row.domain,
        "remote_id": octets_shown(row.ids.remote_id),
        "circuit_id": octets_shown(row.ids.circuit_id),
        "first_seen": if_ever(row.first_ms),
        "last_seen": if_ever(row.last_ms),
        "last": {"bng": row.bng, "attachment": _port_shown(row.port), "mac": _mac_shown(row.address)},
        "addresses": _addresses_together(sessions),
        "cpe_address": _reach_shown(best),
    }


def usage_shown(usage: Usage) -> JsonObject:
    """Hosts by kind, and the figures that count sessions."""
    return {name: getattr(usage, name) for name in USAGE_FIELDS}


def capacity_shown(spent: Capacity) -> JsonObject:
    """Host resources against the limit."""
    return {
        "host_resources": spent.host_resources,
        "limit": spent.limit,
        "headroom": spent.headroom,
        "use": None if spent.use is None else round(spent.use, 4),
    }


def census_shown(census: tuple[int, int, int] | None) -> JsonObject | None:
    """Lines by what they hold; null before they were counted."""
    return None if census is None else dict(zip(("dual_stack", "v4_only", "v6_only"), census, strict=True))


def spread_shown(traffic: Traffic) -> JsonObject:
    """Octets of a BNG by family, and IPv6's part of what can be told apart."""
    share = traffic.v6_share
    return {**traffic._asdict(), "v6_share": None if share is None else round(share, 4)}


def bng_shown(
    bng: Bng,
    table: CostTable,
    usage: Usage,
    traffic: Traffic,
    census: tuple[int, int, int] | None,
    numbers: dict[int, int],
    distances: tuple[int, ...],
) -> JsonObject:
    """One BNG as the API tells it. `census`: lines dual stack, IPv4 only, IPv6 only."""
    return {
        "name": bng.name,
        "domain": bng.domain_name,
        "addresses": [str(network) for network in bng.address],
        "profile": bng.profile,
        "mode": str(bng.mode),
        "usage": usage_shown(usage),
        "cost_table": table.name,
        **capacity_shown(Capacity(table.resources(usage), bng.limits.host_resources)),
        "traffic": spread_shown(traffic),
        "census": census_shown(census),
        "enterprise_numbers": [{"number": number, "first_seen": if_ever(at)} for number, at in sorted(numbers.items())],
        "window": {
            "window_ms": round(bng.window * 1000),
            "distances": [
                {"up_to_ms": bound, "matches": count}
                for bound, count in zip((*DISTANCE_BUCKETS_MS, None), distances, strict=True)
            ],
        },
    }


def finding_shown(row: FindingRow) -> JsonObject:
    """One finding as the API tells it."""
    return {
        "finding": str(row.finding),
        "subject": row.subject,
        "bng": row.bng,
        "domain": row.domain,
        "state": "over" if row.over_ms else "open",
        "first_seen": if_ever(row.first_ms),
        "last_seen": if_ever(row.last_ms),
        "over_at": if_ever(row.over_ms),
        "count": row.count,
        "reason": REASON[row.finding],
        "next_step": NEXT_STEP[row.finding],
        "detail": json.loads(row.detail),
    }

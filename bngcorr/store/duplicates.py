"""When one address in two sessions is a fault of the network: the traffic of one of them is lost. Pure.

Hosts are told as ``kind|service|address``.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from bngcorr.model.vocabulary import SessionState
from bngcorr.store.rows import SessionRow

# addresses that are given out more than once on purpose: RFC 1918, RFC 6598, link-local, RFC 4193
_REUSED: Final = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fe80::/10",
                 "fc00::/7")
)  # fmt: skip


def address_of(host: str) -> str:
    """The address or prefix of a host."""
    return host.split("|", 2)[2]


def unique(host: str) -> bool:
    """Whether its address is meant to be in one place only."""
    network = ip_network(address_of(host))
    return not any(network.version == reused.version and network.subnet_of(reused) for reused in _REUSED)  # type: ignore[arg-type]


def holds(row: SessionRow, host: str) -> bool:
    """Whether a session is up and has this host."""
    return row.state is SessionState.UP and host in row.hosts


def strangers(one: SessionRow, other: SessionRow) -> bool:
    """Whether two sessions are of different lines, as far as that is known: else of different CPEs.

    Not if one of them is a lease that a tap saw, which has no Acct-Session-Id: it is told by another MAC, or by the ids
    of the other family, than the BNG's session of the same CPE.
    """
    if not one.session_id or not other.session_id:
        return False
    if one.line is not None and other.line is not None:
        return (one.domain, one.line) != (other.domain, other.line) and one.ids != other.ids
    return one.address is not None and other.address is not None and one.address != other.address

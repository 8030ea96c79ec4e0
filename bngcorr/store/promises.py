"""Hosts that an Access-Accept promises: which of them count although accounting does not name them. Pure.

Hosts are told as ``kind|service|address``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.lesson import Fill

KINDS: Final = (HostKind.IA_NA, HostKind.IA_PD, HostKind.SLAAC, HostKind.PD_ROUTE)


def promised(hosts: Sequence[Host]) -> tuple[Host, ...]:
    """Each once; of kinds that can be left out of accounting."""
    return tuple(dict.fromkeys(host for host in hosts if host.kind in KINDS)) if hosts else ()


def kind_of(host: str) -> str:
    """Its kind."""
    return host.partition("|")[0]


def merged(older: Sequence[str], newer: Sequence[str]) -> tuple[str, ...]:
    """What several Accepts of one session promise: of each kind what the latest one says."""
    if not older:
        return tuple(newer)
    kinds = set(map(kind_of, newer))
    return (*newer, *(host for host in older if kind_of(host) not in kinds))


def open_promises(hosts: Sequence[str], fill: Fill, names: Collection[str]) -> tuple[str, ...]:
    """Those that may be left out of accounting by a box that `names` these kinds in it."""
    if fill is Fill.NEVER or not hosts:
        return ()
    told = set(map(_told_as, names))
    return tuple(host for host in hosts if fill is Fill.ALWAYS or _told_as(kind_of(host)) not in told)


def left_out(hosts: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    """Promised hosts of kinds of which accounting names none."""
    if not hosts:
        return ()
    told = {_told_as(kind_of(host)) for host in named}
    return tuple(host for host in hosts if _told_as(kind_of(host)) not in told)


def _told_as(kind: str) -> str:
    """A delegated prefix is one kind, whether a box names it as a host or as a managed route."""
    return HostKind.IA_PD if kind == HostKind.PD_ROUTE else kind

"""A correlation domain in a real store, and lessons to write into it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Any, Final

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Host, Usage
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.contract import (
    KeyRecord,
    Lesson,
    Page,
    Recall,
    Recollection,
    Restart,
    SessionChange,
    SessionIdentity,
    SessionQuery,
    SessionRow,
    SessionStep,
    Sighting,
)
from bngcorr.store.lane import Command, Lane
from bngcorr.store.valkey import ValkeyStore

NOW: Final = 1_800_000_000_000  # epoch milliseconds
DAY: Final = 86_400_000
BNG: Final = "bng1"
NAS: Final = "bng1|0a000001"
OTHER_NAS: Final = "bng1|0a000002"

START, INTERIM, STOP = SessionStep.START, SessionStep.INTERIM, SessionStep.STOP
EXPECTED, EXPIRE = SessionStep.EXPECTED, SessionStep.EXPIRE

_domains = itertools.count(1)


def line(number: int) -> str:
    """Key of a line."""
    return f"{number:016x}"


def key(name: str) -> str:
    """Hash of a correlation key, a MAC or a session."""
    return blake2b(name.encode(), digest_size=12).hexdigest()


def v4(octet: int = 9) -> Host:
    """An IPv4 host."""
    return Host(HostKind.V4, IPv4Address(f"203.0.113.{octet}"))


def ia_na(number: int = 9) -> Host:
    """An IA_NA host."""
    return Host(HostKind.IA_NA, IPv6Address(0x20010DB8 << 96 | number))


def ia_pd(number: int = 1) -> Host:
    """A delegated prefix."""
    return Host(HostKind.IA_PD, IPv6Network((0x20010DB8 << 96 | number << 72, 56)))


def slaac(number: int = 2) -> Host:
    """A SLAAC prefix."""
    return Host(HostKind.SLAAC, IPv6Network((0x20010DB8 << 96 | number << 64, 64)))


class Scene:
    """What one domain of the store is told, and what it says."""

    def __init__(self, url: str) -> None:
        self.domain = f"domain{next(_domains)}"
        self.url = url
        self.store = ValkeyStore(url, budget_s=5.0, events=1000)
        self._raw = Lane(url)
        self._records = itertools.count(1)

    async def close(self) -> None:
        """Close all connections."""
        await self.store.close()
        await self._raw.close()

    async def raw(self, *commands: Command) -> list[Any]:
        """Commands past the store."""
        return await self._raw.run(commands, 5.0)

    # ---- lessons

    def sighting(
        self,
        number: int,
        *,
        keys: Sequence[str] = (),
        mac_keys: Sequence[str] = (),
        mac: str | None = None,
        ids: LineIds | None = None,
        at: int = 0,
        v6: bool = False,
        attached: bool = True,
        lasts: int = DAY,
    ) -> Sighting:
        """A line seen so many ms after NOW."""
        return Sighting(
            domain=self.domain,
            bng=BNG,
            keys=tuple(map(key, keys)),
            mac_keys=tuple(map(key, mac_keys)),
            mac=None if mac is None else key(mac),
            line=line(number),
            ids=ids or LineIds(b"LINE-%d" % number, b"eth %d" % number),
            at_ms=NOW + at,
            v6=v6,
            attached=attached,
            until_ms=NOW + at + lasts,
            shown="{}",
        )

    def change(
        self,
        step: SessionStep,
        session: str = "s1",
        *,
        at: int = 0,
        hosts: Sequence[Host] | None = None,
        nas: str = NAS,
        number: int | None = None,
        own: bool = True,
        keys: Sequence[str] = (),
        fingerprint: str = "",
        digest: str | None = None,
        lasts: int = 600_000,
        shown: str = "{}",
        index: Sequence[str] = (),
    ) -> SessionChange:
        """A step of a session so many ms after NOW; another record each time, unless `digest` says otherwise."""
        return SessionChange(
            domain=self.domain,
            bng=nas.split("|")[0],
            session=key(session),
            nas=nas,
            step=step,
            at_ms=NOW + at,
            until_ms=NOW + at + lasts,
            line=None if number is None else line(number),
            ids=None if number is None else LineIds(b"LINE-%d" % number, b"eth %d" % number),
            own=own and number is not None,
            keys=tuple(map(key, keys)),
            fingerprint=fingerprint,
            digest=digest or f"{next(self._records):08x}",
            hosts=None if hosts is None else tuple(hosts),
            shown=shown,
            index=tuple(index),
        )

    def restart(self, *, at: int, nas: str = NAS) -> Restart:
        """Accounting-On so many ms after NOW."""
        return Restart(domain=self.domain, bng=nas.split("|")[0], nas=nas, at_ms=NOW + at)

    # ---- told and asked

    async def write(self, *lessons: Lesson, now: int = 0) -> list[str]:
        """The store's word on each lesson."""
        return await self.store.write(lessons, NOW + now)

    async def recall(
        self, *keys: str, mac: str | None = None, session: str | None = None, now: int = 0
    ) -> Recollection:
        """What the store knows of some keys."""
        question = Recall(
            domain=self.domain,
            keys=tuple(map(key, keys)),
            mac=None if mac is None else key(mac),
            session=None if session is None else key(session),
        )
        (answer,) = await self.store.recall([question], NOW + now)
        return answer

    async def record(self, name: str, *, now: int = 0) -> KeyRecord:
        """What it knows on one key."""
        return (await self.recall(name, now=now)).records[key(name)]

    async def identity(self, session: str = "s1") -> SessionIdentity:
        """What was fixed for a session."""
        found = (await self.recall(session=session)).session
        assert found is not None
        return found

    async def usage(self) -> Usage:
        """What the ledger says of the BNG."""
        return (await self.store.usage(self.domain, [BNG]))[BNG]

    async def rows(self, term: str | None = None, *, now: int = 0, limit: int = 100) -> list[SessionRow]:
        """Sessions as an operator sees them."""
        query = SessionQuery(domains=((self.domain, (BNG,)),), term=term, page=Page(limit=limit))
        return (await self.store.sessions(query, NOW + now))[0]

    async def everything(self) -> dict[str, object]:
        """All records of the domain, and all indexes, without their TTLs."""
        domain, indexes = await self.raw(("KEYS", f"bngcorr:{{{self.domain}}}:*"), ("KEYS", "bngcorr:i?:*"))
        found: dict[str, object] = {}
        for name in sorted([*domain, *indexes]):
            (kind,) = await self.raw(("TYPE", name))
            command = ("HGETALL", name) if kind == b"hash" else ("ZRANGE", name, 0, -1, "WITHSCORES")
            (value,) = await self.raw(command)
            if kind == b"hash" and isinstance(value, list):
                value = dict(zip(value[::2], value[1::2], strict=True))
            found[name.decode()] = value
        return found

"""Client of the service's HTTP API: what an outsider can ask it about verdicts, sessions and hosts."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import aiohttp

from bngcorr.demo.report import Host, Json
from bngcorr.demo.session import KINDS

_PAGE = 1000


class ApiSilent(Exception):
    """The API did not answer, or not with what it promises."""


class Api:
    """``GET`` on the web process; use as a context manager."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Api:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def answers(self, url: str) -> bool:
        """Whether this address answers 200: healthz, readyz."""
        try:
            await self._get(url, {}, parse=False)
        except ApiSilent:
            return False
        return True

    async def hosts(self) -> dict[str, Host]:
        """Usage per BNG."""
        page = await self._get(f"{self._base}/v1/bngs", {})
        return {str(item["name"]): _host(item) for item in _items(page)}

    async def recount(self, bng: str) -> dict[str, int]:
        """Sessions that are up on this BNG, and their distinct addresses by kind."""
        held: set[tuple[str, str]] = set()
        sessions: set[str] = set()
        cursor: str | None = None
        while True:
            page = await self._get(
                f"{self._base}/v1/sessions", {"bng": bng, "state": "up", "limit": str(_PAGE), **_at("cursor", cursor)}
            )
            for item in _items(page):
                sessions.add(str(item["session_id"]))
                held |= {(str(host["kind"]), str(host["address"])) for host in item["addresses"]}
            if page.get("next") in (None, cursor):
                return {kind: sum(1 for k, _ in held if k == kind) for kind in KINDS} | {"sessions": len(sessions)}
            cursor = str(page["next"])

    async def verdicts(self, after: str | None) -> tuple[list[Json], str | None]:
        """Verdicts since that cursor, oldest first, and the cursor to go on from."""
        found: list[Json] = []
        while True:
            page = await self._get(f"{self._base}/v1/correlations", {"limit": str(_PAGE), **_at("after", after)})
            items = _items(page)
            found += items
            following = page.get("next")
            if following is None or following == after:
                return found, after
            after = str(following)
            if len(items) < _PAGE:
                return found, after

    async def _get(self, url: str, query: Mapping[str, str], *, parse: bool = True) -> dict[str, Any]:
        assert self._http is not None  # noqa: S101 - narrows the type: used as a context manager
        try:
            async with self._http.get(url, params=query) as response:
                if response.status != 200:
                    raise ApiSilent(f"{url}: {response.status}")
                body = await response.json() if parse else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ApiSilent(f"{url}: {error or type(error).__name__}") from error
        if not isinstance(body, dict):
            raise ApiSilent(f"{url}: no object")
        return body


def _items(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = page.get("items")
    if not isinstance(items, list):
        raise ApiSilent("answer without items")
    return items


def _host(item: Mapping[str, Any]) -> Host:
    return Host(
        usage={str(kind): int(count) for kind, count in item["usage"].items()},
        cost_table=str(item["cost_table"]),
        host_resources=int(item["host_resources"]),
        limit=None if item["limit"] is None else int(item["limit"]),
    )


def _at(name: str, cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {name: cursor}

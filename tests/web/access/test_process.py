"""`bngcorr web` itself: where it listens and over what, and what it takes while it runs. No store is there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession
from structlog.testing import capture_logs

from bngcorr.app.parts import StartError
from bngcorr.app.web import WebProcess
from bngcorr.config.loading import load_with_digest
from bngcorr.errors import ConfigError
from tests.store.servers.certificates import make_certificates
from tests.web.access.stage import TOKENS, guarded

SERVER = {"address": "192.0.2.10:1812", "secret": "x"}
ENTRIES = [
    {"name": token.name, "hash": token.hash, "scopes": sorted(map(str, token.scopes))} for token in guarded().tokens
]  # fmt: skip


def put(path: Path, **web: Any) -> Path:
    """A file with this section."""
    data = {
        "upstream": {"auth": SERVER, "acct": SERVER},
        "bngs": [{"name": "bng1", "address": "192.0.2.1", "secret": "s"}],
        "store": {"url": "redis://127.0.0.1:1/0"},
        "web": {"listen": "127.0.0.1:0", **web},
    }
    path.write_text(yaml.safe_dump(data))
    return path


def run(file: Path, go: Callable[[WebProcess, str], Awaitable[None]]) -> list[dict[str, Any]]:
    """With the process running, and its address; what it logged."""

    async def live() -> None:
        process = WebProcess(file, load_with_digest(file))
        try:
            async with asyncio.timeout(20):
                await process.start()
                url = next(str(line["web"]) for line in logs if line["event"] == "ready")
                await go(process, url)
        finally:
            await process.stop(asyncio.Event())

    with capture_logs() as logs:
        asyncio.run(live())
    return [dict(line) for line in logs]


def test_tokens_are_taken_while_it_runs(tmp_path: Path) -> None:
    """A faulty file changes nothing; what else differs is named, and waits for a restart."""
    file = put(tmp_path / "bngcorr.yaml", tokens=ENTRIES[:1])

    async def go(process: WebProcess, url: str) -> None:
        async with ClientSession() as session:

            async def found() -> list[int]:
                tokens = (TOKENS["reader"], TOKENS["both"])
                headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
                return [(await session.get(f"{url}/v1/config", headers=one)).status for one in headers]

            assert [200, 401] == await found()
            put(file, tokens=ENTRIES, listen="127.0.0.1:1")
            await process.reload()
            assert [200, 200] == await found()
            put(file, tokens=[{**ENTRIES[0], "scopes": ["root"]}])
            with pytest.raises(ConfigError):
                await process.reload()
            assert [200, 200] == await found()

    logs = run(file, go)
    told = {str(line["event"]): line for line in logs}
    assert "web.tokens" == told["new configuration taken"]["changed"]
    assert "web.listen" == told["needs a restart"]["keys"]
    assert "web.tokens[0].scopes[0]" in str(told["new configuration refused, the old one holds"]["faults"])


def test_with_a_certificate_it_speaks_https(tmp_path: Path) -> None:
    """And says where; a pair that is no good ends the start."""
    made = make_certificates(tmp_path)
    tls = {"certificate": str(made.server), "key": str(made.server_key)}

    async def go(_: WebProcess, url: str) -> None:
        trusting = ssl.create_default_context(cafile=made.authority)
        async with ClientSession() as session, session.get(f"{url}/healthz", ssl=trusting) as answer:
            assert (200, True) == (answer.status, url.startswith("https://127.0.0.1:"))

    run(put(tmp_path / "good.yaml", tokens=ENTRIES, tls=tls), go)
    with pytest.raises(StartError, match=r"web\.tls: .*ca\.crt"):
        run(put(tmp_path / "bad.yaml", tokens=ENTRIES, tls={**tls, "certificate": str(made.authority)}), go)


@pytest.mark.parametrize(
    ("web", "warned"),
    [({}, False), ({"listen": "0.0.0.0:0", "tokens": ENTRIES}, True), ({"tokens": ENTRIES}, False)],
    ids=["loopback", "everywhere", "loopback with tokens"],
)
def test_it_warns_if_tokens_go_in_the_clear(web: dict[str, Any], warned: bool, tmp_path: Path) -> None:
    """Elsewhere than on loopback, without TLS and without a proxy that has it."""

    async def go(_: WebProcess, __: str) -> None:
        pass

    logs = run(put(tmp_path / "bngcorr.yaml", **web), go)

    assert warned is any("in the clear" in str(line["event"]) for line in logs)


def test_what_is_no_http_is_told_without_what_was_sent(tmp_path: Path) -> None:
    """Once a second: anybody could else fill the log, and a token in a broken line would stand there."""

    async def go(__: WebProcess, url: str) -> None:
        port = int(url.rpartition(":")[2])
        for _ in range(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {TOKENS['both']}\r\n\r\n".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.0 400")
            writer.close()

    logs = run(put(tmp_path / "bngcorr.yaml"), go)

    told = [(line["log_level"], line["address"]) for line in logs if line["event"] == "no HTTP"]
    assert {("warning", "127.0.0.1")} == {*told}
    assert len(told) < 20
    assert TOKENS["both"] not in str(logs)
    assert [] == [line for line in logs if line["log_level"] == "error"]

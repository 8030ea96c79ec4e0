"""The control socket: who may open it, what it answers, whose file it is."""

from __future__ import annotations

import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bngcorr.app.control import ControlSocket, control_app
from bngcorr.app.parts import StartError
from bngcorr.config.changes import Changes
from bngcorr.errors import BngcorrError, ConfigError, ConfigFault
from bngcorr.model.vocabulary import Admin
from tests.docs.test_pages import smallest_config


class Process:
    """A packet process with one AAA server."""

    def __init__(self) -> None:
        self.admin = Admin.UP
        self.refusal: BngcorrError | None = None

    def status(self) -> dict[str, Any]:
        """Always the same."""
        return {"version": "1"}

    async def reload(self) -> Changes:
        """Two keys, or what it was told to raise."""
        if self.refusal is not None:
            raise self.refusal
        return Changes(effective=smallest_config(), taken=("bngs.bng1",), needs_restart=("listen.auth",))

    def servers(self) -> list[dict[str, Any]]:
        """One row."""
        return [{"pool": "auth", "name": "aaa1", "admin": self.admin}]

    def set_admin(self, name: str, admin: Admin) -> bool:
        """Its only server."""
        known = name in ("aaa1", "auth/aaa1")
        if known:
            self.admin = admin
        return known


@pytest.fixture
def process() -> Process:
    """Who is asked."""
    return Process()


@pytest_asyncio.fixture
async def client(process: Process, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody at the other end of the socket."""
    control = ControlSocket(tmp_path / "made" / "control.sock")
    await control.open(control_app(process))
    async with aiohttp.ClientSession("http://x", connector=aiohttp.UnixConnector(str(control.path))) as session:
        yield session
    await control.cleanup()
    assert not control.path.exists()


async def ask(client: aiohttp.ClientSession, method: str, path: str, json: Any = None) -> tuple[int, Any]:
    """Status and body; octets are sent as they are."""
    body = {"data": json} if isinstance(json, bytes) else {"json": json}
    async with client.request(method, path, **body) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.mark.asyncio
async def test_a_reload_tells_what_was_taken_and_what_waits(client: aiohttp.ClientSession, process: Process) -> None:
    """Keys of both kinds; of a faulty file every fault, of one that can't be taken the reason."""
    taken = await ask(client, "POST", "/reload")
    process.refusal = ConfigError((ConfigFault(key="bngs", got="nothing", expected="a list"),))
    faulty = await ask(client, "POST", "/reload")
    process.refusal = StartError("upstream: no way there")
    status, refused = await ask(client, "POST", "/reload")

    assert (200, {"taken": True, "changed": ["bngs.bng1"], "needs_restart": ["listen.auth"]}) == taken
    fault = {"key": "bngs", "got": "nothing", "expected": "a list"}
    assert (422, {"taken": False, "faults": [fault]}) == faulty
    assert (409, "upstream: no way there") == (status, refused["detail"])


@pytest.mark.asyncio
async def test_a_server_is_switched_by_its_name(client: aiohttp.ClientSession, process: Process) -> None:
    """Or by its pool's and its own; the answer is its row as it is then."""
    row = {"pool": "auth", "name": "aaa1"}
    drained = await ask(client, "PUT", "/upstreams/aaa1", {"admin": "drain"})
    downed = await ask(client, "PUT", "/upstreams/auth%2Faaa1", {"admin": "down"})

    assert (200, {"items": [{**row, "admin": "drain"}]}) == drained
    assert (200, {"items": [{**row, "admin": "down"}]}) == downed == await ask(client, "GET", "/upstreams")
    assert Admin.DOWN is process.admin


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/upstreams/aaa2", {"admin": "down"}, 404, "upstream: got 'aaa2'; expected one of aaa1"),
        ("/upstreams/aaa1", {"admin": "off"}, 400, "admin: got 'off'; expected one of up, drain, down"),
        ("/upstreams/aaa1", {"admin": ["up"]}, 400, "admin: got ['up']; expected one of up, drain, down"),
        ("/upstreams/aaa1", ["up"], 400, "expected a JSON object"),
        ("/upstreams/aaa1", b"[" * 60_000, 400, "expected a JSON object"),
        ("/upstreams/aaa1", b"\xff", 400, "expected a JSON object"),
        ("/upstreams/aaa1", b" " * 70_000, 413, "PUT /upstreams/aaa1"),
    ],
    ids=["server", "state", "list", "no object", "too deep", "no text", "too long"],
)
async def test_what_can_not_be_is_refused_with_key_and_value(
    client: aiohttp.ClientSession, process: Process, path: str, body: object, status: int, detail: str
) -> None:
    """Nothing is switched then."""
    answered, problem = await ask(client, "PUT", path, body)

    assert (status, detail, Admin.UP) == (answered, problem["detail"], process.admin)


@pytest.mark.asyncio
async def test_it_is_for_its_user_only_and_never_anothers(process: Process, tmp_path: Path) -> None:
    """Mode 0600. What a killed process left is taken over; a live one's socket, or another kind of file, is not."""
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    first = ControlSocket(path)
    await first.open(control_app(process))
    with pytest.raises(StartError, match="another process answers there"):
        await ControlSocket(path).open(control_app(process))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StartError, match="in use"):
        await ControlSocket(tmp_path / "file").open(control_app(process))

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert "mine" == (tmp_path / "file").read_text()
    path.unlink()
    second = ControlSocket(path)
    await second.open(control_app(process))
    await first.cleanup()
    assert path.exists()
    await second.cleanup()

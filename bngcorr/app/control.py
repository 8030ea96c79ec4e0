"""The control socket: what the verbs of an operator ask of a running packet process, as JSON over HTTP.

It is a Unix socket that only the user of the process may open: there is no other access control.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Protocol

from aiohttp import web

from bngcorr.app.parts import StartError
from bngcorr.config.changes import Changes
from bngcorr.errors import BngcorrError, ConfigError
from bngcorr.model.vocabulary import Admin
from bngcorr.web.problem import Problem
from bngcorr.web.problems import problems

MOST_OCTETS: Final = 64 * 1024  # of a request's body
BACKLOG: Final = 16

Json = dict[str, Any]
Act = Callable[[Json], Awaitable[Json]]


class Controlled(Protocol):
    """What can be asked of a packet process."""

    def status(self) -> Json:
        """How it is, for people and programs."""
        ...

    async def reload(self) -> Changes:
        """Take the configuration file anew. Raises BngcorrError."""
        ...

    def servers(self) -> list[Json]:
        """The AAA servers, one row each."""
        ...

    def set_admin(self, name: str, admin: Admin) -> bool:
        """Switch a server by its name, or by "pool/name"; False if there is none of that name."""
        ...


def control_app(process: Controlled, disconnect: Act | None = None) -> web.Application:
    """The handlers. `disconnect` ends sessions, if the process can do that."""

    async def status(_: web.Request) -> web.Response:
        return web.json_response(process.status())

    async def reload(_: web.Request) -> web.Response:
        try:
            changed = await process.reload()
        except ConfigError as error:
            faults = [{"key": fault.key, "got": fault.got, "expected": fault.expected} for fault in error.faults]
            return web.json_response({"taken": False, "faults": faults}, status=422)
        except BngcorrError as error:
            raise Problem(409, "The configuration can't be taken", str(error)) from None
        return web.json_response({"taken": True, "changed": changed.taken, "needs_restart": changed.needs_restart})

    async def upstreams(_: web.Request) -> web.Response:
        return web.json_response({"items": process.servers()})

    async def set_upstream(request: web.Request) -> web.Response:
        name, admin = request.match_info["name"], (await _body(request)).get("admin")
        if admin not in tuple(Admin):
            raise Problem(400, "Bad value", f"admin: got {admin!r}; expected one of {', '.join(Admin)}")
        if not process.set_admin(name, Admin(admin)):
            names = ", ".join(dict.fromkeys(str(row["name"]) for row in process.servers()))
            raise Problem(404, "Not found", f"upstream: got {name!r}; expected one of {names}")
        rows = [row for row in process.servers() if name in (row["name"], f"{row['pool']}/{row['name']}")]
        return web.json_response({"items": rows})

    async def end_session(request: web.Request) -> web.Response:
        if disconnect is None:
            raise Problem(501, "Not configured", "this process sends no Disconnect-Requests")
        return web.json_response(await disconnect(await _body(request)))

    app = web.Application(middlewares=[problems], client_max_size=MOST_OCTETS)
    app.add_routes([
        web.get("/status", status),
        web.post("/reload", reload),
        web.get("/upstreams", upstreams),
        web.put("/upstreams/{name}", set_upstream),
        web.post("/disconnect", end_session),
    ])  # fmt: skip
    return app


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "Bad body", "expected a JSON object")
    return body


class ControlSocket:
    """An application on a Unix socket of our own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._runner: web.AppRunner | None = None
        self._made: tuple[int, int] | None = None  # device and inode of what we made

    async def open(self, app: web.Application) -> None:
        """Listen. What a process that was killed left there is taken away. Raises StartError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            listening = self._bind()
        except OSError as error:
            raise StartError(f"control.socket {self.path}: {error.strerror or error}") from None
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.SockSite(self._runner, listening, backlog=BACKLOG).start()

    def _bind(self) -> socket.socket:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if self.path.is_socket():
                self._clear()
            before = os.umask(0o177)
            try:
                opened.bind(str(self.path))
            finally:
                os.umask(before)
            made = self.path.stat()
        except OSError:
            opened.close()
            raise
        self._made = made.st_dev, made.st_ino
        return opened

    def _clear(self) -> None:
        """Raises OSError if somebody answers there."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                self.path.unlink(missing_ok=True)
                return
        raise FileExistsError(0, "another process answers there; each packet process needs a socket of its own")

    async def cleanup(self) -> None:
        """Listen no more; the file goes, unless another process has made it its own by now."""
        if self._runner is None:
            return
        await self._runner.cleanup()
        try:
            there = self.path.stat()
            if (there.st_dev, there.st_ino) == self._made:
                self.path.unlink()
        except OSError:
            pass

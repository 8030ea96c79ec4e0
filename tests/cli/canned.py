"""An API of canned answers, each made by the model that the real one answers with; and verbs run against it."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from bngcorr.cli import app
from bngcorr.web.models.model import Model


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What was printed, in single spaces."""
        return " ".join(self.out.split())

    @property
    def lines(self) -> str:
        """What was printed, each line in single spaces."""
        return "\n".join(" ".join(line.split()) for line in self.out.splitlines())


@dataclass
class Canned:
    """What is answered to a method and path: several answers one after another, the last again and again."""

    url: str = ""
    answers: dict[str, list[tuple[int, str, bytes]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def tell(self, what: str, *models: Model | dict[str, Any], status: int = 200) -> None:
        """`what`: "GET /v1/lines"."""
        self.answers[what] = [
            (status, "application/json",
             (model.model_dump_json(by_alias=True) if isinstance(model, Model) else json.dumps(model)).encode())
            for model in models
        ]  # fmt: skip

    def raw(self, what: str, *bodies: bytes, kind: str = "text/plain", status: int = 200) -> None:
        """Octets as they are."""
        self.answers[what] = [(status, kind, body) for body in bodies]

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        """`bngcorr` with these arguments, in this process, on a wide screen."""
        return run(*arguments, "--api", self.url, stdin=stdin)


class Terminal(io.StringIO):
    """Somebody types."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def run(*arguments: str, stdin: str = "") -> Ran:
    """`bngcorr` with these arguments; with `stdin` as if somebody sat there."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        patch.setattr("sys.stdin", Terminal(stdin) if stdin else io.StringIO())
        try:
            app(list(arguments), exit_on_error=False)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Ran(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def canned() -> Iterator[Canned]:
    """Served for as long as the context lasts."""
    stage = Canned()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = unquote(parts.path)
            stage.asked.append(
                Asked(self.command, path, dict(parse_qsl(parts.query)), dict(self.headers.items()), body)
            )
            answers = stage.answers.get(f"{self.command} {path}")
            status, kind, octets = (404, "text/plain", b"") if not answers else answers[0]
            if answers and len(answers) > 1:
                del answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", octets.decode())
                octets = b""
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(octets)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 -- as the library names them

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stage.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stage
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

"""What the verbs ask of a running `bngcorr serve`, through its control socket."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from bngcorr.cli.exits import NEGATIVE, REFUSED, UNREACHABLE
from bngcorr.cli.parameters import ProcessAt

WITHIN_S: Final = 30.0

Json = dict[str, Any]


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=WITHIN_S)
        self._path = path

    def connect(self) -> None:
        """To the socket, whatever the URL says."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ControlClient:
    """The verb's end of the socket. What keeps it from an answer ends the verb, with the reason and an exit code."""

    def __init__(self, verb: str, at: ProcessAt) -> None:
        self._verb = verb
        if at.socket is not None:
            self._path = at.socket
        elif at.config is not None:
            self._path = self._find(at.config)
        else:
            self.fail("expected --config, the file that the process runs with, or --socket", REFUSED)

    def fail(self, said: str, code: int) -> NoReturn:
        """Say so, and exit."""
        print(f"bngcorr {self._verb}: {said}", file=sys.stderr)
        sys.exit(code)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, Json]:
        """Status and JSON of an answer; what is no answer to the question ends the verb."""
        try:
            status, answer = _exchange(self._path, method, path, body)
        except OSError as error:
            self.fail(f"{self._path}: {_why(error)}; is `bngcorr serve` running?", UNREACHABLE)
        except ValueError:
            self.fail(f"{self._path}: not the control socket of bngcorr", UNREACHABLE)
        if "title" in answer:
            self.fail(f"{answer['title']}: {answer['detail']}", REFUSED if status < 500 else NEGATIVE)
        return status, answer

    def _find(self, config: Path) -> Path:
        from bngcorr.cli.process import load_or_exit
        from bngcorr.config.control import likely_paths
        from bngcorr.config.loading import control_of

        control, data_dir = control_of(config)
        paths = likely_paths(control, data_dir, os.environ)
        if not paths:
            self.fail(f"{config}: control.socket is null, so nobody can be asked", REFUSED)
        found, tried = _running_with(config, paths)
        if found is None:
            load_or_exit(config)  # its faults may be why
            tried_all = "; ".join(tried)
            self.fail(f"no process runs with {config} ({tried_all}); if one does, name its --socket", UNREACHABLE)
        return found


def _running_with(config: Path, paths: Sequence[Path]) -> tuple[Path | None, list[str]]:
    """The first of these sockets whose process runs with that file; and why each of the others is not it."""
    tried = []
    for path in paths:
        try:
            _, status = _exchange(path, "GET", "/status")
            runs = Path(status["config"]["file"])
        except OSError as error:
            tried.append(f"{path}: {_why(error)}")
        except (ValueError, KeyError, TypeError):
            tried.append(f"{path}: not the control socket of bngcorr")
        else:
            if _same(runs, config):
                return path, tried
            tried.append(f"{path}: that process runs with {runs}")
    return None, tried


def _exchange(path: Path, method: str, resource: str, body: Mapping[str, object] | None = None) -> tuple[int, Json]:
    """Raises OSError or ValueError."""
    connection = _Connection(path)
    try:
        connection.request(method, resource, None if body is None else json.dumps(body))
        response = connection.getresponse()
        answer = json.loads(response.read())
    except http.client.HTTPException as error:
        raise ValueError(str(error)) from None
    finally:
        connection.close()
    if not isinstance(answer, dict):
        raise ValueError("no object")  # noqa: TRY004 -- as json.loads has it
    return response.status, answer


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "permission denied, it is open to the user of `bngcorr serve` only"
    return error.strerror or str(error)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False

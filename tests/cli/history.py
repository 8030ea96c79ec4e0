"""A configuration with a store and a folder of history, and verbs run over them."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from bngcorr.accountant.history.files import Folder
from bngcorr.accountant.history.format import as_line
from bngcorr.accountant.history.held import of_closed
from bngcorr.cli import app
from bngcorr.store.rows import Closed

NOW_MS: Final = time.time_ns() // 1_000_000
DAY_S: Final = 86_400.0


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The list that was printed."""
        found = json.loads(self.out)
        assert isinstance(found, list)
        return found


class Desk:
    """Where somebody asks."""

    def __init__(self, folder: Path, url: str, domain: str) -> None:
        self.config = folder / "bngcorr.yaml"
        self.directory = folder / "history"
        self.directory.mkdir()
        upstream = {"address": "192.0.2.10:1812", "secret": "example"}
        self.settings: dict[str, Any] = {
            "store": {"url": url},
            "history": {"directory": str(self.directory)},
            "upstream": {"auth": upstream, "acct": upstream},
            "bngs": [
                {"name": name, "address": f"192.0.2.{number}", "secret": "example", "domain": domain}
                for number, name in enumerate(("bng1", "bng2"), start=1)
            ],
        }
        self.configure({})

    def configure(self, changes: dict[str, Any]) -> None:
        """With these sections instead."""
        self.config.write_text(yaml.safe_dump({**self.settings, **changes}), encoding="utf-8")

    def write(self, *sessions: Closed, noted_ms: int = NOW_MS) -> None:
        """Closed sessions go into the file of the day at which they are noted."""
        folder = Folder(self.directory, keep_s=1e9, max_octets=1 << 30, now_s=lambda: noted_ms / 1000)
        folder.append([as_line(held) for one in sessions for held in of_closed(one, noted_ms)])

    def run(self, *arguments: str) -> Ran:
        """A verb; its exit code, and what it printed."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
            app([*arguments, "-c", str(self.config)], exit_on_error=True)
        return Ran(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def whohad(self, *arguments: str) -> Ran:
        """As JSON."""
        return self.run("whohad", *arguments, "-o", "json")


def shown(rows: Sequence[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """These columns; of octets their text."""
    return [tuple(value["text"] if isinstance(value := row[name], dict) else value for name in names) for row in rows]

"""What a replay prints: tables for people, one JSON document or JSON lines for programs."""

from __future__ import annotations

import json
import sys
from typing import Final

from rich.console import Console

from bngcorr.model.vocabulary import Outcome
from bngcorr.replay import report, screen
from bngcorr.replay.row import Row
from bngcorr.replay.run import Replay

SHOWN: Final = 50  # requests on the screen unless all are asked for
CHUNK: Final = 200  # requests of one table


class Out:
    """Where requests and totals go."""

    def __init__(
        self,
        console: Console,
        names: tuple[str, ...],
        outcomes: frozenset[Outcome],
        *,
        rows: bool,
        all_: bool,
        json_: bool,
        jsonl: bool,
    ) -> None:
        self._console: Final = console
        self._names: Final = names
        self._outcomes: Final = outcomes
        self.rows: Final = rows
        self._all: Final = all_
        self._json: Final = json_
        self._jsonl: Final = jsonl
        self._chunk: Final[list[Row]] = []
        self._shown = 0
        self._left = 0

    def give(self, row: Row) -> None:
        """A request."""
        if row.outcome not in self._outcomes:
            return
        if self._jsonl:
            sys.stdout.write(json.dumps(row.as_json(self._names)) + "\n")
        elif self._json:
            sys.stdout.write(('{"requests": [\n' if not self._shown else ",\n") + json.dumps(row.as_json(self._names)))
        elif self._all or self._shown < SHOWN:
            self._chunk.append(row)
            if len(self._chunk) == CHUNK:
                self._flush()
        else:
            self._left += 1
        self._shown += 1

    def _flush(self) -> None:
        if self._chunk:
            self._console.print(screen.requests(self._chunk, self._names, self._console.width), "", sep="\n")
            self._chunk.clear()

    def end(self, done: Replay) -> None:
        """The totals."""
        if self._jsonl:
            print(json.dumps({"totals": report.as_json(done)}))
        elif self._json:
            if self.rows:
                sys.stdout.write("\n],\n" if self._shown else '{"requests": [],\n')
                sys.stdout.write(json.dumps(report.as_json(done), indent=1)[1:].lstrip("\n") + "\n")
            else:
                print(json.dumps(report.as_json(done), indent=1))
        else:
            self._flush()
            if self._left:
                self._console.print(f"… and {self._left:,} requests more: --all shows them\n")
            screen.show(self._console, done)

"""Every decision with the truth beside it, one JSON object a line, so that anybody can recount."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from bngcorr.simulate.decision import Decision
from bngcorr.simulate.population import Line


def row(decision: Decision, line: Line) -> str:
    """One line of the journal, without its end."""
    packet, verdict, finding = decision.packet, decision.verdict, decision.finding
    place = packet.place
    return json.dumps(
        {
            "at_ms": decision.at_ms,
            "bng": decision.box,
            "request": str(packet.code),
            "family": "v6" if packet.v6 else "v4",
            "session": packet.session.decode("ascii"),
            "event_ms": packet.event_ms,
            "delay_s": packet.delay_s,
            "has_id": str(packet.form),
            "place": None if place is None else [place.port, place.outer, place.inner],
            "mac": packet.mac.hex(":"),
            "truth": {
                "line": line.number,
                "kind": str(line.kind),
                "twin": line.twin,
                "mate": line.mate,
                "attributable": None if finding is None else finding.attributable,
                "indistinguishable": None if finding is None else finding.indistinguishable,
                "why": None if finding is None else finding.why,
            },
            "verdict": str(verdict.outcome),
            "rung": None if verdict.rung is None else str(verdict.rung),
            "key": None if verdict.key is None else str(verdict.key),
            "distance_ms": verdict.distance_ms,
            "held_ms": verdict.held_ms,
            "named": list(decision.named),
            "accepted": decision.accepted,
            "wrong": decision.wrong,
            "kludge": decision.kludge,
        },
        separators=(",", ":"),
    )


class Journal:
    """The rows of one box."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = path.open("w", encoding="ascii")

    def add(self, decision: Decision, line: Line) -> None:
        """Write one row."""
        self._file.write(row(decision, line))
        self._file.write("\n")

    def close(self) -> None:
        """All rows are on disk."""
        self._file.close()


def gather(parts: Iterable[Path], into: BinaryIO, *, packed: bool) -> None:
    """Put the rows of all boxes behind one another; `packed` writes gzip, the same octets for the same rows."""
    if not packed:
        for part in parts:
            with part.open("rb") as rows:
                shutil.copyfileobj(rows, into)
        return
    with gzip.GzipFile(fileobj=into, mode="wb", filename="", mtime=0, compresslevel=6) as file:
        for part in parts:
            with part.open("rb") as rows:
                shutil.copyfileobj(rows, file)

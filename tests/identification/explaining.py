"""Runs `bngcorr explain` in this process, and finds the captures to run it on."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cyclopts
import pytest

from bngcorr.cli import app

ROOT: Final = Path(__file__).parents[2]
SHARED: Final = Path(os.environ.get("BNGCORR_SHARED", ROOT.parent / "shared")) / "captures"
OURS: Final = ROOT / "tests" / "captures" / "radius"
HOSTILE: Final = ROOT / "tests" / "wire" / "hostile.tsv"


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON list that was printed."""
        rows = json.loads(self.out)
        assert isinstance(rows, list)
        return rows


def explain(*arguments: str | Path) -> Ran:
    """`bngcorr explain` with these arguments."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(["explain", *map(str, arguments)], exit_on_error=False)
        except SystemExit as end:
            code = end.code
        except cyclopts.CycloptsError:
            code = 2
    assert isinstance(code, int)
    return Ran(code, out.getvalue(), err.getvalue())


def shared_captures() -> list[Path]:
    """Captures with RADIUS in the folder beside the project; none where it is absent."""
    found = sorted((SHARED / "radius").glob("*.pcap*"))
    manifest = SHARED / "MANIFEST.tsv"
    if manifest.exists():
        with manifest.open(encoding="utf-8", newline="") as file:
            listed = [
                SHARED / row["path"] for row in csv.DictReader(file, delimiter="\t") if row["kind"] == "pcap/radius"
            ]
        found += [path for path in listed if path.exists() and path not in found]
    return found


def our_captures() -> list[Path]:
    """Captures that come with the project."""
    return sorted(OURS.glob("*.pcap*"))


def hostile_packets() -> list[tuple[str, str]]:
    """Name and hexadecimal octets of hostile RADIUS packets; skips where the table is absent."""
    if not HOSTILE.exists():
        pytest.skip(f"{HOSTILE.relative_to(ROOT)} is absent")
    with HOSTILE.open(encoding="utf-8", newline="") as file:
        return [
            (row["name"], row["hex"]) for row in csv.DictReader(file, delimiter="\t") if row["protocol"] == "RADIUS"
        ]

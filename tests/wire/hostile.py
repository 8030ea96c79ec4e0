"""Rows of hostile.tsv."""

from __future__ import annotations

import csv
from pathlib import Path


def rows(protocol: str) -> dict[str, bytes]:
    """Octets by name, of one protocol."""
    with (Path(__file__).parent / "hostile.tsv").open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: bytes.fromhex(row["hex"])
            for row in csv.DictReader(file, delimiter="\t")
            if row["protocol"] == protocol
        }

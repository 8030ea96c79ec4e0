"""What all detectors together tell of every capture there is, and of which they tell nothing.

``expectations.tsv`` was made by looking at each capture: what is not in it is clean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.stage import OURS, RADIUS, REAL, SHARED, faults_of

TABLE = Path(__file__).with_name("expectations.tsv")
CAPTURES = tuple(sorted(path for folder in (REAL, RADIUS) for path in folder.glob("*.pcap*")))

Expectation = tuple[str, str, str, str, str, str]  # kind, subject, where, severity, packets, and by which it was over


def expected() -> dict[str, set[Expectation]]:
    """By capture."""
    by_capture: dict[str, set[Expectation]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            by_capture.setdefault(row["capture"], set()).add(
                (row["kind"], row["subject"], row["where"], row["severity"], row["packets"], row["over"])
            )
    return by_capture


def found(path: Path) -> set[Expectation]:
    """What all detectors find in it."""
    return {
        (
            str(one.fault), one.subject, one.where, one.severity.name.lower(), " ".join(map(str, one.packets)),
            "-" if one.cleared is None else str(one.cleared),
        )
        for one in faults_of(path)
    }  # fmt: skip


def differences(paths: Iterable[Path], folder: Path) -> dict[str, tuple[set[Expectation], set[Expectation]]]:
    """By capture: what is missing, and what is too much."""
    table = expected()
    wrong = {}
    for path in paths:
        name = str(path.relative_to(folder))
        wanted, have = table.get(name, set()), found(path)
        if wanted != have:
            wrong[name] = (wanted - have, have - wanted)
    return wrong


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_a_capture_of_ours_has_these_faults_and_no_others(path: Path) -> None:
    """Real clients, relays and servers: packets, subjects, places and severities."""
    assert {} == differences([path], OURS)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public captures are not here")
def test_public_captures_have_these_faults_and_no_others() -> None:
    """Over a hundred captures of other projects, most of them clean."""
    paths = [path for path in sorted((SHARED / "public").rglob("*")) if path.is_file() and path.suffix != ".txt"]

    assert len(paths) > 100
    assert {} == differences(paths, SHARED)


def test_every_expectation_is_of_a_kind_and_says_why() -> None:
    """A row that nobody can explain is a guess."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    assert {row["kind"] for row in rows} <= set(Fault)
    assert [] == [row for row in rows if len(row["why"]) < 10]
    assert [] == [
        row["capture"]
        for row in rows
        if not row["capture"].startswith("public/") and not (OURS / row["capture"]).is_file()
    ]


def test_healthy_boots_are_clean() -> None:
    """DHCPv4, DHCPv6, renewals and relays as they should be: nothing is told, not even a notice."""
    clean = {path.name[:3] for path in CAPTURES} - {Path(name).name[:3] for name in expected()}

    assert {"01-", "03-", "05-", "16-", "50-", "51-", "54-", "56-"} == clean

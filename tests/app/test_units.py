"""The units for systemd that come with the package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bngcorr.resources import resource

ONE, MANY, WEB = (resource("conf") / f"{name}.service" for name in ("bngcorr", "bngcorr@", "bngcorr-web"))
ANALYZE = shutil.which("systemd-analyze")


def directives(unit: Path) -> list[str]:
    """Its lines but for comments."""
    return [line for line in unit.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def test_the_template_differs_by_its_instance_only() -> None:
    """What holds for one process holds for each of several."""
    alike = [line.replace("%i.yaml", "bngcorr.yaml").replace(", instance %i", "") for line in directives(MANY)]
    folders = {"StateDirectory=bngcorr bngcorr/%i": "StateDirectory=bngcorr"}
    alike = [folders.get(line, line.removesuffix("/%i")) for line in alike]

    assert directives(ONE) == alike


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", [ONE, MANY, WEB], ids=["one", "many", "web"])
def test_systemd_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    """Every directive is known and has a value that it may have; the command is taken to be there."""
    assert ANALYZE is not None
    copy = tmp_path / unit.name.replace("@", "@1")
    copy.write_text(unit.read_text("utf-8").replace("/opt/bngcorr/bin/bngcorr", sys.executable), encoding="utf-8")
    said = subprocess.run(
        [ANALYZE, "verify", str(copy)], capture_output=True, text=True, check=False, timeout=30
    ).stderr

    assert [] == [line for line in said.splitlines() if "bngcorr" in line]


def test_the_web_process_may_do_no_more_than_the_packet_process() -> None:
    """Both are locked up alike."""

    def locks(unit: Path) -> set[str]:
        told = ("Protect", "Private", "Restrict", "System", "Capability", "Ambient", "NoNew", "Lock", "UMask", "User=")
        return {line for line in directives(unit) if line.startswith(told) and "Exit" not in line}

    assert locks(ONE) == locks(WEB)


def test_a_store_of_ones_own_hears_of_the_end_from_its_process_only() -> None:
    """systemd's default is a SIGTERM to every child at once: the store would be gone before the last writes."""
    assert "KillMode=mixed" in directives(ONE)

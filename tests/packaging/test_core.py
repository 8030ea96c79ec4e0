"""The parts in C: in a wheel whose build compiles it, and in no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _wheel(folder: Path, **environment: str) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    built = subprocess.run(command, env={**outside, **environment}, capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def _libraries(wheel: Path) -> list[str]:
    return [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".pyd"))]


def test_a_plain_wheel_fits_every_machine(tmp_path: Path) -> None:
    """Nothing in it was compiled, and nothing has to be where it is installed."""
    wheel = _wheel(tmp_path)

    assert wheel.name.endswith("-py3-none-any.whl")
    assert [] == _libraries(wheel)


def test_a_compiled_wheel_has_the_core(tmp_path: Path) -> None:
    """Where its hook is enabled, the extensions stand beside their models, work, and the wheel is for this machine."""
    pytest.importorskip("setuptools")
    if shutil.which("gcc") is None:
        pytest.skip("no C compiler")
    wheel = _wheel(tmp_path, HATCH_BUILD_HOOK_ENABLE_CUSTOM="true")

    assert not wheel.name.endswith("-any.whl")
    stems = sorted(name.partition(".")[0] for name in _libraries(wheel))
    assert ["bngcorr/proxy/_datagrams", "bngcorr/store/_rows", "bngcorr/wire/_core"] == stems
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    asked = "from bngcorr.proxy import _datagrams; from bngcorr.store import row_core; from bngcorr.wire import core; "
    asked += "print(core.layout.__module__, row_core.terms.__module__)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", asked], env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "bngcorr.wire._core bngcorr.store._rows" == done.stdout.strip()

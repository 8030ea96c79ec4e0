"""Parts in C, built and tried under the sanitizers of gcc."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def sanitized(source: str, folder: Path) -> Path:
    """The extension, built so that an octet read or written out of bounds, or undefined behaviour, ends the process."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    built = folder / "extension.so"
    command = ["gcc", "-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    command += ["-fno-sanitize-recover=all", "-shared", "-fPIC", f"-I{sysconfig.get_path('include')}"]
    done = subprocess.run(
        [*command, str(ROOT / source), "-o", str(built)], capture_output=True, text=True, check=False
    )  # fmt: skip
    if "sanitize" in done.stderr or "Python.h" in done.stderr:
        pytest.skip(f"gcc can't: {done.stderr.splitlines()[0]}")
    assert 0 == done.returncode, done.stderr
    return built


def tried(trial: str, extension: Path, seed: int, rounds: int) -> subprocess.CompletedProcess[str]:
    """What came of a trial, a module that takes these as arguments, in a process of its own."""
    library = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    environment = {
        **os.environ,
        "LD_PRELOAD": library.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",  # each object with a fence of its own
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    command = [sys.executable, "-m", trial, str(extension), str(seed), str(rounds)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def load(name: str, path: str) -> Any:
    """The extension of that name."""
    spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, path))
    assert spec is not None
    assert spec.loader is not None
    extension = module_from_spec(spec)
    spec.loader.exec_module(extension)
    return extension

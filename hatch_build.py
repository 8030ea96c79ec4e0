"""Builds what of the request path is C, beside what mypyc compiles: see pyproject.toml.

With an interpreter's path in BNGCORR_TRAIN, one that has what bngcorr[embedded] demands, the compiler is told as well
what is called often: the wheel is built twice. The first one counts, while that interpreter runs a round of `bngcorr
demo` with it; the second one is made with these counts. gcc only: where that fails the build goes on without.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

# What mypyc's code calls only where something fails, for which half of that code is there: a compiler that knows puts
# that half apart, and more of the other one stays in the processor's cache.
SELDOM: Final = (
    "CPy_AddTraceback", "CPy_AttributeError", "CPy_TypeError", "CPy_TypeErrorTraceback", "CPyError_OutOfMemory",
)  # fmt: skip
APART: Final = ("-freorder-blocks-and-partition", "-fno-semantic-interposition")
# What was never called in training is compiled as if there had been none. Counters need no locks: threads hold the GIL.
COUNTED: Final = (
    "-fprofile-use={}", "-fprofile-partial-training", "-freorder-functions",
    "-fprofile-correction", "-Wno-missing-profile", "-Wno-maybe-uninitialized", "-Wno-error=coverage-mismatch",
)  # fmt: skip
COUNTING: Final = ("-fprofile-generate={}", "-fprofile-update=single")
TRAIN: Final = "BNGCORR_TRAIN"  # who sets it wants a trained build
COUNTS: Final = "BNGCORR_COUNTS"  # set by the hook, for the build that counts: where to
TRAINING_S: Final = 120.0
SOURCES: Final = ("bngcorr/wire/_core.c", "bngcorr/proxy/_datagrams.c", "bngcorr/store/_rows.c")


def build(name: str, source: Path, folder: Path, *flags: str) -> Path:
    """Compile an extension of one file, and tell where it is, somewhere below `folder`."""
    told = ["-std=c11", "-Wall", "-Wextra", *flags]
    extension = Extension(name, [str(source)], extra_compile_args=told, extra_link_args=[*flags])
    command: Any = Distribution({"ext_modules": [extension]}).get_command_obj("build_ext")
    command.build_lib = command.build_temp = str(folder)
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(name))


def understood(*flags: str) -> bool:
    """Whether there is a compiler that takes these."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    command = [*compiler, *flags, "-Werror", "-fPIC", "-fsyntax-only", "-x", "c", os.devnull]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def compiler_flags(folder: Path) -> str:
    """What tells the compiler that SELDOM is seldom called, by a header in a folder; "" if it does not understand."""
    import mypyc  # here: only this hook's build has it

    header = folder / "seldom.h"
    told = [f"extern __typeof__({name}) {name} __attribute__((cold));\n" for name in SELDOM]
    header.write_text(f"#if __has_include(<CPy.h>)\n#include <CPy.h>\n{''.join(told)}#endif\n", "utf-8")
    added = [*APART, "-include", str(header)]
    places = [f"-I{Path(mypyc.__file__).with_name('lib-rt')}", f"-I{sysconfig.get_path('include')}"]
    return shlex.join(added) if understood(*added, *places) else ""


def filled(flags: tuple[str, ...], counts: Path) -> tuple[str, ...]:
    """Flags of the compiler, with the folder of the counts."""
    return tuple(flag.format(counts) for flag in flags)


def train(root: Path, folder: Path, python: str) -> str:
    """Count into `folder`/counts: with a wheel that counts, a round of the demonstration. What went wrong; "" if
    nothing did.
    """
    counts, wheels, unpacked = folder / "counts", folder / "wheel", folder / "unpacked"
    if not understood(*filled(COUNTING, counts), *filled(COUNTED, counts)):
        return "the compiler can't"
    environment = {name: value for name, value in os.environ.items() if name != TRAIN} | {COUNTS: str(counts)}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    built = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        return f"the wheel that counts: {built.stdout}{built.stderr}"
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(unpacked)
    command = [python, "-P", "-m", "bngcorr", "demo", "--once"]
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TRAINING_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    # whether that round is all well is for the tests to say: a busy machine may be late
    return "" if any(counts.rglob("*.gcda")) else f"nothing was counted: {done.stdout}{done.stderr}"


class Core(BuildHookInterface[Any]):
    """The hook of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add the extensions to the wheel."""
        self._temporary = TemporaryDirectory()
        self._before = {name: os.environ.get(name) for name in ("CFLAGS", "LDFLAGS", "HATCH_MYPYC_BUILD_DIR")}
        folder = Path(self._temporary.name)
        counting, python = os.environ.get(COUNTS), os.environ.get(TRAIN)
        flags: tuple[str, ...] = ()
        if counting:
            folder, flags = Path(counting).parent, filled(COUNTING, Path(counting))
        elif python:
            wrong = train(Path(self.root), folder, python)
            if wrong:
                self.app.display_warning(f"Built without training: {wrong}")
            else:
                flags = filled(COUNTED, folder / "counts")
        objects, generated = folder / "objects", folder / "generated"
        if counting or python:  # counts are known by the paths of what is compiled: both builds have the same
            for each in (objects, generated):
                shutil.rmtree(each, ignore_errors=True)
                each.mkdir()
            os.environ["HATCH_MYPYC_BUILD_DIR"] = str(generated)
        for source in SOURCES:
            name = source.removesuffix(".c").replace("/", ".")
            built = build(name, Path(self.root, source), objects, *flags)
            build_data["force_include"][str(built)] = str(Path(source).with_name(built.name))
        told = " ".join(filter(None, (compiler_flags(folder), shlex.join(flags))))
        if told:  # mypyc's hook comes next, and has no option for them
            # which take the place of those that the interpreter was built with
            os.environ["CFLAGS"] = f"{self._before['CFLAGS'] or sysconfig.get_config_var('CFLAGS') or ''} {told}"
            os.environ["LDFLAGS"] = f"{self._before['LDFLAGS'] or ''} -Wl,-Bsymbolic"
        build_data["infer_tag"] = True
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """The wheel has them."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._temporary.cleanup()

"""Builds what of the request path is C, beside what mypyc compiles: see pyproject.toml."""

from __future__ import annotations

import os
import shlex
import subprocess
import sysconfig
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
SOURCES: Final = ("bngcorr/wire/_core.c", "bngcorr/proxy/_datagrams.c", "bngcorr/store/_rows.c")


def build(name: str, source: Path, folder: Path, *flags: str) -> Path:
    """Compile an extension of one file, and tell where it is, somewhere below `folder`."""
    extension = Extension(name, [str(source)], extra_compile_args=["-std=c11", "-Wall", "-Wextra", *flags])
    command: Any = Distribution({"ext_modules": [extension]}).get_command_obj("build_ext")
    command.build_lib = command.build_temp = str(folder)
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(name))


def compiler_flags(folder: Path) -> str:
    """What tells the compiler that SELDOM is seldom called, by a header in a folder; "" if it does not understand."""
    import mypyc  # here: only this hook's build has it

    header = folder / "seldom.h"
    told = [f"extern __typeof__({name}) {name} __attribute__((cold));\n" for name in SELDOM]
    header.write_text(f"#if __has_include(<CPy.h>)\n#include <CPy.h>\n{''.join(told)}#endif\n", "utf-8")
    added = [*APART, "-include", str(header)]
    places = [f"-I{Path(mypyc.__file__).with_name('lib-rt')}", f"-I{sysconfig.get_path('include')}"]
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    command = [*compiler, *added, *places, "-Werror", "-fPIC", "-fsyntax-only", "-x", "c", os.devnull]
    try:
        understood = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return ""
    return shlex.join(added) if understood else ""


class Core(BuildHookInterface[Any]):
    """The hook of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add the extensions to the wheel."""
        self._folder = TemporaryDirectory()
        for source in SOURCES:
            name = source.removesuffix(".c").replace("/", ".")
            built = build(name, Path(self.root, source), Path(self._folder.name))
            build_data["force_include"][str(built)] = str(Path(source).with_name(built.name))
        self._before = {name: os.environ.get(name) for name in ("CFLAGS", "LDFLAGS")}
        told = compiler_flags(Path(self._folder.name))
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
        self._folder.cleanup()

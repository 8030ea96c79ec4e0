"""Builds what of the request path is C, beside what mypyc compiles: see pyproject.toml."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

SOURCES: Final = ("bngcorr/wire/_core.c", "bngcorr/proxy/_datagrams.c", "bngcorr/store/_rows.c")


def build(name: str, source: Path, folder: Path, *flags: str) -> Path:
    """Compile an extension of one file, and tell where it is, somewhere below `folder`."""
    extension = Extension(name, [str(source)], extra_compile_args=["-std=c11", "-Wall", "-Wextra", *flags])
    command: Any = Distribution({"ext_modules": [extension]}).get_command_obj("build_ext")
    command.build_lib = command.build_temp = str(folder)
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(name))


class Core(BuildHookInterface[Any]):
    """The hook of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add the extensions to the wheel."""
        self._folder = TemporaryDirectory()
        for source in SOURCES:
            name = source.removesuffix(".c").replace("/", ".")
            built = build(name, Path(self.root, source), Path(self._folder.name))
            build_data["force_include"][str(built)] = str(Path(source).with_name(built.name))
        build_data["infer_tag"] = True
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """The wheel has them."""
        self._folder.cleanup()

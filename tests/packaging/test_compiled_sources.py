"""What is compiled keeps to what mypyc can compile rightly, and a plain run would not show."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _compiled() -> list[Path]:
    hook = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    lists = hook["hooks"]["mypyc"]
    left_out = {path for pattern in lists["exclude"] if "/" in pattern for path in ROOT.glob(pattern)}
    found = {path for pattern in lists["include"] for path in ROOT.glob(pattern)}
    return sorted(path for path in found - left_out if path.name != "__init__.py")


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _names_of_two_kinds(function: ast.AST) -> Iterator[str]:
    kinds: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.ExceptHandler) and node.name is not None and node.type is not None:
            kinds.setdefault(node.name, set()).add(ast.unparse(node.type))
    return (name for name, types in kinds.items() if len(types) > 1)


COMPILED = _compiled()


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_stands_for_exceptions_of_two_kinds(path: Path) -> None:
    """Compiled, the name has the type of the first one: the second is a TypeError."""
    functions = [one for one in ast.walk(_parsed(path)) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert [] == [f"{one.name}: {name}" for one in functions for name in _names_of_two_kinds(one)]


def test_no_class_that_is_not_compiled_derives_from_one_that_is() -> None:
    """Its first object would be a TypeError; enumerations, protocols, tuples and exceptions are no such classes."""
    native = {
        f"{_module(path)}.{one.name}"
        for path in COMPILED
        for one in ast.walk(_parsed(path))
        if isinstance(one, ast.ClassDef) and not one.bases
    }
    plain = sorted(set((ROOT / "bngcorr").rglob("*.py")) - set(COMPILED))

    assert native
    assert [] == [f"{_module(path)}: {base}" for path in plain for base in _bases(_parsed(path)) if base in native]


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _bases(tree: ast.Module) -> Iterator[str]:
    """Full names of what classes derive from, as far as it was imported by name."""
    names = {
        alias.asname or alias.name: f"{one.module}.{alias.name}"
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }
    for one in ast.walk(tree):
        if isinstance(one, ast.ClassDef):
            yield from (names[base.id] for base in one.bases if isinstance(base, ast.Name) and base.id in names)

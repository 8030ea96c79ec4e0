"""The wheel, in an environment with nothing else but what it says it needs, is the whole product: data files, command,
and demonstration.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import Parser
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DEMANDED = ("requests", "lines", "attributable", "matched", "wrong", "by_rung", "hosts", "audit_drift", "log")

pytestmark = pytest.mark.timeout(180)

Entry = Mapping[str, Any]  # one request of the demonstration's log, as JSON has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An environment that holds the wheel and what it demands, and nothing of the source tree."""

    wheel: Path
    scripts: Path  # folder of its commands
    elsewhere: Path  # an empty folder to run them in

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands as a user would, far from the source tree."""
        return _run([str(self.scripts / command), *arguments], self.elsewhere)


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(command, cwd=folder, env=outside, capture_output=True, text=True, check=False, timeout=150)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Build the wheel and install it in a new environment that has what it demands with its extra "embedded"."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = _run(build, folder)
    assert 0 == built.returncode, built.stderr
    (wheel,) = folder.glob("*.whl")
    home = folder / "environment"
    venv.create(home)
    (site,) = home.glob("lib/python*/site-packages")
    for needed in _needed(wheel):
        _link(needed, site)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet"]
    installing = _run([*pip, "--no-index", "--no-deps", str(wheel)], folder)
    assert 0 == installing.returncode, installing.stderr
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Installation(wheel=wheel, scripts=home / "bin", elsewhere=elsewhere)


def _needed(wheel: Path) -> list[Distribution]:
    """What the wheel with its extra "embedded" demands, and what that demands, out of this environment."""
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    demands = Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])
    asked: list[tuple[Requirement, tuple[str, ...]]]
    asked = [(Requirement(demand), ("embedded",)) for demand in demands]
    found: dict[tuple[str, tuple[str, ...]], Distribution] = {}
    while asked:
        demand, extras = asked.pop()
        if demand.marker is not None and not any(demand.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        name, of_it = canonicalize_name(demand.name), tuple(sorted(demand.extras))
        if (name, of_it) not in found:
            one = found[name, of_it] = distribution(name)
            assert demand.specifier.contains(one.version, prereleases=True), f"{demand}: {one.version} is installed"
            asked += [(Requirement(its), of_it) for its in one.requires or ()]
    return list(found.values())


def _link(needed: Distribution, site: Path) -> None:
    """Put it there as it is here, without a copy."""
    for top in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
        if not (site / top).exists():
            (site / top).symlink_to(str(needed.locate_file(top)))


def _files(folder: str) -> set[str]:
    """Everything that is no Python there and below."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return {str(path.relative_to(ROOT)) for path in found}


def test_the_wheel_carries_its_data(installed: Installation) -> None:
    """Dictionaries, profiles, example config, scripts of the store, pages, and the mark that it is typed: all there."""
    wanted = _files("bngcorr")
    for beside in ("dictionaries", "conf"):
        wanted |= {f"bngcorr/_data/{name}" for name in _files(beside)}

    assert wanted > {"bngcorr/py.typed", "bngcorr/profiles/data/nokia-sros.yaml", "bngcorr/_data/conf/bngcorr.service"}
    assert set() == wanted - set(zipfile.ZipFile(installed.wheel).namelist())


def test_the_wheel_carries_nothing_else(installed: Installation) -> None:
    """Tests and documentation stay at home."""
    tops = {name.split("/", 1)[0] for name in zipfile.ZipFile(installed.wheel).namelist()}

    assert {"bngcorr", next(top for top in tops if top.endswith(".dist-info"))} == tops


def test_the_installed_example_config_is_sound(installed: Installation) -> None:
    """An operator starts from the example that came with the installation."""
    where = "from bngcorr.resources import resource; print(resource('conf') / 'bngcorr.example.yaml')"
    example = installed.run("python", "-c", where).stdout.strip()

    checked = installed.run("bngcorr", "check-config", "-c", example)

    assert not Path(example).is_relative_to(ROOT)
    assert (0, "") == (checked.returncode, checked.stderr)
    assert checked.stdout.endswith("sound, 2 BNGs\n")


def test_the_demonstration_runs_and_bears_a_recount(installed: Installation) -> None:
    """A bounded round of the installed demonstration ends well, and its figures follow from its log alone."""
    demo = installed.run("bngcorr", "demo", "--once", "--json")

    assert 0 == demo.returncode, demo.stderr
    result: dict[str, Any] = json.loads(demo.stdout)
    assert [] == [key for key in DEMANDED if key not in result]
    log: list[Entry] = result["log"]
    must = [entry for entry in log if entry["truth"]["attributable"]]
    assert result["requests"] == len(log)
    assert result["lines"] == len({_line(entry) for entry in log} - {(None, None)})
    assert result["attributable"] == len(must)
    assert result["matched"] == sum(_seen(entry) == _line(entry) for entry in must)
    assert result["wrong"] == sum(_is_wrong(entry) for entry in log)
    assert result["by_rung"] == dict(Counter(_rung(entry) for entry in log if entry["verdict"]))
    assert 0 == result["wrong"] == result["audit_drift"]
    assert 0 < result["attributable"] == result["matched"]


def _line(entry: Entry) -> tuple[str | None, str | None]:
    """The line on which the request was really made."""
    return entry["truth"]["line"], entry["truth"]["circuit_id"]


def _seen(entry: Entry) -> tuple[str | None, str | None]:
    """The line that AAA saw."""
    return (entry["aaa"]["remote_id"], entry["aaa"]["circuit_id"]) if entry["aaa"] else (None, None)


def _is_wrong(entry: Entry) -> bool:
    """Whether AAA saw an id that is not of the request's line."""
    return any(seen is not None and seen != own for seen, own in zip(_seen(entry), _line(entry), strict=True))


def _rung(entry: Entry) -> str:
    """The rung of a match, else the verdict."""
    verdict = entry["verdict"]
    return str(verdict["rung"] if verdict["verdict"] == "matched" else verdict["verdict"])

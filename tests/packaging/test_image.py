"""The Dockerfile, without a container engine: its commands in an empty folder, and what the image is told."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = re.compile(r"(?<![\w./])(?=/(opt|build|var/lib/bngcorr|run/bngcorr)\b)")  # where paths of the image begin


def instructions() -> Iterator[tuple[str, str]]:
    """Each instruction and what follows it, lines joined."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    for line in filter(None, text.splitlines()):
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def final_stage() -> list[tuple[str, str]]:
    """Instructions of the image itself."""
    every = list(instructions())
    last = max(index for index, (word, _) in enumerate(every) if word == "FROM")
    return every[last:]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of what the commands make. apt-get is left out, nothing is compiled, no owner is changed, and what
    bngcorr demands is lent by this environment, pip as well; both stages have one root.
    """
    root = tmp_path_factory.mktemp("image")
    lent = tmp_path_factory.mktemp("lent")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "bngcorr" not in entry.name:
            (lent / entry.name).symlink_to(entry)
    environment = {
        **os.environ, "COMPILED": "0", "PYTHONPATH": str(lent), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0",
    }  # fmt: skip
    folder = root
    for word, rest in instructions():
        if word == "WORKDIR":
            folder = root / rest.lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
        elif word == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__", "*.so")
                    shutil.copytree(ROOT / source, folder / target, ignore=ignored)
                else:
                    shutil.copy(ROOT / source, folder / target)
        elif word == "RUN" and not rest.startswith("apt-get"):
            command = INSIDE.sub(str(root), rest).replace("-o 10001 -g 10001 ", "")
            command = command.replace(" -m venv ", " -m venv --without-pip ")
            done = subprocess.run(
                ["/bin/sh", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert 0 == done.returncode, f"{command}\n{done.stdout}{done.stderr}"
    return root


def test_the_commands_make_a_bngcorr_that_runs(built: Path) -> None:
    """With its data files: it checks its own example."""
    command = built / "opt" / "bngcorr" / "bin" / "bngcorr"
    environment = {**os.environ, "PYTHONPATH": str(next(built.parent.glob("lent*")))}

    done = subprocess.run(
        [command, "check-config", "-c", str(ROOT / "conf" / "bngcorr.example.yaml")],
        cwd=built / "var/lib/bngcorr", env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)
    assert (built / "opt/bngcorr/bin/bngcorr").read_text().startswith(f"#!{built}/opt/bngcorr/bin/python")


def test_the_image_runs_as_nobody_in_particular_and_has_no_compiler() -> None:
    """Packages come in the first stage only; the user is the one of the chart."""
    stage = final_stage()

    assert ["10001:10001"] == [rest for word, rest in stage if word == "USER"]
    assert [] == [rest for word, rest in stage if word == "RUN" and "apt-get" in rest]
    assert [("ENTRYPOINT", '["bngcorr"]')] == [(word, rest) for word, rest in stage if word == "ENTRYPOINT"]


def test_the_image_says_what_it_is_and_how_it_is() -> None:
    """OCI labels; a health check that fails where nobody answers."""
    stage = dict(final_stage())
    labels = {each.partition("=")[0] for each in shlex.split(stage["LABEL"])}
    check = json.loads(stage["HEALTHCHECK"].partition("CMD ")[2])

    titles = ("title", "description", "version", "revision", "licenses")
    assert {f"org.opencontainers.image.{title}" for title in titles} == labels
    silent = [part.replace("9812", "9") for part in check]
    assert 0 != subprocess.run(silent, capture_output=True, check=False, timeout=30).returncode


def test_the_context_holds_all_that_is_copied() -> None:
    """Everything else is left out."""
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]

    assert sorted(kept) == sorted(copied)

"""The verbs as a whole: how they are listed, documented, completed, and what they cost to start."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cyclopts
import pytest
from rich.text import Text

from bngcorr.cli import app, asks_for_list, command_line
from bngcorr.cli.exits import DONE, NEGATIVE, REFUSED, UNREACHABLE
from bngcorr.cli.tables import screen
from bngcorr.cli.verbs import GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
HEAVY = ("pydantic", "aiohttp", "redis", "yaml", "pyrad", "asyncio", "structlog", "bngcorr.config", "bngcorr.store")
VERBS = [verb for verbs in GROUPS.values() for verb in verbs]


def every(built: cyclopts.App, name: str = "") -> Iterator[tuple[str, cyclopts.App]]:
    """Each verb that does something, by its words."""
    below = [(one, built[one]) for one in built if not one.startswith("-")]
    if not below or built.default_command is not None:
        yield name.strip(), built
    for one, verb in below:
        yield from every(verb, f"{name} {one}")


def taught(verb: cyclopts.App) -> str:
    """What its help says, in single spaces."""
    return " ".join((verb.help or getattr(verb.default_command, "__doc__", "")).split())


def options(verb: cyclopts.App) -> set[str]:
    """Names of its options."""
    arguments = verb.assemble_argument_collection(parse_docstring=False)
    return {"--help", *(name for argument in arguments for name in argument.names)}


def test_what_the_list_says_of_a_verb_is_how_its_own_help_begins() -> None:
    """So that the two can't drift apart."""
    wrong = [verb.name for verb in VERBS if not taught(app[verb.name]).startswith(verb.summary.removesuffix("."))]

    assert [] == wrong


def test_the_list_names_every_verb_and_where_to_begin() -> None:
    """With no arguments as with --help."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        command_line(listed=True).help_print()
    told = out.getvalue()

    assert [] == [verb.name for verb in VERBS if verb.name not in told]
    assert "bngcorr lookup" in told
    assert [True, True, True, False] == [asks_for_list(words) for words in ([], ["-h"], ["--help"], ["top", "--help"])]


def test_the_list_imports_nothing_heavy() -> None:
    """Neither does a verb that asks the API: it answers at once on a small machine."""
    code = (
        "import sys; from bngcorr.cli import command_line; command_line(listed=True).help_print();"
        "import bngcorr.cli.session, bngcorr.cli.upstream, bngcorr.cli.events, bngcorr.cli.top;"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert "[]" == told.stderr.strip()


def test_every_verb_is_on_the_page_with_its_exit_codes() -> None:
    """docs/cli.md has a heading or a row for each, and every help tells how it exits."""
    page = PAGE.read_text()
    verbs = dict(every(app))

    assert [] == [name for name in verbs if f"`bngcorr {name}`" not in page]
    assert [] == [f"| {code} |" for code in (DONE, NEGATIVE, REFUSED, UNREACHABLE) if f"| {code} |" not in page]


def test_every_option_that_the_page_shows_is_one() -> None:
    """An example that names an option which is gone would teach what fails."""
    known = {name: options(verb) for name, verb in every(app)}
    wrong = []
    for line in PAGE.read_text().splitlines():
        if not line.startswith("$ bngcorr "):
            continue
        words = line.removeprefix("$ bngcorr ").split(" | ")[0].split()
        name = next((" ".join(words[:at]) for at in (2, 1) if " ".join(words[:at]) in known), None)
        named = {word for word in words if word.startswith("-") and len(word) > 1 and not word[1:].isdigit()}
        if name is None or named - known[name]:
            wrong.append(line)

    assert [] == wrong


def test_a_shell_can_complete_the_verbs() -> None:
    """What is printed has all verbs, and is what the shell reads."""
    script = app.generate_completion(prog_name="bngcorr", shell="bash")  # noqa: S604 -- that is its name
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)

    assert [] == [verb.name for verb in VERBS if verb.name not in script]


@pytest.mark.parametrize("verb", ["decode", "explain", "diagnose", "replay"])
def test_a_misspelt_option_is_named_alone(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """It is no capture, and the captures beside it are not what is wrong."""
    with pytest.raises(SystemExit) as end:
        app([verb, "a.pcap", "--htlm", "x"])
    told = capsys.readouterr()

    assert 0 != end.value.code
    assert "--htlm is no option" in told.out + told.err
    assert [] == [word for word in ("Path", "a.pcap", "Invalid value") if word in told.out + told.err]


def test_an_option_in_place_of_a_file_to_write_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """--json is one, but --html wants its file first."""
    with pytest.raises(SystemExit):
        app(["diagnose", "a.pcap", "--html", "--json"])
    told = capsys.readouterr()

    assert 'Invalid value "--json" for --html. Expected a file' in told.out + told.err


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the output is made to look like a terminal."""
    told = []
    monkeypatch.setenv("FORCE_COLOR", "1")
    for no_color in ("", "1"):
        monkeypatch.setenv("NO_COLOR", no_color)
        out = io.StringIO()
        screen(out).print(Text("x", style="red"))
        told.append(out.getvalue())

    assert ["\x1b[31mx\x1b[0m\n", "x\n"] == told

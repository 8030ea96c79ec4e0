"""The command line: one module a verb; `verbs` lists them.

Exit codes: 0 done, 1 negative answer or failure, 2 usage or configuration, 3 no whole answer (nobody answers, the store
is away, or the output takes nothing), 141 nobody reads the output any more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import cyclopts

from bngcorr import __version__
from bngcorr.cli.exits import REFUSED, SIGPIPE, UNREACHABLE
from bngcorr.cli.standard_output import OutputError, give_output_up, watch_output
from bngcorr.cli.verbs import GROUPS

_EPILOGUE: Final = (
    "A customer calls: `bngcorr lookup` with a MAC, an id or an address. New here: `bngcorr demo`. Every verb explains "
    "itself with --help; docs/cli.md has them all."
)


def command_line(*, listed: bool) -> cyclopts.App:
    """All verbs. `listed`: only to list them with their summaries; a verb's own help would be cut down to that."""
    built = cyclopts.App(
        name="bngcorr",
        version=__version__,
        help="RADIUS proxy between broadband gateways and AAA: one identity per access line, whichever protocol asked.",
        help_format="plaintext" if listed else "markdown",
        help_epilogue=_EPILOGUE if listed else None,  # verbs would inherit it
    )
    for at, (title, verbs) in enumerate(GROUPS.items()):
        group = cyclopts.Group(title, sort_key=at)
        for place, verb in enumerate(verbs):
            summary = verb.summary if listed else None
            built.command(f"{__name__}.{verb.target}", name=verb.name, help=summary, group=group, sort_key=place)
    built["--help"].group = built["--version"].group = (cyclopts.Group("Options", sort_key=len(GROUPS)),)
    return built


def asks_for_list(words: Sequence[str]) -> bool:
    """Whether what stands behind `bngcorr` asks for no verb."""
    return not words or words[0] in ("--help", "-h")


app = command_line(listed=False)


def main() -> None:
    """Entry point of the ``bngcorr`` command."""
    watch_output()
    called = command_line(listed=True) if asks_for_list(sys.argv[1:]) else app
    try:
        try:
            called(exit_on_error=False)
        finally:
            sys.stdout.flush()
    except cyclopts.CycloptsError:
        sys.exit(REFUSED)  # what was wrong is printed already
    except OutputError as error:  # 1 would be an answer
        give_output_up()
        if error.unread:  # whoever read it has seen enough
            sys.exit(SIGPIPE)
        print(f"bngcorr: standard output: {error}", file=sys.stderr)
        sys.exit(UNREACHABLE)

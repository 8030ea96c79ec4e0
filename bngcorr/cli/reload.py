"""`bngcorr reload`."""

from __future__ import annotations

from typing import Final

from rich.console import Console

from bngcorr.cli.control_client import ControlClient
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.parameters import NO_PROCESS, OutputAs, ProcessAt
from bngcorr.cli.process import exit_with_faults
from bngcorr.errors import ConfigError, ConfigFault

_COLUMNS: Final = ("key", "state")
_FAULTY: Final = 422


def reload(
    *,
    output: OutputAs = Output.TABLE,
    process: ProcessAt = NO_PROCESS,
) -> None:
    """Have a running `bngcorr serve` take its configuration file anew, all of it or nothing.

    BNGs, secrets, profiles, upstreams, limits and cost tables are swapped between two requests; requests under way end
    by what they began with. What can't be changed while it runs is listed, and takes a restart.

    Exits 0 if the file was taken, 2 if not (its faults are told, nothing changes), 3 if no such process answers.
    """
    status, answer = ControlClient("reload", process).ask("POST", "/reload")
    if status == _FAULTY:
        exit_with_faults(ConfigError(tuple(ConfigFault(**fault) for fault in answer["faults"])))
    rows = [
        *({"key": key, "state": "taken"} for key in answer["changed"]),
        *({"key": key, "state": "needs a restart"} for key in answer["needs_restart"]),
    ]
    print_rows(rows, output, columns=_COLUMNS, table=lambda: _print(answer["changed"], answer["needs_restart"]))


def _print(changed: list[str], needs_restart: list[str]) -> None:
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    console.print(f"taken: {', '.join(changed) or 'nothing is new'}", markup=False)
    if needs_restart:
        console.print(f"needs a restart: {', '.join(needs_restart)}", markup=False)

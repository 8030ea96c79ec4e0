"""`bngcorr web`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bngcorr.cli.process import run_until_signal


def web(*, config: Annotated[Path, Parameter(name=("--config", "-c"))]) -> None:
    """Run the HTTP API in the foreground until SIGINT or SIGTERM.

    It reads the store that `bngcorr serve` writes; give both the same file. `web.listen` says where it listens. A
    changed file needs a restart.

    Parameters
    ----------
    config:
        The configuration file (YAML). conf/bngcorr.example.yaml shows every key.
    """
    from bngcorr.app import WebProcess

    run_until_signal(config, WebProcess)

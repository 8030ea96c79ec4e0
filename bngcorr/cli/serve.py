"""`bngcorr serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bngcorr.cli.process import run_until_signal


def serve(*, config: Annotated[Path, Parameter(name=("--config", "-c"))]) -> None:
    """Run the RADIUS proxy in the foreground until SIGINT or SIGTERM.

    It listens where `listen` says, forwards to `upstream`, and answers /healthz, /readyz and /metrics at
    `health.listen`. Logs go to standard error. After SIGTERM it goes on for `listen.lameduck`, but is not ready any
    more; a second signal ends it at once. SIGHUP and `bngcorr reload` have it take its file anew.

    Parameters
    ----------
    config:
        The configuration file (YAML). conf/bngcorr.example.yaml shows every key.
    """
    from bngcorr.app import PacketProcess

    run_until_signal(config, PacketProcess)

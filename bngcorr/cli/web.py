"""`bngcorr web`."""

from __future__ import annotations

from bngcorr.cli.parameters import ConfigFile, WatchFiles
from bngcorr.cli.process import run_until_signal


def web(*, config: ConfigFile, watch: WatchFiles = False) -> None:
    """Run the HTTP API and the pages in the foreground until SIGINT or SIGTERM.

    It reads the store that `bngcorr serve` writes; give both the same file. `web.listen` says where it listens,
    `web.tokens` who may see and do what. SIGHUP has it take changed tokens and rates; all else needs a restart.
    """
    from bngcorr.app.priority import give_way
    from bngcorr.app.web import WebProcess

    give_way()
    run_until_signal(config, WebProcess, watch=watch)

"""`bngcorr serve`."""

from __future__ import annotations

from bngcorr.cli.parameters import ConfigFile, WatchFiles
from bngcorr.cli.process import run_until_signal


def serve(*, config: ConfigFile, watch: WatchFiles = False) -> None:
    """Run the RADIUS proxy in the foreground until SIGINT or SIGTERM.

    It listens where `listen` says, forwards to `upstream`, and answers /healthz, /readyz and /metrics at
    `health.listen`. Logs go to standard error. After SIGTERM it goes on for `listen.lameduck`, but is not ready any
    more; a second signal ends it at once. SIGHUP and `bngcorr reload` have it take its file anew.
    """
    from bngcorr.app.packets import PacketProcess

    run_until_signal(config, PacketProcess, watch=watch)

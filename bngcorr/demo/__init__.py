"""The demonstration: the real service between simulated BNGs and a small AAA, and a judge who knows the truth.

``network`` hands out BNGs and lines, ``cpe`` is a router on a line, ``bng`` turns its steps into RADIUS,
``scenarios`` (and ``clones``) tell how routers boot, ``aaa`` answers and remembers what it was shown, ``service``
runs ``bngcorr serve`` and ``bngcorr web`` as children. ``truth`` says, from what really happened, which requests
could be attributed; ``report`` compares that with what AAA saw. ``lab`` puts all of it up; ``run`` plays one round or
many. RADIUS goes through pyrad (``radius``): nothing of the proxy is imported here, so that its faults cannot hide in
its own judge.
"""

from bngcorr.demo.lab import Options, Snapshot
from bngcorr.demo.report import Result
from bngcorr.demo.run import run_live, run_once
from bngcorr.demo.service import DemoError

__all__ = ["DemoError", "Options", "Result", "Snapshot", "run_live", "run_once"]

"""What many verbs take alike: where the API is, which process, which file, and how rows are printed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Group, Parameter

from bngcorr.cli.output import Output

API_URL: Final = "http://127.0.0.1:8080"  # the default of `web.listen`

_API: Final = Group("API", sort_key=8)
_PROCESS: Final = Group("On the machine itself", sort_key=9)

FLAG: Final = Parameter(negative="")
"""A switch that has no --no-… form."""

ConfigFile = Annotated[
    Path,
    Parameter(
        name=("--config", "-c"), help="The configuration file (YAML). conf/bngcorr.example.yaml shows every key."
    ),
]
WatchFiles = Annotated[
    bool,
    Parameter(
        negative="",
        help="Take the file anew whenever it, or a secret_file it names, changes: for where nobody can send SIGHUP.",
    ),
]
OutputAs = Annotated[
    Output,
    Parameter(
        name=("--output", "-o"),
        help="table for people; json (one value), jsonl (an object a line) or csv for programs.",
    ),
]
Most = Annotated[int, Parameter(name=("--limit", "-n"), help="At most so many.")]
Watch = Annotated[
    float | None,
    Parameter(
        name=("--watch", "-w"),
        negative="",
        help="Draw the table again every so many seconds (1 to 3600), until Ctrl-C.",
    ),
]


@Parameter(name="*", group=_API)
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAt:
    """Where `bngcorr web` answers, and what it asks for."""

    api: Annotated[str, Parameter(env_var="BNGCORR_API")] = API_URL
    """Where `bngcorr web` answers: http://… or https://…"""

    ca: Annotated[Path | None, Parameter(env_var="BNGCORR_CA")] = None
    """The certificates (PEM) to trust for https://. Default: those of the system."""

    token_file: Path | None = None
    """A file with the bearer token and nothing else. Default: BNGCORR_TOKEN of the environment."""


HERE: Final = ApiAt()


@Parameter(name="*", group=_PROCESS)
@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessAt:
    """Which `bngcorr serve` is asked through its control socket, and not the API."""

    config: Annotated[Path | None, Parameter(name=("--config", "-c"))] = None
    """Ask the process that runs with this file, through its control socket."""

    socket: Path | None = None
    """Ask the process whose control socket this is."""

    @property
    def named(self) -> bool:
        """Whether a process is asked, and not the API."""
        return self.config is not None or self.socket is not None


NO_PROCESS: Final = ProcessAt()

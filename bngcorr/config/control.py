"""Where the control socket of a packet process is, and where to look for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator

from bngcorr.config.section import Section

AUTO: Final = "auto"
NAME: Final = "control.sock"
SYSTEM: Final = Path("/run/bngcorr")  # what conf/bngcorr.service has systemd make
MOST_OCTETS: Final = 107  # of a Unix socket's path (unix(7)), its final NUL not counted


def _socket(value: object) -> object:
    if value is None or (isinstance(value, str) and 0 < len(value.encode()) <= MOST_OCTETS and "\0" not in value):
        return value
    raise ValueError(f'"{AUTO}", a path of at most {MOST_OCTETS} octets, or null')


class Control(Section):
    """A Unix socket of the packet process, through which its verbs speak to it."""

    socket: Annotated[str | None, BeforeValidator(_socket)] = AUTO
    """Path, for the user of the process only (mode 0600). auto: control.sock in the folder that systemd made for the
    service, else in store.data_dir. None: there is none."""


def own_path(control: Control, data_dir: Path, environment: Mapping[str, str]) -> Path | None:
    """Where a process makes its socket. `environment`: its own; systemd names RuntimeDirectory= there."""
    if control.socket is None:
        return None
    if control.socket != AUTO:
        return Path(control.socket)
    made = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return (Path(made) if made else data_dir) / NAME


def likely_paths(control: Control, data_dir: Path, environment: Mapping[str, str], system: Path = SYSTEM) -> list[Path]:
    """Where the socket of a process with that configuration may be, likeliest first; more than one only with "auto",
    for a verb does not know how the process was started.
    """
    own = own_path(control, data_dir, environment)
    if own is None or control.socket != AUTO:
        return [] if own is None else [own]
    beside = [data_dir / NAME, system / NAME, *sorted(system.glob(f"*/{NAME}"))]
    return list(dict.fromkeys([own, *beside]))

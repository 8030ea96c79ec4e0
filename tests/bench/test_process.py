"""What the kernel says of processes, and which build of bngcorr is measured."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from benchmarks.bench import process
from benchmarks.bench.ground import Build, builds


def test_processor_time_grows_with_work_and_a_process_at_rest_is_quiet() -> None:
    """Time spent is seen from outside, and so is that nothing is left to do."""
    before, ran = process.cpu_seconds(os.getpid()), process.ran_ms(os.getpid())
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass

    assert process.cpu_seconds(os.getpid()) >= before + 0.03
    assert process.ran_ms(os.getpid()) >= ran + 30
    assert process.quiet([os.getppid()], 0.0) == 0.0


def test_datagrams_that_the_kernel_dropped_are_found() -> None:
    """A socket that nobody reads drops what its buffer does not take."""
    before = process.kernel_drops(os.getpid())
    with socket.socket(type=socket.SOCK_DGRAM) as deaf, socket.socket(type=socket.SOCK_DGRAM) as sender:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.bind(("127.0.0.1", 0))
        for _ in range(50):
            sender.sendto(bytes(500), deaf.getsockname())

        assert process.kernel_drops(os.getpid()) > before


def test_a_compiled_build_older_than_the_sources_is_not_measured(tmp_path: Path) -> None:
    """What is measured is what stands in the tree."""
    source, stamp = tmp_path / "bngcorr" / "a.py", tmp_path / "build" / "compiled" / ".made"
    pure, compiled = Build("pure Python", tmp_path), Build("compiled", tmp_path / "build" / "compiled")
    for path in (source, stamp):
        path.parent.mkdir(parents=True, exist_ok=True)
    source.touch()
    assert ([pure], "there is no compiled build (make compiled)") == builds(tmp_path)

    stamp.touch()
    os.utime(source, (1_000, 1_000))
    assert ([compiled, pure], "") == builds(tmp_path)

    os.utime(stamp, (999, 999))
    assert ([pure], "the compiled build is older than the sources (make compiled)") == builds(tmp_path)

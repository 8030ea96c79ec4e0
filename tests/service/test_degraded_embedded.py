"""The store that `serve` runs itself: started again when it ends, taken over when it outlived its `serve`."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

from tests.service.aaa import Aaa, wait_until
from tests.service.bystanders import AT_ONCE_S, Bystanders, someone
from tests.service.process import Service, Settings, is_running
from tests.service.radius import START
from tests.service.settings import one_bng

BACK_WITHIN_S = 10.0


def kill_store(service: Service) -> None:
    """SIGKILL, and wait for another one."""
    killed = service.store_pid()
    os.kill(killed, signal.SIGKILL)

    def replaced() -> bool:
        with contextlib.suppress(OSError, ValueError):  # its file is being written
            return service.store_pid() != killed
        return False

    wait_until(replaced, BACK_WITHIN_S, "another store runs")


def test_an_embedded_store_that_ends(aaa: Aaa, start_service: Callable[[Settings], Service]) -> None:
    """Named lines go on at once; another process has the same sessions, whoever started the one that ended."""
    service = start_service(one_bng(aaa, window="200ms"))
    bystanders = Bystanders(service, aaa)
    cpe = someone()
    bystanders.account(START, cpe)
    service.written()
    kill_store(service)
    own_s = bystanders.own()
    wait_until(bystanders.correlates, BACK_WITHIN_S, "correlation is back")
    live = bystanders.bare(cpe)

    assert own_s < AT_ONCE_S
    assert [cpe.remote_id] == live.remote_ids
    pid = service.store_pid()
    service.kill()
    assert is_running(pid)
    service.start()
    assert pid == service.store_pid()
    assert [cpe.remote_id] == bystanders.bare(cpe).remote_ids
    kill_store(service)
    wait_until(bystanders.correlates, BACK_WITHIN_S, "correlation is back")
    assert [cpe.remote_id] == bystanders.bare(cpe).remote_ids

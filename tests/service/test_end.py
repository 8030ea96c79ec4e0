"""The end of a process: exit code 0 soon after SIGTERM or SIGINT, whatever state the rest of the world is in."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bngcorr.cli.parameters import ProcessAt
from bngcorr.cli.reload import reload
from tests.service.aaa import Aaa, wait_until
from tests.service.nursery import Nursery
from tests.service.process import Service, Settings, Valkey, end, get, is_running
from tests.service.radius import START
from tests.service.settings import SECRET, Cpe, one_bng

WITHIN_S = 5.0


def ends(service: Service, number: signal.Signals = signal.SIGTERM) -> float:
    """Signal `serve` and await its end; how long it took. The exit code has to be 0, the log free of tracebacks."""
    assert service.serve is not None
    started = time.monotonic()
    service.serve.send_signal(number)
    assert 0 == service.serve.wait(WITHIN_S + 5)
    took = time.monotonic() - started
    assert "Traceback" not in service.log(), service.log()
    return took


@pytest.mark.parametrize(("number", "lameduck"), [(signal.SIGTERM, "0s"), (signal.SIGINT, "30s")])
def test_serve_ends_and_takes_its_own_store_along(
    aaa: Aaa, start_service: Callable[[Settings], Service], number: signal.Signals, lameduck: str
) -> None:
    """What was learnt is written out first; no Valkey is left behind. Ctrl-C does not give others time to take over."""
    service = start_service({**one_bng(aaa), "listen": {"lameduck": lameduck}})
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(1)
    bng.ask(bng.account(START, "last", cpe.attributes("last") + cpe.line))
    pid = service.store_pid()

    assert ends(service, number) < WITHIN_S
    assert not is_running(pid)
    service.start()
    service.start_web()
    assert ["last"] == [item["session_id"] for item in service.items("/v1/sessions")]


@pytest.mark.parametrize("how", ["killed", "hanging"])
def test_serve_ends_while_its_store_is_away(
    aaa: Aaa, start_service: Callable[[Settings], Service], start_valkey: Callable[[], Valkey], how: str
) -> None:
    """Writes that can't be delivered are given up after a while, and the log says so."""
    valkey = start_valkey()
    service = start_service({**one_bng(aaa), "store": {"url": valkey.url}})
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(2)
    (valkey.kill if how == "killed" else valkey.freeze)()
    bng.ask(bng.account(START, "lost", cpe.attributes("lost") + cpe.line))
    bng.ask(cpe.access(bng, "bare"))

    assert ends(service) < WITHIN_S
    assert service.events(event="store does not answer, writes given up")


def test_serve_ends_while_its_embedded_store_hangs(aaa: Aaa, start_service: Callable[[Settings], Service]) -> None:
    """A store of its own that answers neither questions nor SIGTERM does not keep it; nothing is left behind."""
    service = start_service(one_bng(aaa))
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(3)
    pid = service.store_pid()
    os.kill(pid, signal.SIGSTOP)
    bng.ask(bng.account(START, "stuck", cpe.attributes("stuck") + cpe.line))

    assert ends(service) < WITHIN_S
    wait_until(lambda: not is_running(pid), 1, "the store is gone")


def test_serve_ends_with_requests_under_way_and_a_scraper_connected(
    aaa: Aaa, start_service: Callable[[Settings], Service]
) -> None:
    """Neither a silent AAA nor an open connection of Prometheus delays the end."""
    service = start_service(one_bng(aaa, hold="5s", v4_always_has_id=True))
    scraper = http.client.HTTPConnection("127.0.0.1", service.health_port, timeout=5)
    scraper.request("GET", "/metrics")
    scraper.getresponse().read()
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(4)
    aaa.silent = True
    try:
        bng.send(cpe.access(bng, "under-way", cpe.line).octets)
        bng.send(Cpe(5).access(bng, "held").octets)
        aaa.await_seen("under-way")
        wait_until(lambda: service.metric("bngcorr_held_requests") == 1, 4, "the other is held")
        assert ends(service) < WITHIN_S
    finally:
        aaa.silent = False
        scraper.close()


def test_serve_answers_on_after_sigterm_and_is_not_ready(
    aaa: Aaa,
    start_service: Callable[[Settings], Service],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For `listen.lameduck`, so that others can take over; a second signal cuts it short. systemd is told. Nothing new
    is taken any more: it would be closed, or left open, half-way.
    """
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(2.0)
        service = start_service({**one_bng(aaa), "listen": {"lameduck": "30s"}})
        assert manager.recv(1024).startswith(b"READY=1\n")
        assert service.serve is not None
        service.serve.send_signal(signal.SIGTERM)
        while not (told := manager.recv(1024)).startswith(b"STOPPING=1"):
            pass
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(7)
    bng.ask(cpe.access(bng, "lameduck", cpe.line))
    readyz = get(f"http://127.0.0.1:{service.health_port}/readyz")
    with pytest.raises(SystemExit) as refused:
        reload(process=ProcessAt(config=service.config))

    assert 2 == refused.value.code
    assert "the process is about to end" in capsys.readouterr().err
    assert b"EXTEND_TIMEOUT_USEC=40000000" in told
    assert (503, "not ready", "ending") == (readyz.status, readyz.body["status"], readyz.body["life"])
    assert ends(service) < WITHIN_S


def test_web_ends(aaa: Aaa, start_service: Callable[[Settings], Service]) -> None:
    """`bngcorr web` ends on SIGTERM, with exit code 0. While it runs it gives way to `bngcorr serve`."""
    service = start_service(one_bng(aaa))
    service.start_web()
    assert service.web is not None
    assert service.serve is not None
    assert os.SCHED_BATCH == os.sched_getscheduler(service.web.pid)
    assert os.SCHED_OTHER == os.sched_getscheduler(service.serve.pid)

    assert 0 == end(service.web, WITHIN_S)
    assert "Traceback" not in service.log("web")


def test_a_port_that_is_taken_is_a_fault_of_the_configuration(
    aaa: Aaa, start_service: Callable[[Settings], Service], nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A second `serve` on the same ports says which key and address, ends at once with 2, and harms nobody."""
    first = start_service(one_bng(aaa))
    second = Service(tmp_path_factory.mktemp("second"), {**one_bng(aaa), "listen": first.settings["listen"]}, nursery)
    try:
        with pytest.raises(AssertionError, match="Address already in use"):
            second.start()
        assert second.serve is not None
        assert 2 == second.serve.wait(5)
        assert f"listen.auth[0]: got 127.0.0.1:{first.auth_port}" in second.log()
    finally:
        second.close()
    bng, cpe = first.bng("127.0.0.1", SECRET), Cpe(6)
    bng.ask(cpe.access(bng, "harmed", cpe.line))

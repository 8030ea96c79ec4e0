"""The children of the demonstration: their configuration, and what is said when they cannot run."""

import socket
import sys
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from bngcorr.demo import DemoError, Options, Snapshot, run_live, run_once
from bngcorr.demo.network import gateways
from bngcorr.demo.report import Host
from bngcorr.demo.screen import Tally, line, table
from bngcorr.demo.service import Ports, choose_ports, write_config


def test_the_configuration_names_every_bng_and_is_private(tmp_path: Path) -> None:
    """Secrets are in it, so nobody else may read it."""
    path = tmp_path / "demo.yaml"
    ports = Ports(auth=1, acct=2, health=3, http=("::1", 4))
    write_config(path, ports=ports, data_dir=tmp_path, aaa_ports=(5, 6), aaa_secret="s", bngs=gateways())
    config = yaml.safe_load(path.read_text())

    assert 0o600 == path.stat().st_mode & 0o777
    assert [spec.name for spec in gateways()] == [entry["name"] for entry in config["bngs"]]
    assert ("[::1]:4", "127.0.0.1:5") == (config["web"]["listen"], config["upstream"]["auth"]["address"])
    assert {"per_line", "shared"} == {entry["vlan_model"] for entry in config["bngs"]}


def test_a_port_in_use_is_said_plainly() -> None:
    """Something else on 8080 is the most common reason for a demonstration not to start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=f"127.0.0.1:{port} cannot be used: Address already in use"):
            choose_ports(f"127.0.0.1:{port}")


def test_ports_are_free_and_distinct() -> None:
    """Port 0 asks for a free one."""
    ports = choose_ports("127.0.0.1:0")

    assert 4 == len({ports.auth, ports.acct, ports.health, ports.http[1]})


@pytest.mark.asyncio
async def test_a_service_that_does_not_start_is_reported_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message carries what the child wrote, so nobody has to look for a log."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no store here' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))

    with pytest.raises(DemoError, match=r"ended by itself with code 3:\nno store here"):
        await run_once(Options(http="127.0.0.1:0", data_dir=tmp_path))


@pytest.mark.asyncio
async def test_live_ends_with_1_when_the_service_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal shows the reason; the exit code tells scripts."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    console = Console(record=True, force_terminal=False, width=100)

    assert 1 == await run_live(Options(http="127.0.0.1:0", data_dir=tmp_path), console)
    assert "ended by itself with code 1" in console.export_text()


def test_the_table_shows_verdicts_and_hosts() -> None:
    """What a person sees while it runs; the plain line has the same figures."""
    host = Host(usage={"v4": 3, "ia_pd": 2, "sessions": 4}, cost_table="sros-classic", host_resources=5, limit=128)
    now = Snapshot(
        phase="routers boot",
        requests=12,
        answers={"accepts": 5, "rejects": 1, "responses": 5, "timeouts": 1},
        by_rung={"live": 2, "window": 3},
        hosts={"bng1": host},
    )
    console = Console(record=True, width=140)
    console.print(table(now, Tally(), True))
    shown = console.export_text()

    assert all(word in shown for word in ("bng1", "sros-classic", "128", "live", "window", "routers boot"))
    assert "ready round=1 requests=12" in line(now, Tally(), True)
    assert "hosts=5 live=2 window=3" in line(now, Tally(), True)

"""From one configuration to the next: what a running process takes, and what waits for a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bngcorr.config import Config, parse
from bngcorr.config.changes import changes
from bngcorr.config.control import AUTO, Control, likely_paths, own_path
from bngcorr.errors import ConfigError

SERVER = {"address": "192.0.2.10:1812", "secret": "x"}
Given = dict[str, Any]


def bng(name: str, **of_bng: object) -> Given:
    """One BNG."""
    return {"name": name, "address": f"192.0.2.{name[-1]}", "secret": "s", **of_bng}


def config(**sections: object) -> Config:
    """A sound file with two BNGs."""
    return parse({"upstream": {"auth": SERVER, "acct": SERVER}, "bngs": [bng("bng1"), bng("bng2")], **sections})


def test_the_same_file_changes_nothing() -> None:
    """Neither a key to take nor one to wait."""
    found = changes(config(), config())

    assert ((), ()) == (found.taken, found.needs_restart)


@pytest.mark.parametrize(
    ("sections", "taken", "needs_restart"),
    [
        ({"bngs": [bng("bng1", secret="t"), bng("bng3")]}, ("bngs.bng1", "bngs.bng2", "bngs.bng3"), ()),
        ({"bngs": [bng("bng2"), bng("bng1")]}, ("bngs.bng2", "bngs.bng1"), ()),
        ({"upstream": {"auth": {**SERVER, "timeout": "1s"}, "acct": SERVER}}, ("upstream.auth",), ()),
        ({"enterprise_numbers": {"ceiling": 7}, "capacity": {"tolerance": 5}},
         ("capacity.tolerance", "enterprise_numbers.ceiling"), ()),
        ({"listen": {"auth": ["127.0.0.1:1"], "lameduck": "0s"}}, ("listen.lameduck",), ("listen.auth",)),
        ({"store": {"budget": "20ms"}, "log": {"level": "debug"}}, (), ("store.budget", "log.level")),
        ({"health": {"listen": "127.0.0.1:1"}, "spool": True}, (), ("health.listen", "spool.enabled")),
    ],
    ids=["BNGs", "their order", "upstream", "rules", "listen", "store and log", "health and spool"],
)  # fmt: skip
def test_changes_are_told_by_key(sections: Given, taken: tuple[str, ...], needs_restart: tuple[str, ...]) -> None:
    """What is taken holds in the configuration that results; what waits does not."""
    before, new = config(), config(**sections)
    found = changes(before, new)

    assert (taken, needs_restart) == (found.taken, found.needs_restart)
    assert new.bngs == found.effective.bngs
    assert before.store == found.effective.store
    assert before.listen.auth == found.effective.listen.auth


def test_what_waited_for_a_restart_goes_on_waiting() -> None:
    """It is told again with every reload, and forgotten when the file is as it was."""
    first = changes(config(), config(store={"budget": "20ms"}))
    again = changes(first.effective, config(store={"budget": "20ms"}, capacity={"tolerance": 5}))
    back = changes(again.effective, config(capacity={"tolerance": 5}))

    assert (("capacity.tolerance",), ("store.budget",)) == (again.taken, again.needs_restart)
    assert ((), ()) == (back.taken, back.needs_restart)


@pytest.mark.parametrize(
    ("holder", "key"),
    [
        (lambda file: {"bngs": [{**bng("bng1"), "secret": None, "secret_file": file}]}, "bngs.bng1"),
        (lambda file: {"upstream": {"auth": {"address": "192.0.2.10:1", "secret_file": file}, "acct": SERVER}},
         "upstream.auth"),
    ],
    ids=["BNG", "upstream"],
)  # fmt: skip
def test_another_secret_in_the_same_file_is_a_change(tmp_path: Path, holder: Callable[[str], Given], key: str) -> None:
    """Secrets are rolled over there, and no key of the configuration says so."""
    file = tmp_path / "secret"
    file.write_text("old")
    before = config(**holder(str(file)))
    file.write_text("new")
    found = changes(before, config(**holder(str(file))))

    assert (key,) == found.taken


def test_a_port_that_is_listened_to_keeps_its_upstream() -> None:
    """To listen no more takes a restart; until then what arrives there has to go somewhere."""
    new = config(listen={"acct": []}, upstream={"auth": SERVER})
    with pytest.raises(ConfigError) as caught:
        changes(config(), new)

    assert ["upstream.acct"] == [fault.key for fault in caught.value.faults]


def test_a_verb_looks_where_the_process_listens(tmp_path: Path) -> None:
    """auto: the folder that systemd made, else the data directory; a path is that path, null is none."""
    (tmp_path / "run" / "2").mkdir(parents=True)
    (tmp_path / "run" / "2" / "control.sock").touch()
    data, run = Path("/data"), tmp_path / "run"
    auto, by_systemd = Control(socket=AUTO), {"RUNTIME_DIRECTORY": str(run)}

    assert run / "control.sock" == own_path(auto, data, by_systemd)
    assert data / "control.sock" == own_path(auto, data, {})
    assert [data / "control.sock", run / "control.sock", run / "2" / "control.sock"] == likely_paths(
        auto, data, {}, run
    )
    assert [Path("/a/b")] == likely_paths(Control(socket="/a/b"), data, by_systemd, run)
    assert [] == likely_paths(Control(socket=None), data, by_systemd, run)

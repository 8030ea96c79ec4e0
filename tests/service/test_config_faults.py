"""A bad configuration: every verb prints every fault at once, shows no secret, and exits 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bngcorr.cli import app
from tests.service.nursery import Nursery
from tests.service.process import Settings

SECRET = "correct-horse-battery"
Check = Callable[[Path], tuple[object, str, str]]

ENDS_WITHIN_S = 20.0
VERBS = ["serve", "web", "check-config"]

BAD: Settings = {
    "listen": {"auth": ["localhost:1812"], "acct": ["127.0.0.1:99999"]},
    "health": {"listen": "9812"},
    "store": {"url": "mysql://127.0.0.1/", "budget": 50},
    "upstream": {"auth": {"address": "127.0.0.1:1812", "secret": SECRET, "sekret": SECRET}},
    "bngs": [
        {"name": "bng1", "address": "192.0.2.1/24", "secret": SECRET, "secret_file": "/etc/hosts"},
        {"name": "bng1", "address": "192.0.2.2", "secret": SECRET, "profile": "cisco-of-old", "mode": "ful"},
        {"name": "bng 3", "address": "192.0.2.2", "secret_env": "BNGCORR_NOT_SET", "window": "5 sec"},
        {"address": "192.0.2.4", "secret": ""},
    ],
    "log": {"level": "loud"},
}

# key → what its line says was there, and what was expected
FAULTS = {
    "listen.auth[0]": ("'localhost:1812'", "an address and port"),
    "listen.acct[0]": ("'127.0.0.1:99999'", "a port of 0 … 65535"),
    "health.listen": ("'9812'", "an address and port"),
    "store.url": ("", "redis://"),
    "store.budget": ("50", "a duration with its unit"),
    "upstream.auth.sekret": ("an unknown key", "secret_file"),
    "upstream.acct": ("nothing", "the AAA server for what arrives at listen.acct"),
    "bngs[0].address": ("'192.0.2.1/24'", "host bits"),
    "bngs[0].secret": ("secret and secret_file", "exactly one of"),
    "bngs[1].name": ("'bng1'", "a name that no other BNG has"),
    "bngs[1].profile": ("'cisco-of-old'", "nokia-sros"),
    "bngs[1].mode": ("'ful'", "'observe', 'strip' or 'full'"),
    "bngs[2].name": ("'bng 3'", "letters, digits"),
    "bngs[2].address": ("192.0.2.2", "does not have already"),
    "bngs[2].window": ("'5 sec'", "a duration with its unit"),
    "bngs[3].name": ("nothing", "this key is needed"),
    "bngs[3].secret": ("", "at least one octet"),
    "log.level": ("'loud'", "'debug', 'info', 'warning' or 'error'"),
}


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """`bngcorr check-config` on a file, in this process: exit code, standard output, standard error."""

    def check(path: Path) -> tuple[object, str, str]:
        code: object = 0
        try:
            app(["check-config", "-c", str(path)], exit_on_error=False)
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return check


def faults(stderr: str) -> dict[str, str]:
    """Fault lines by key."""
    return dict(line.strip().split(": ", 1) for line in stderr.splitlines() if line.startswith("  "))


@pytest.mark.parametrize("verb", VERBS)
def test_every_fault_is_printed_at_once(nursery: Nursery, tmp_path: Path, verb: str) -> None:
    """Each with its key, the value that was there and what was expected; exit code 2."""
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(BAD))
    done = nursery.run([verb, "-c", str(path)], ENDS_WITHIN_S)
    told = faults(done.stderr)

    assert 2 == done.returncode
    missing = {key: said for key, said in FAULTS.items() if key not in told}
    assert {} == missing, done.stderr
    for key, (got, expected) in FAULTS.items():
        text_got, _, text_expected = told[key].partition("; expected ")
        assert got in text_got, told[key]
        assert expected in text_expected, told[key]
    assert SECRET not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


MISPLACED: dict[str, Settings] = {
    "secret is a list": {"bngs": [{"name": "b", "address": "192.0.2.1", "secret": [SECRET]}]},
    "secret is a mapping": {"bngs": [{"name": "b", "address": "192.0.2.1", "secret": {"value": SECRET}}]},
    "bngs is a mapping": {"bngs": {"b": {"address": "192.0.2.1", "secret": SECRET}}},
    "upstream is a list": {"upstream": {"auth": [{"address": "127.0.0.1:1812", "secret": SECRET}]}},
    "section is a list": {"upstream": [{"auth": {"address": "127.0.0.1:1812", "secret": SECRET}}]},
    "bng in a list of lists": {"bngs": [[{"name": "b", "address": "192.0.2.1", "secret": SECRET}]]},
    "password in the store's URL": {"store": {"url": f"mysql://user:{SECRET}@127.0.0.1/"}},
    "port of the store's URL": {"store": {"url": f"redis://:{SECRET}@127.0.0.1:port/0"}},
    "secret in the address": {"bngs": [{"name": "b", "address": [{"secret": SECRET}], "secret": SECRET}]},
}


@pytest.mark.parametrize("settings", [pytest.param(value, id=key) for key, value in MISPLACED.items()])
def test_a_secret_in_the_wrong_shape_is_not_printed(check: Check, tmp_path: Path, settings: Settings) -> None:
    """Whoever makes a slip of YAML pastes the output into a ticket."""
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(settings))
    code, out, err = check(path)

    assert 2 == code, err
    assert SECRET not in err + out


@pytest.mark.parametrize("url", ["redis://127.0.0.1:port/0", "redis://127.0.0.1:99999/0", "127.0.0.1:6379", ""])
def test_a_url_that_no_store_can_have_is_found_by_check_config(check: Check, tmp_path: Path, url: str) -> None:
    """What `serve` would trip over is told before."""
    server = {"address": "127.0.0.1:1812", "secret": SECRET}
    settings = {
        "store": {"url": url},
        "upstream": {"auth": server, "acct": server},
        "bngs": [{"name": "b", "address": "192.0.2.1", "secret": SECRET}],
    }
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(settings))
    code, out, err = check(path)

    assert 2 == code, out
    assert ["store.url"] == list(faults(err))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "a readable file", id="absent"),
        pytest.param(b"bngs: [\n  - {", "valid YAML", id="no YAML"),
        pytest.param(b"\xff\xfe\x00", "UTF-8 text", id="not UTF-8"),
        pytest.param(b"- just\n- a list\n", "a mapping of settings", id="a list"),
        pytest.param(b"", "a mapping of settings", id="empty"),
        pytest.param(b"bngs: []\n", "at least ", id="no BNG"),
        pytest.param(b"a: &a [*a]\n", "", id="recursive"),
        pytest.param(b"? [a]\n: b\n", "valid YAML", id="a list as key"),
    ],
)
def test_a_file_that_is_no_configuration_is_a_fault_too(
    check: Check, tmp_path: Path, content: bytes | None, expected: str
) -> None:
    """Absent, unreadable or something else altogether: one line, exit code 2, no traceback."""
    path = tmp_path / "bad.yaml"
    if content is not None:
        path.write_bytes(content)
    code, _, err = check(path)

    assert 2 == code, err
    assert expected in err
    assert "Traceback" not in err

"""`tap` in the operator's file."""

from __future__ import annotations

from typing import Any

import pytest

from bngcorr.app.policies import policies_of
from bngcorr.config import parse
from bngcorr.config.changes import changes
from bngcorr.errors import ConfigError
from bngcorr.model.vocabulary import IdSource, MacSource, Trigger
from tests.proxy.families import dictionary

AAA = {"address": "192.0.2.100:1812", "secret": "s"}
BNGS: list[dict[str, Any]] = [
    {"name": "bng1", "address": "192.0.2.1", "secret": "s", "line_id_source": {"dhcpv6": IdSource.UNTRUSTED}},
    {"name": "many", "address": "198.51.100.0/28", "secret": "s"},
]


def data(*taps: dict[str, Any], bngs: list[dict[str, Any]] = BNGS) -> dict[str, Any]:
    """A file with these taps."""
    return {"upstream": {"auth": AAA, "acct": AAA}, "bngs": bngs, "tap": list(taps)}


@pytest.mark.parametrize(
    ("taps", "expected"),
    [
        ([{"interface": "eth1", "bng": "bng2"}], "tap[0].bng: got 'bng2'; expected one of bng1, many"),
        (
            [{"interface": "eth1", "bng": "bng1"}, {"interface": "eth1", "bng": "bng1"}],
            "tap[1].interface: got 'eth1'; expected an interface that tap[0] does not have",
        ),
        (
            [{"interface": "eth1", "bng": "many", "port": "1/1/4"}],
            "tap[0].box: got nothing; expected the address of one box, for 'many' is a network of them",
        ),
        (
            [{"interface": "eth1", "bng": "bng1", "vlans": [4096]}],
            "tap[0].vlans[0]: got 4096; expected less than or equal to 4095",
        ),
        ([{"bng": "bng1"}], "tap[0].interface: got nothing; expected a value: this key is needed"),
    ],
)
def test_a_fault_names_key_and_value(taps: list[dict[str, Any]], expected: str) -> None:
    """As everywhere in the file."""
    with pytest.raises(ConfigError) as refusal:
        parse(data(*taps))

    assert [expected] == [str(fault) for fault in refusal.value.faults]


def test_a_tap_goes_by_the_rules_of_its_bng() -> None:
    """Domain, box, ports, trust: those of its requests."""
    config = parse(
        data(
            {"interface": "eth1", "bng": "bng1", "port": "1/1/4", "vlans": [100], "relayed_mac": "seen"},
            {"interface": "eth2", "bng": "many", "box": "198.51.100.3"},
        )
    )
    places = policies_of(config, dictionary()).places
    one, other = places["eth1"], places["eth2"]

    assert ("bng1", "bng1|", "1/1/4", (100,)) == (one.domain, one.box, one.port, one.vlans)
    assert (frozenset({Trigger.DHCPV6}), MacSource.SEEN) == (one.untrusted, one.relayed_mac)
    assert ("many|198.51.100.3", None, MacSource.CLAIMED) == (other.box, other.port, other.relayed_mac)


def test_taps_need_a_restart_and_rules_do_not() -> None:
    """Sockets are open, and nobody may open more; a tap whose BNG is taken away has no place any more."""
    tap = {"interface": "eth1", "bng": "bng1"}
    before = parse(data(tap))
    changed = changes(before, parse(data({"interface": "eth2", "bng": "many"}, bngs=BNGS[1:])))

    assert ("tap",) == changed.needs_restart
    assert {} == policies_of(changed.effective, dictionary()).places

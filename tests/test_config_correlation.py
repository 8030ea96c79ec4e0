"""Faults in the settings of the correlation name the key and show the value."""

from __future__ import annotations

import pytest

from bngcorr import config
from bngcorr.errors import ConfigError


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("rungs", ["window", "lively"], "bngs[0].rungs[1]"),
        ("keys", ["mac"], "bngs[0].keys[0]"),
        ("ports", "common", "bngs[0].ports"),
        ("remembered", "1 day", "bngs[0].remembered"),
        ("fresh", 3600, "bngs[0].fresh"),
        ("on_unmatched", "drop", "bngs[0].on_unmatched"),
        ("line_id_source", {"dhcpv6": "nobody"}, "bngs[0].line_id_source.dhcpv6"),
    ],
)
def test_a_fault_in_a_setting_of_the_correlation_shows_the_value(key: str, value: object, where: str) -> None:
    """None of them holds a secret, so whoever wrote it sees what was read."""
    bng = {"name": "bng1", "address": "192.0.2.1", "secret": "s", key: value}
    upstream = {kind: {"address": "192.0.2.9:1812", "secret": "t"} for kind in ("auth", "acct")}
    with pytest.raises(ConfigError) as raised:
        config.parse({"upstream": upstream, "bngs": [bng]})

    (fault,) = raised.value.faults
    assert where == fault.key
    assert "not shown" not in fault.got

"""Where a cluster's nodes and pods are, from the addresses that a pod knows of itself."""

from __future__ import annotations

import pytest

from bngcorr.proxy.inside import Inside


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("10.244.1.1", True),
        ("10.244.2.1", False),
        ("192.0.2.34", True),
        ("2001:db8:0:7::1", True),
        ("2001:db8:0:8::1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_neighbours_of_pod_and_node_are_inside(host: str, near: bool) -> None:
    """The same /24 or /64 as one of their addresses."""
    assert near == Inside(["10.244.1.7", "2001:db8:0:7::9", " 192.0.2.33"]).has(host)


@pytest.mark.parametrize("addresses", [[], [""], ["not an address"]])
def test_without_addresses_nobody_is_inside(addresses: list[str]) -> None:
    """Outside a cluster nothing sets them."""
    assert not Inside(addresses).has("10.244.1.1")

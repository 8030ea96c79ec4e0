"""Resolvers that only one of RA and DHCPv6 names."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.flow import GATEWAY, client6, ia, ia_address, ia_prefix, resolvers, server6
from tests.diagnose.nd import local, ra
from tests.diagnose.stage import Stage, option6, prefix, told

KINDS = (Fault.RESOLVERS_ONLY_IN_RA, Fault.RESOLVERS_ONLY_IN_DHCPV6)
RESOLVER = bytes.fromhex("20010db8005300000000000000000053")
WANTS = option6(6, b"\0\x17")
DNS = option6(23, RESOLVER)
LEASE = ia(3, ia_address())
AUTONOMOUS = prefix("2001:db8:1::/64")


def played(advertisement: bytes, wants: bytes, answer: bytes, *more: bytes) -> Stage:
    """An RA, a REQUEST and its REPLY, and what else there is."""
    stage = Stage()
    stage.frame(advertisement)
    stage.frame(client6(3, ia(3, b""), wants, xid=5), 1)
    stage.frame(server6(7, answer, xid=5), 1.1)
    for at, frame in enumerate(more):
        stage.frame(frame, 2 + at)
    return stage


def test_resolvers_in_ras_only_are_told() -> None:
    """The client asked DHCPv6 for them and got a lease without."""
    stage = played(ra(GATEWAY, 1800, resolvers(RESOLVER)), WANTS, LEASE)
    found = stage.faults(*KINDS)

    assert {(Fault.RESOLVERS_ONLY_IN_RA, local(GATEWAY), (1, 3))} == told(found)
    assert "2001:db8:53::53" in found[0].detail


def test_resolvers_in_dhcpv6_only_are_told_where_hosts_form_addresses() -> None:
    """A host that forms its address from the RA does not need to speak DHCPv6."""
    stage = played(ra(GATEWAY, 1800, AUTONOMOUS), WANTS, LEASE + DNS)

    assert {(Fault.RESOLVERS_ONLY_IN_DHCPV6, local(GATEWAY), (1, 3))} == told(stage.faults(*KINDS))


@pytest.mark.parametrize(
    "frames",
    [
        (ra(GATEWAY, 1800, AUTONOMOUS, resolvers(RESOLVER)), WANTS, LEASE + DNS),
        (ra(GATEWAY, 1800, resolvers(RESOLVER)), b"", LEASE),
        (ra(GATEWAY, 1800), WANTS, ia(25, ia_prefix()) + DNS),
        (ra(GATEWAY, 1800, prefix("fd00::/64")), WANTS, LEASE + DNS),
        (ra(GATEWAY, 1800, resolvers(RESOLVER)), WANTS, ia(3, option6(13, b"\0\x02"))),
        (ra(GATEWAY, 1800, AUTONOMOUS), WANTS, LEASE + DNS, ra(GATEWAY, 1800, resolvers(RESOLVER))),
        (ra(GATEWAY, 1800, AUTONOMOUS), WANTS, LEASE),
    ],
    ids=[
        "both", "the client did not ask", "a link of CPE routers", "unique local addresses", "a refusal has none",
        "in another RA", "neither",
    ],
)  # fmt: skip
def test_what_is_no_gap(frames: tuple[bytes, bytes, bytes]) -> None:
    """Both name them, nobody was told to ask, or nobody asked."""
    assert [] == played(*frames).faults(*KINDS)

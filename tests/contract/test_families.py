"""Both families of a line: IPv6 that is lost and comes back, counters that stand still, addresses live twice."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network

import pytest

from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.contract import V6_LOST_MS
from bngcorr.store.rows import LostV6
from tests.store.scene import Scene, Store
from tests.store.subjects import (
    BNG,
    EXPECTED,
    INTERIM,
    NOW,
    OTHER_NAS,
    START,
    STOP,
    ia_na,
    ia_pd,
    ids_of,
    line,
    slaac,
    v4,
)

pytestmark = pytest.mark.asyncio

DUAL = (v4(), ia_pd())
AFTER = V6_LOST_MS + 60_000
LONG = 10 * V6_LOST_MS


# ---- IPv6 lost


async def test_ipv6_that_does_not_come_back_is_lost(scene: Scene) -> None:
    """A line that had IPv6, began its IPv4 anew and has none ten minutes later is told once, and when it is back."""
    await scene.write(scene.sighting(1, attachment="k", lasts=LONG))
    await scene.write(scene.change(START, "old", number=1, hosts=DUAL, lasts=LONG), scene.change(STOP, "old", at=1_000))
    await scene.write(scene.change(START, "new", at=2_000, number=1, hosts=[v4()], lasts=LONG), now=2_000)

    assert () == (await scene.walk(now=V6_LOST_MS - 60_000)).lost
    lost = LostV6(line=line(1), ids=ids_of(1), bng=BNG, port=None, v6_ms=NOW, begun_ms=NOW + 2_000)
    assert (lost,) == (await scene.walk(now=AFTER)).lost
    assert () == (await scene.walk(now=AFTER + 60_000)).lost
    assert ["applied,v6_back"] == await scene.write(
        scene.change(INTERIM, "new", at=AFTER, number=1, hosts=DUAL, lasts=LONG)
    )


async def test_ipv6_that_comes_back_in_time_is_not_lost(scene: Scene) -> None:
    """A CPE that asks for its IPv6 some minutes after its IPv4, in the same session or another, has lost nothing."""
    await scene.write(scene.sighting(1, attachment="k", lasts=LONG))
    await scene.write(scene.change(START, "old", number=1, hosts=DUAL), scene.change(STOP, "old", at=1_000))
    await scene.write(
        scene.change(START, "v4", at=2_000, number=1, hosts=[v4()], lasts=LONG),
        scene.change(START, "v6", at=300_000, number=1, hosts=[ia_pd()], lasts=LONG),
        now=2_000,
    )

    assert () == (await scene.walk(now=AFTER)).lost


async def test_ipv6_of_another_session_is_waited_for(scene: Scene) -> None:
    """While a session of its own still has the IPv6, nothing is lost; once that has run out without a word, it is."""
    await scene.write(scene.sighting(1, attachment="k", lasts=LONG))
    await scene.write(
        scene.change(START, "v6", number=1, hosts=[ia_pd()], lasts=AFTER + 120_000),
        scene.change(START, "v4", at=2_000, number=1, hosts=[v4()], lasts=LONG),
    )

    assert () == (await scene.walk(now=AFTER)).lost
    assert [line(1)] == [one.line for one in (await scene.walk(now=AFTER + 240_000)).lost]


async def test_a_line_without_ipv6_loses_none(scene: Scene) -> None:
    """A line that never had IPv6, and one whose IPv4 has gone as well, is no finding."""
    await scene.write(scene.sighting(1, attachment="a", lasts=LONG), scene.sighting(2, attachment="b", lasts=LONG))
    await scene.write(
        scene.change(START, "s1", number=1, hosts=[v4(1)], lasts=LONG),
        scene.change(START, "s2", number=2, hosts=DUAL, lasts=LONG),
        scene.change(STOP, "s2", at=1_000),
        scene.change(START, "s3", at=2_000, number=2, hosts=[v4()], lasts=LONG),
        scene.change(STOP, "s3", at=3_000),
    )

    assert () == (await scene.walk(now=AFTER)).lost


# ---- counters


async def test_ipv6_that_carries_nothing_while_ipv4_does_is_told_once(scene: Scene) -> None:
    """IPv6 counters flat over two Interims while those of IPv4 rise are a finding, until they rise again."""
    await scene.write(scene.sighting(1, attachment="k"))
    words = [
        (await scene.write(scene.change(INTERIM, at=at, number=1, hosts=DUAL, traffic=traffic)))[0]
        for at, traffic in enumerate(((10, 5), (20, 5), (30, 5), (40, 5), (50, 5), (60, 6), (70, 6), (80, 6)), start=1)
    ]

    flat = ["applied", "applied", "applied,no_traffic", "applied", "applied", "applied,traffic"]
    assert [*flat, "applied", "applied,no_traffic"] == words


async def test_a_silent_line_is_no_finding(scene: Scene) -> None:
    """While neither family carries anything, nobody is at home."""
    await scene.write(scene.sighting(1, attachment="k"))
    words = [
        (await scene.write(scene.change(INTERIM, at=at, number=1, hosts=DUAL, traffic=(10, 5))))[0]
        for at in range(1, 6)
    ]

    assert ["applied"] * 5 == words


async def test_counters_of_two_sessions_of_a_line_are_compared(scene: Scene) -> None:
    """Where each family has a session of its own, IPv6 is held against what the line's IPv4 carries."""
    await scene.write(scene.sighting(1, attachment="k"))
    words = []
    for minute in range(1, 5):
        words += await scene.write(
            scene.change(INTERIM, "v4", at=minute * 60_000, number=1, hosts=[v4()], traffic=(minute, 0)),
            scene.change(INTERIM, "v6", at=minute * 60_000 + 1, number=1, hosts=[ia_pd()], traffic=(0, 7)),
        )

    assert ["applied"] * 5 + ["applied,no_traffic"] == words[:6]
    assert ["applied"] * 2 == words[6:]


# ---- one address, two lines


async def test_an_address_that_is_live_on_two_lines_is_told(scene: Scene, store: Store) -> None:
    """A global address or prefix in sessions of two lines is a duplicate, in whichever domains they are."""
    other = Scene(store)
    await scene.write(scene.change(START, "s1", number=1, hosts=[v4(), ia_pd()]))

    assert ["applied,duplicate=203.0.113.9"] == await scene.write(
        scene.change(START, "s2", number=2, hosts=[v4()], nas=OTHER_NAS)
    )
    assert [f"applied,duplicate={ia_pd().address}"] == await other.write(
        other.change(START, "s3", number=3, hosts=[ia_pd(), slaac()])
    )


async def test_an_address_of_two_sessions_of_one_line_is_no_duplicate(scene: Scene) -> None:
    """Two accounting modes, a service, or a CPE without a known line show one address twice rightly."""
    mac, other = Mac(b"\x02\0\0\0\0\x01"), Mac(b"\x02\0\0\0\0\x02")

    assert ["applied"] * 4 == await scene.write(
        scene.change(START, "s1", number=1, hosts=[v4()], address=mac),
        scene.change(START, "s2", number=1, hosts=[v4()], address=mac),
        scene.change(START, "s3", hosts=[v4()], address=mac),
        scene.change(START, "s4", hosts=[v4()]),
    )
    assert ["applied,duplicate=203.0.113.9"] == await scene.write(
        scene.change(START, "s5", hosts=[v4()], address=other)
    )


async def test_an_address_that_was_given_back_is_free(scene: Scene) -> None:
    """After a Stop, an expiry, or an Interim without it, another line may have the address."""
    await scene.write(scene.change(START, "s1", number=1, hosts=[v4()]), scene.change(STOP, "s1", at=1_000))
    assert ["applied"] == await scene.write(scene.change(START, "s2", at=2_000, number=2, hosts=[v4()], lasts=1_000))
    await scene.walk(now=3_000)
    assert ["applied"] == await scene.write(scene.change(START, "s3", at=40_000, number=3, hosts=[v4()]))
    await scene.write(scene.change(INTERIM, "s3", at=50_000, number=3, hosts=[v4(1)]))

    assert ["applied"] == await scene.write(scene.change(START, "s4", at=60_000, number=4, hosts=[v4()]))
    assert ["applied"] == await scene.write(scene.change(EXPECTED, "s5", at=60_000, number=5))


@pytest.mark.parametrize(
    "host",
    [
        Host(HostKind.V4, IPv4Address("10.1.2.3")),
        Host(HostKind.V4, IPv4Address("100.64.0.9")),
        Host(HostKind.SLAAC, IPv6Network("fd00:1::/64")),
    ],
    ids=str,
)
async def test_addresses_for_everybody_are_no_duplicates(scene: Scene, host: Host) -> None:
    """Private and shared addresses are given out more than once on purpose."""
    assert ["applied"] * 2 == await scene.write(
        scene.change(START, "s1", number=1, hosts=[host]), scene.change(START, "s2", number=2, hosts=[host])
    )


async def test_a_duplicate_is_told_again_with_the_record(scene: Scene) -> None:
    """A record that is written again after a failure notes its addresses again, and says of them what it said."""
    await scene.write(scene.change(START, "s1", number=1, hosts=[v4()]))
    record = scene.change(START, "s2", number=2, hosts=[v4(), ia_na()])
    await scene.write(record)

    assert ["duplicate,duplicate=203.0.113.9"] == await scene.write(record)

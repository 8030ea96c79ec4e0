"""Scenarios in which the port or the MAC does not say which line it is: shared VLANs and cloned MACs."""

import asyncio

from bngcorr.demo.cpe import Cpe
from bngcorr.demo.stage import Stage


async def shared_vlan(stage: Stage) -> None:
    """Many lines behind one N:1 VLAN: the port says nothing, the MAC everything."""

    async def story(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.pause(0.1, 0.6)
        await cpe.solicit(raw=False)

    await stage.play(stage.crowd("shared_vlan", 12, "bng4", sap=stage.network.shared_sap()), story)


async def cloned_mac_shared_vlan(stage: Stage) -> None:
    """Two routers with one MAC on two lines of one N:1 VLAN: their id-less requests belong to either, so to nobody."""

    async def pair() -> None:
        first, second = _clones(stage, "cloned_mac_shared_vlan", "bng4", shared=True)
        await stage.curtain()
        await first.discover()
        await second.discover()
        await first.pause(0.3, 0.6)
        await first.solicit(raw=True)
        await second.solicit(raw=False)

    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(pair())


async def cloned_mac_one_after_the_other(stage: Stage) -> None:
    """The first router was up with both stacks before its clone was ever seen: what it asked until then was its own."""
    first, second = _clones(stage, "cloned_mac_one_after_the_other", "bng4", shared=True)
    await stage.curtain()
    await first.discover()
    await first.pause(0.3, 0.5)
    await first.solicit(raw=True)
    await first.pause(0.5, 0.7)
    await second.discover()
    await second.pause(0.3, 0.5)
    await second.solicit(raw=True)
    await first.renew()


async def cloned_mac_vlan_per_line(stage: Stage) -> None:
    """A cloned MAC where each line has its VLAN: the VLAN still tells them apart."""
    first, second = _clones(stage, "cloned_mac_vlan_per_line", "bng2", shared=False)
    await stage.curtain()
    await first.discover()
    await second.discover()
    await first.pause(0.3, 0.5)
    await first.solicit(raw=False)
    await second.solicit(raw=False)


def _clones(stage: Stage, scenario: str, bng: str, *, shared: bool) -> tuple[Cpe, Cpe]:
    """Two routers with one MAC on two lines: of one N:1 VLAN, or each on a VLAN of its own."""
    sap = stage.network.shared_sap() if shared else None
    first = stage.network.line(bng, sap=sap)
    second = stage.network.line(bng, sap=sap, mac=first.mac)
    return stage.plug_in(scenario, first), stage.plug_in(scenario, second)

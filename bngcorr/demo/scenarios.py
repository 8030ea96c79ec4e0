"""How customers' routers boot: one function a story, told in order. A round plays all of them at once.

Every story is one that the field knows: v4 first, v6 first, networks that add no v6 line id, ids that carry an
enterprise number, cloned MACs, shared VLANs, restarts.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final, TypeAlias

from bngcorr.demo.clones import (
    cloned_mac_one_after_the_other,
    cloned_mac_shared_vlan,
    cloned_mac_vlan_per_line,
    shared_vlan,
)
from bngcorr.demo.cpe import Cpe
from bngcorr.demo.session import Session
from bngcorr.demo.stage import Stage

Scenario: TypeAlias = Callable[[Stage], Coroutine[None, None, None]]

ENTERPRISES: Final = (637, 6527, 2011, 3902, 664, 32473)
"""Nokia (access), Nokia (7750), Huawei, ZTE, Adtran, and the number for documentation (RFC 5612)."""


async def v4_first(stage: Stage) -> None:
    """DISCOVER, then a SOLICIT within the window. The BNG copies the SOLICIT's options; there is no Option 37."""

    async def story(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.pause(0.05, 0.5)
        await cpe.solicit(raw=True)
        await cpe.renew()

    await stage.play(stage.crowd("v4_first", 8, "bng1"), story)


async def v6_first(stage: Stage) -> None:
    """The SOLICIT is 30 ms ahead of the DISCOVER: it must be held until AAA has accepted the v4 request."""

    async def story(cpe: Cpe) -> None:
        await _both(cpe, raw=True)
        await cpe.renew()

    await stage.play(stage.crowd("v6_first", 6, "bng1"), story)


async def v6_first_unmarked(stage: Stage) -> None:
    """The same where nothing in the request says v6, but v4 requests of this BNG always carry an id."""

    async def story(cpe: Cpe) -> None:
        await _both(cpe, raw=False)

    await stage.play(stage.crowd("v6_first_unmarked", 4, "bng1"), story)


async def v6_first_not_held(stage: Stage) -> None:
    """The same where an id-less request may as well be v4, so nothing is held: the next SOLICIT is matched."""

    async def story(cpe: Cpe) -> None:
        await _both(cpe, raw=False)

    await stage.play(stage.crowd("v6_first_not_held", 3, "bng2"), story)


async def no_marks(stage: Stage) -> None:
    """No LDRA, no family mark: MAC and port are all there is, after the v4 session of the same router."""

    async def story(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.pause(0.1, 0.6)
        await cpe.solicit(raw=False)
        await cpe.advertise_slaac()
        await cpe.renew()
        await cpe.switch_off_v6()

    await stage.play(stage.crowd("no_marks", 6, "bng2"), story)


async def option37(stage: Stage) -> None:
    """Option 37 with the enterprise number of its relay, after v4 and before any v4; accounting carries it too."""

    async def after_v4(cpe: Cpe, enterprise: int) -> None:
        await stage.curtain()
        await cpe.discover()
        await cpe.pause(0.1, 0.6)
        await cpe.solicit(raw=True, enterprise=enterprise)
        await cpe.renew()

    async def before_v4(cpe: Cpe, enterprise: int) -> None:
        await stage.curtain()
        await cpe.solicit(raw=False, enterprise=enterprise)
        await cpe.pause(0.1, 0.6)
        await cpe.discover()

    async with asyncio.TaskGroup() as group:
        for enterprise in ENTERPRISES:
            first, second = stage.crowd("option37", 2, "bng3")
            group.create_task(after_v4(first, enterprise))
            group.create_task(before_v4(second, enterprise))


async def v6_switched_on_later(stage: Stage) -> None:
    """v6 is switched on when the window is long over: only the live session can tell. (Minutes, shortened.)"""

    async def story(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.pause(1.4, 2.2)
        await cpe.solicit(raw=cpe.bng.spec.raw_options)

    await stage.play(
        [*stage.crowd("v6_switched_on_later", 3, "bng1"), *stage.crowd("v6_switched_on_later", 3, "bng2")], story
    )


async def bng_restart(stage: Stage) -> None:
    """The BNG restarts under its lines. Until a router's v4 is back, nobody knows whose an id-less request is."""
    bng = stage.bngs["bng5"]
    cpes = stage.crowd("bng_restart", 6, bng.spec.name)

    async def boot(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.pause(0.2, 0.4)
        await cpe.solicit(raw=True)

    await stage.play(cpes, boot)
    for cpe in cpes:
        cpe.forget()
    await asyncio.sleep(1.3)  # longer than the window, and than the second that Event-Timestamp can tell
    await bng.accounting_on(scenario="bng_restart")

    async def boot_again(cpe: Cpe) -> None:
        await cpe.pause(0.1, 0.3)
        await cpe.solicit(raw=False)
        await cpe.pause(1.1, 1.3)
        await cpe.discover()
        await cpe.pause(0.2, 0.4)
        await cpe.solicit(raw=False)

    async with asyncio.TaskGroup() as group:
        for cpe in cpes:
            group.create_task(boot_again(cpe))


async def v4_only(stage: Stage) -> None:
    """Routers without v6; some are unplugged again."""

    async def story(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.renew()
        if cpe.line.number % 2:
            await cpe.switch_off()

    await stage.play(stage.crowd("v4_only", 4, "bng3"), story)


async def other_vendor(stage: Stage) -> None:
    """A BNG that has the MAC in Calling-Station-Id, signs, and for some lines tells no port."""

    async def story(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.pause(0.1, 0.6)
        await cpe.solicit(raw=False)
        await cpe.renew()

    async def with_option37(cpe: Cpe) -> None:
        await cpe.discover()
        await cpe.pause(0.1, 0.3)
        await cpe.solicit(raw=False, enterprise=ENTERPRISES[cpe.line.number % len(ENTERPRISES)])

    async with asyncio.TaskGroup() as group:
        group.create_task(stage.play(stage.crowd("other_vendor", 4, "bng6"), story))
        group.create_task(stage.play(stage.crowd("other_vendor", 3, "bng6", tells_port=False), story))
        group.create_task(stage.play(stage.crowd("other_vendor", 2, "bng6"), with_option37))


async def one_session_two_requests(stage: Stage) -> None:
    """v6 asks under the Acct-Session-Id of the v4 session: the session itself says whose it is."""

    async def story(cpe: Cpe) -> None:
        await cpe.boot_session(v6_first=False)
        await cpe.pause(0.2, 0.4)
        await cpe.solicit_in_session()

    await stage.play(stage.crowd("one_session_two_requests", 3, "bng6"), story)


async def one_session_for_all_stacks(stage: Stage) -> None:
    """Session accounting: hosts come and go by Interim-Update. When the router restarts, SOLICIT comes first."""

    async def story(cpe: Cpe) -> None:
        await cpe.boot_session(v6_first=False)
        await cpe.join("slaac", "ia_na", "ia_pd")
        await cpe.lose("slaac")
        left_over: Session | None = cpe.forget()
        await cpe.pause(0.3, 0.6)
        if await cpe.boot_session(v6_first=True):
            await cpe.join("ia_pd")
        if left_over is not None:
            await cpe.bng.stop(left_over, scenario=cpe.scenario)

    await stage.play(stage.crowd("one_session_for_all_stacks", 5, "bng7"), story)


async def port_names_differ(stage: Stage) -> None:
    """The BNG appends the Circuit-Id to the NAS-Port-Id of v4 requests, and a blank to that of v6 ones."""

    async def story(cpe: Cpe) -> None:
        await cpe.discover(suffix=" " + cpe.line.circuit_id.decode())
        await cpe.pause(0.2, 0.6)
        await cpe.solicit(raw=False, suffix=" ")

    await stage.play(stage.crowd("port_names_differ", 3, "bng7"), story)


async def pppoe(stage: Stage) -> None:
    """PPPoE with PAP: one request for all stacks. One line's id only looks as if it were prefixed."""
    look_alike = b"\x00\x00\x0f\x3e" + f"adsl{stage.network.shared_sap():05d}".encode()
    cpes = stage.crowd("pppoe", 3, "bng7")
    cpes.append(stage.plug_in("pppoe", stage.network.line("bng7", remote_id=look_alike)))

    async def story(cpe: Cpe) -> None:
        await cpe.connect_ppp(f"user{cpe.line.number}@isp.example")
        await cpe.join("slaac", "ia_pd")
        if cpe.line.number % 2:
            await cpe.switch_off()

    await stage.play(cpes, story)


async def unknown_customers(stage: Stage) -> None:
    """An id that AAA does not know, and routers nobody ever saw with an id: AAA rejects all of them."""

    async def stranger(cpe: Cpe) -> None:
        await cpe.discover()

    async def nobody(cpe: Cpe) -> None:
        await cpe.solicit_until_served(raw=True, tries=2)

    strangers = [stage.plug_in("unknown_customers", stage.network.line("bng2", provisioned=False)) for _ in range(2)]
    async with asyncio.TaskGroup() as group:
        group.create_task(stage.play(strangers, stranger))
        group.create_task(stage.play(stage.crowd("unknown_customers", 2, "bng3"), nobody))


SCENARIOS: Final[tuple[Scenario, ...]] = (
    v4_first,
    v6_first,
    v6_first_unmarked,
    v6_first_not_held,
    no_marks,
    option37,
    v6_switched_on_later,
    cloned_mac_shared_vlan,
    cloned_mac_one_after_the_other,
    cloned_mac_vlan_per_line,
    shared_vlan,
    bng_restart,
    v4_only,
    other_vendor,
    one_session_two_requests,
    one_session_for_all_stacks,
    port_names_differ,
    pppoe,
    unknown_customers,
)


async def _both(cpe: Cpe, *, raw: bool) -> None:
    """Both stacks boot, the SOLICIT 30 ms ahead; it is repeated while it is not served."""

    async def discover() -> None:
        await asyncio.sleep(0.03)
        await cpe.discover()

    async with asyncio.TaskGroup() as group:
        group.create_task(cpe.solicit_until_served(raw=raw))
        group.create_task(discover())

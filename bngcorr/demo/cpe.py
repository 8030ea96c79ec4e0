"""A home router on its line: the steps of its life, each of which makes its BNG speak RADIUS."""

from __future__ import annotations

import asyncio
import random

from bngcorr.demo.bng import Bng
from bngcorr.demo.dhcp import discover_options, remote_id_option, solicit_options
from bngcorr.demo.journal import NO_IDS, Ids
from bngcorr.demo.radius import Value
from bngcorr.demo.session import Session
from bngcorr.demo.truth import Line

_HANDSHAKE_S = (0.07, 0.15)  # from Access-Accept to the Accounting-Start: the rest of the DHCP exchange


class Cpe:
    """One router. Host mode: its BNG keeps a session per host. Session mode: one session for all stacks."""

    def __init__(self, line: Line, bng: Bng, *, scenario: str, seed: str) -> None:
        self.line, self.bng, self.scenario = line, bng, scenario
        self._random = random.Random(seed)
        self._v4: Session | None = None  # host mode: the v4 host; session mode: everything
        self._v6: list[Session] = []
        self._v6_ids = NO_IDS  # what the relay in front adds to v6 packets

    @property
    def plain_ids(self) -> Ids:
        """The line id as Option 82 (or a PPPoE tag) carries it."""
        return Ids(remote_id=self.line.remote_id, circuit_id=self.line.circuit_id, form="plain")

    async def pause(self, least: float, most: float) -> None:
        """Some seconds pass."""
        await asyncio.sleep(self._random.uniform(least, most))

    async def discover(self, *, suffix: str = "") -> bool:
        """DHCPDISCOVER with Option 82: an Access-Request that names its line. The v4 host, if accepted, is up."""
        session = self.bng.new_session(self.line, ids=self.plain_ids)
        extra: list[tuple[str, Value]] = []
        if self.bng.spec.raw_options:
            raw = discover_options(circuit_id=self.line.circuit_id, remote_id=self.line.remote_id)
            extra.append(("Alc-ToServer-Dhcp-Options", raw))
        if not await self.bng.authenticate(
            session, scenario=self.scenario, ids=self.plain_ids, extra=extra, suffix=suffix
        ):
            return False
        self._v4 = session
        await self._bring_up(session, "v4")
        return True

    async def solicit(self, *, raw: bool, enterprise: int | None = None, suffix: str = "") -> bool:
        """SOLICIT for IA_NA and IA_PD. If accepted, two more hosts are up.

        ``raw``: the BNG copies the options. ``enterprise``: an LDRA with that number adds Option 37.
        With neither, nothing in the request says v6, nor whose it is.
        """
        return await self._solicit(raw=raw, ids=self._shown(enterprise), suffix=suffix)

    async def solicit_until_served(self, *, raw: bool, tries: int = 3) -> bool:
        """SOLICIT again after a second, as RFC 8415 §18.2.1 has it, while there is no answer from the BNG."""
        for attempt in range(tries):
            if attempt:
                await self.pause(1.0, 1.2)
            if await self.solicit(raw=raw):
                return True
        return False

    async def connect_ppp(self, user: str) -> bool:
        """PPPoE with PAP: one request, then one session that all stacks join."""
        session = self.bng.new_session(self.line, ids=self.plain_ids, ppp_user=user)
        if not await self.bng.authenticate(session, scenario=self.scenario, ids=self.plain_ids):
            return False
        self._v4 = session
        await self._bring_up(session, "v4")
        return True

    async def boot_session(self, *, v6_first: bool) -> bool:
        """Session mode: only the first trigger is authenticated. Option 82 shows up in the Start at the latest."""
        session = self.bng.new_session(self.line, ids=self.plain_ids)
        shown = NO_IDS if v6_first else self.plain_ids
        if not await self.bng.authenticate(session, scenario=self.scenario, ids=shown):
            return False
        self._v4 = session
        await self._bring_up(session, "v4")
        return True

    async def solicit_in_session(self) -> bool:
        """The v6 side asks AAA too, under the Acct-Session-Id of the v4 session; its hosts join that session."""
        if self._v4 is None or not await self.bng.authenticate(self._v4, scenario=self.scenario, ids=NO_IDS):
            return False
        await self.join("ia_na", "ia_pd")
        return True

    async def join(self, *kinds: str) -> None:
        """Session mode: hosts come up one after the other, each reported by an Interim-Update."""
        for kind in kinds:
            await self.pause(*_HANDSHAKE_S)
            if self._v4 is not None:
                self._v4.add(kind)
                await self.bng.interim(self._v4, scenario=self.scenario)

    async def lose(self, kind: str) -> None:
        """Session mode: one host goes, the session stays."""
        if self._v4 is not None and self._v4.hosts.pop(kind, None) is not None:
            await self.bng.interim(self._v4, scenario=self.scenario)

    async def advertise_slaac(self) -> None:
        """Host mode: a SLAAC host comes up beside the others, on the authentication that there was."""
        session = self.bng.new_session(self.line, ids=self._v6_ids)
        self._v6.append(session)
        await self._bring_up(session, "slaac")

    async def renew(self) -> None:
        """The interim interval is over: every session reports."""
        for session in [*([self._v4] if self._v4 is not None else []), *self._v6]:
            await self.pause(*_HANDSHAKE_S)
            await self.bng.interim(session, scenario=self.scenario)

    async def switch_off_v6(self) -> None:
        """The v6 hosts are released."""
        for session in self._v6:
            await self.bng.stop(session, scenario=self.scenario)
        self._v6.clear()

    async def switch_off(self) -> None:
        """The router is unplugged, and its leases run out."""
        await self.switch_off_v6()
        if self._v4 is not None:
            await self.bng.stop(self._v4, scenario=self.scenario)
            self._v4 = None

    def forget(self) -> Session | None:
        """The router or its BNG restarted: it holds no lease. Returns the session that the BNG may still have."""
        session, self._v4 = self._v4, None
        self._v6.clear()
        return session

    def _shown(self, enterprise: int | None) -> Ids:
        if enterprise is None:
            return NO_IDS
        option37 = remote_id_option(enterprise=enterprise, remote_id=self.line.remote_id)
        return Ids(remote_id=option37, circuit_id=self.line.circuit_id, form=f"enterprise {enterprise}")

    async def _solicit(self, *, raw: bool, ids: Ids, suffix: str) -> bool:
        self._v6_ids = ids
        session = self.bng.new_session(self.line, ids=ids)
        extra: list[tuple[str, Value]] = []
        if raw:
            options = solicit_options(mac=self.line.mac, circuit_id=ids.circuit_id, option37=ids.remote_id)
            extra.append(("Alc-ToServer-Dhcp6-Options", options))
        accepted = await self.bng.authenticate(
            session, scenario=self.scenario, ids=ids, extra=extra, says_v6=raw, suffix=suffix
        )
        if not accepted:
            return False
        delegated = self.bng.new_session(self.line, ids=ids)
        self._v6 += [session, delegated]
        await self._bring_up(session, "ia_na")
        await self._bring_up(delegated, "ia_pd")
        return True

    async def _bring_up(self, session: Session, kind: str) -> None:
        await self.pause(*_HANDSHAKE_S)
        session.add(kind)
        await self.bng.start(session, scenario=self.scenario)

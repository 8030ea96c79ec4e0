"""A simulated BNG: turns what its CPEs do into RADIUS, keeps its sessions, knows the truth about its hosts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from bngcorr.demo.journal import NO_IDS, Exchange, Ids, Journal
from bngcorr.demo.nas_socket import NasSocket
from bngcorr.demo.network import BngSpec
from bngcorr.demo.radius import STATUS_NAMES, Attributes, Code, Request, Status, Value, Vocabulary
from bngcorr.demo.session import KINDS, Session
from bngcorr.demo.truth import Line

_ETHERNET, _PPPOE_OVER_VLAN = 15, 33  # NAS-Port-Type (RFC 2865 §5.41, RFC 4603)
_ANSWERS = {Code.ACCESS_ACCEPT: "accept", Code.ACCESS_REJECT: "reject", Code.ACCOUNTING_RESPONSE: "response"}
_DUPLICATE_SHARE = 0.05


class Bng:
    """One broadband gateway with its two RADIUS sockets."""

    def __init__(
        self,
        spec: BngSpec,
        *,
        vocabulary: Vocabulary,
        journal: Journal,
        password: str,
        seed: int,
        auth: NasSocket,
        acct: NasSocket,
    ) -> None:
        self.spec = spec
        self.sessions: dict[str, Session] = {}  # those whose Start was sent and whose Stop was not
        self._vocabulary, self._journal, self._password = vocabulary, journal, password
        self._random = random.Random(f"{seed}/{spec.name}")
        self._auth, self._acct = auth, acct
        self._counter = 0

    @property
    def nokia(self) -> bool:
        """Speaks like SR OS."""
        return self.spec.profile == "nokia-sros"

    def new_session(self, line: Line, *, ids: Ids = NO_IDS, ppp_user: str | None = None) -> Session:
        """A session with an Acct-Session-Id of its own: on SR OS chassis, counter, Unix time in 22 hex digits."""
        self._counter += 1
        stamp = f"{int(time.time()):08X}"
        serial = f"{self._counter:08X}"
        session_id = (
            f"1810{self.spec.address.rpartition('.')[2]:0>2}{serial}{stamp}"
            if self.nokia
            else f"{stamp.lower()}:{self._counter}"
        )
        return Session(session_id=session_id, line=line, ids=ids, ppp_user=ppp_user)

    async def authenticate(
        self,
        session: Session,
        *,
        scenario: str,
        ids: Ids,
        extra: Attributes = (),
        says_v6: bool = False,
        suffix: str = "",
    ) -> bool:
        """Ask AAA about a host of this session; whether it was accepted."""
        line = session.line
        shown = [("Acct-Session-Id", session.session_id), *self._who_and_where(session, suffix), *_line_id(ids), *extra]
        exchange = self._enter(
            scenario, "Access-Request", None, line, session.session_id, ids, says_v6=says_v6, signed=self.spec.signs
        )
        attributes = [*shown, ("Connect-Info", exchange.serial)]

        def build(identifier: int) -> Request:
            return self._vocabulary.access_request(
                attributes,
                identifier=identifier,
                secret=self.spec.secret.encode(),
                password=self._password,
                signed=self.spec.signs,
            )

        await self._ask(self._auth, build, exchange, session)
        return exchange.answer == "accept"

    async def start(self, session: Session, *, scenario: str) -> None:
        """Accounting-Start; the session is up."""
        session.started_at = time.monotonic()
        self.sessions[session.session_id] = session
        await self._account(session, Status.START, scenario)

    async def interim(self, session: Session, *, scenario: str) -> None:
        """Interim-Update with the hosts the session has now."""
        if session.session_id in self.sessions:
            await self._account(session, Status.INTERIM_UPDATE, scenario)

    async def stop(self, session: Session, *, scenario: str) -> None:
        """Accounting-Stop; the session is gone."""
        if self.sessions.pop(session.session_id, None) is not None:
            await self._account(session, Status.STOP, scenario)

    async def accounting_on(self, *, scenario: str) -> None:
        """The BNG has restarted: it knows no session any more, and says so."""
        self.sessions.clear()
        exchange = self._enter(scenario, "Accounting-Request", Status.ACCOUNTING_ON, None, None, NO_IDS, signed=True)
        attributes = [("Acct-Session-Id", f"on-{int(time.time()):x}"), *self._common(Status.ACCOUNTING_ON, exchange)]
        await self._ask(self._acct, self._builder(attributes), exchange, None)

    def usage(self) -> dict[str, int]:
        """The truth: distinct addresses by kind, and sessions."""
        held = {(kind, address) for session in self.sessions.values() for kind, address in session.hosts.items()}
        return {kind: sum(1 for k, _ in held if k == kind) for kind in KINDS} | {"sessions": len(self.sessions)}

    def close(self) -> None:
        """Close both sockets."""
        for socket in (self._auth, self._acct):
            socket.close()

    async def _account(self, session: Session, status: Status, scenario: str) -> None:
        exchange = self._enter(
            scenario, "Accounting-Request", status, session.line, session.session_id, session.ids, signed=True
        )
        attributes: list[tuple[str, Value]] = [
            ("Acct-Session-Id", session.session_id),
            *self._who_and_where(session),
            *_line_id(session.ids),
            *session.address_attributes(nokia=self.nokia),
            *self._common(status, exchange),
        ]
        if session.class_ is not None:
            attributes.append(("Class", session.class_))
        if status is not Status.START:
            up_for = int(time.monotonic() - session.started_at)
            attributes += [
                ("Acct-Session-Time", up_for),
                ("Acct-Input-Octets", 1500 * up_for),
                ("Acct-Output-Octets", 9000 * up_for),
            ]
        await self._ask(self._acct, self._builder(attributes), exchange, None)

    def _builder(self, attributes: Attributes) -> Callable[[int], Request]:
        return lambda identifier: self._vocabulary.accounting_request(
            attributes, identifier=identifier, secret=self.spec.secret.encode()
        )

    def _common(self, status: Status, exchange: Exchange) -> list[tuple[str, Value]]:
        return [
            ("Acct-Status-Type", int(status)),
            ("NAS-IP-Address", self.spec.address),
            ("NAS-Identifier", self.spec.name),
            ("Event-Timestamp", int(time.time())),
            ("Acct-Delay-Time", 0),
            ("Connect-Info", exchange.serial),
        ]

    def _who_and_where(self, session: Session, suffix: str = "") -> list[tuple[str, Value]]:
        """User, MAC and port, the way this kind of BNG writes them."""
        line = session.line
        ppp = session.ppp_user is not None
        dotted = "{}{}.{}{}.{}{}".format(*line.mac.split(":"))
        attributes: list[tuple[str, Value]] = [
            ("User-Name", session.ppp_user or (line.mac if self.nokia else dotted)),
            ("NAS-IP-Address", self.spec.address),
            ("NAS-Port-Type", _PPPOE_OVER_VLAN if ppp else _ETHERNET),
            ("Alc-Client-Hardware-Addr", line.mac)
            if self.nokia
            else ("Calling-Station-Id", line.mac.replace(":", "-").upper()),
        ]
        if line.port is not None:
            vlans = ".".join(str(vlan) for vlan in (line.outer, line.inner) if vlan is not None)
            attributes.append(("NAS-Port-Id", f"{line.port}:{vlans}{suffix}"))
        if ppp:
            attributes += [("Service-Type", 2), ("Framed-Protocol", 1)]  # Framed, PPP
        return attributes

    def _enter(
        self,
        scenario: str,
        code: str,
        status: Status | None,
        line: Line | None,
        session_id: str | None,
        ids: Ids,
        *,
        signed: bool,
        says_v6: bool = False,
    ) -> Exchange:
        n = self._journal.next_number()
        exchange = Exchange(
            n=n,
            serial=f"demo-{n}",
            scenario=scenario,
            bng=self.spec.name,
            code=code,
            acct_status=None if status is None else STATUS_NAMES[status],
            line=line,
            session_id=session_id,
            ids=ids,
            says_v6=says_v6,
            signed=signed,
        )
        self._journal.exchanges.append(exchange)
        return exchange

    async def _ask(
        self, socket: NasSocket, build: Callable[[int], Request], exchange: Exchange, session: Session | None
    ) -> None:
        def sent(request: Request) -> None:
            exchange.transmissions += 1
            exchange.authenticator = request.authenticator.hex()
            if exchange.transmissions == 1:
                exchange.sent_at_ms = _now_ms()

        duplicate_after_s = self._random.uniform(0.001, 0.02) if self._random.random() < _DUPLICATE_SHARE else None
        reply = await socket.ask(build, on_sent=sent, duplicate_after_s=duplicate_after_s)
        if reply is not None:
            exchange.answered_at_ms = _now_ms()
            exchange.answer = _ANSWERS.get(reply.code)
            if exchange.code == "Access-Request" and not reply.signed:
                self._journal.faults.append(f"{exchange.serial}: answer without Message-Authenticator")
            if session is not None:
                session.class_ = reply.class_
        self._journal.faults += [f"{self.spec.name}: answer refused: {reason}" for reason in socket.refused]
        socket.refused.clear()


def _line_id(ids: Ids) -> list[tuple[str, Value]]:
    pairs = (("ADSL-Agent-Circuit-Id", ids.circuit_id), ("ADSL-Agent-Remote-Id", ids.remote_id))
    return [(name, value) for name, value in pairs if value is not None]


def _now_ms() -> int:
    return int(time.monotonic() * 1000)

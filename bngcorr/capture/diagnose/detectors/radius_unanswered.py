"""RADIUS requests without a reply: a server that answers nobody, or single requests.

A request that comes again has the same ports, identifier and authenticator (RFC 5080 §2.2.1); the identifier with
another authenticator is another request. A record of accounting that says how late it is comes again with both of them
new (Acct-Delay-Time, RFC 2866 §5.2): it is told by its session. A client asks again because it got no reply, whatever
the capture shows; one that never asks again, and gets no reply here, has it from elsewhere: the capture shows one
direction.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from bngcorr.capture.diagnose.asked import Asked, Pace
from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.instants import SECOND_NS
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire import attributes
from bngcorr.wire.attributes import Code
from bngcorr.wire.radius import PacketView

TRANSMISSIONS: Final = 3
LONG_NS: Final = 10 * SECOND_NS  # two are enough over that time
PATIENCE_NS: Final = 3 * SECOND_NS  # for a reply; clients wait for 3 … 5 s
REQUESTS: Final = 3  # that are needed to say that a capture shows one direction
_MOST: Final = 8_192
_REQUESTS: Final = frozenset((
    Code.ACCESS_REQUEST, Code.ACCOUNTING_REQUEST, Code.STATUS_SERVER, Code.DISCONNECT_REQUEST, Code.COA_REQUEST,
))  # fmt: skip
_REPLIES: Final = frozenset((
    Code.ACCESS_ACCEPT, Code.ACCESS_REJECT, Code.ACCESS_CHALLENGE, Code.ACCOUNTING_RESPONSE, Code.DISCONNECT_ACK,
    Code.DISCONNECT_NAK, Code.COA_ACK, Code.COA_NAK,
))  # fmt: skip

Server = tuple[int, bytes, int]  # interface, address, port
Key = tuple[Server, bytes, int, int]  # client's address and port, identifier
Now = Callable[[int], int]  # of an interface
_Record = tuple[bytes, int]  # of accounting: what is the same in all its transmissions, and how late this one is


class _Request:
    __slots__ = ("answered", "asked", "authenticator", "code", "open")

    def __init__(self, asked: Asked, code: int, authenticator: bytes) -> None:
        self.asked: Final = asked
        self.code: Final = code
        self.authenticator = authenticator  # of the last transmission
        self.answered = False  # in any of its transmissions
        self.open = False  # told as one without a reply, that may still come


class RadiusUnanswered:
    """Looks at RADIUS; of a packet that is cut, or malformed, code and identifier are enough."""

    concerns = frozenset((Concern.RADIUS,))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._pace: Final = Pace()
        self._requests: Final[Recent[Key, _Request]] = Recent(_MOST)
        # of an accounting record: as what it was sent last
        self._records: Final[Recent[tuple[Server, bytes, bytes], Key]] = Recent(_MOST)
        self._open: Final[Recent[str, int]] = Recent(_MOST)  # by subject, how many are
        self._answering: Final[Recent[Server, bool]] = Recent(1_024)
        self._silent: Final[Recent[Server, str]] = Recent(1_024)  # told of: where
        self._replies: Final[Recent[int, bool]] = Recent(1_024)  # interfaces with any
        self._blind: Final[Recent[int, str]] = Recent(1_024)  # interfaces without, told of: where

    def see(self, seen: Seen) -> None:
        """A packet."""
        frame = seen.frame
        at = frame.start
        if frame.end < at + 2:
            return
        code, identifier = frame.octets[at], frame.octets[at + 1]
        if code in _REQUESTS and seen.at_ns is not None:
            server = (seen.interface, frame.destination, frame.destination_port)
            key = (server, frame.source, frame.source_port, identifier)
            record = _record(seen.radius) if code == Code.ACCOUNTING_REQUEST and seen.radius is not None else None
            self._request(seen, seen.at_ns, key, code, frame.octets[at + 4 : min(at + 20, frame.end)], record)
        elif code in _REPLIES:
            server = (seen.interface, frame.source, frame.source_port)
            self._reply(seen, server, (server, frame.destination, frame.destination_port, identifier))

    def elapsed(self, now_ns: int) -> None:
        """What has waited long enough on a live tap."""
        if self._pace.due(now_ns):
            for key, request in self._requests.items():
                self._decide(key, request, now_ns)
            self._blindness(lambda _: now_ns)

    def end(self) -> None:
        """What the capture left open: by the last instant of its interface."""
        for key, request in self._requests.items():
            self._decide(key, request, self._now(key[0][0]))
        self._blindness(self._now)

    def _now(self, interface: int) -> int:
        return self._faults.last_ns.get(interface, 0)

    def _request(
        self, seen: Seen, at_ns: int, key: Key, code: int, authenticator: bytes, record: _Record | None
    ) -> None:  # fmt: skip
        known = self._requests.get(key)
        if record is not None:
            same = (key[0], key[1], record[0])
            before = self._records.get(same) if record[1] else None
            self._records.put(same, key)
            late = self._requests.get(before) if before is not None and before != key else None
            if late is not None and not late.answered:
                late.authenticator = authenticator
                self._requests.put(key, late)
                known = late
        if known is not None and known.code == code and known.authenticator == authenticator:
            if known.asked.again(seen, at_ns):
                if known.asked.told:
                    self._faults.add(known.asked.once_more(seen, *self._words(key, known)))
                else:
                    self._decide(key, known, at_ns)
            return
        if known is not None:
            self._decide(key, known, at_ns)
        self._requests.put(key, _Request(Asked(seen, at_ns), code, authenticator))

    def _reply(self, seen: Seen, server: Server, key: Key) -> None:
        request = self._requests.pop(key)
        if request is not None and not request.answered and seen.at_ns is not None:
            request.answered = True
            request.asked.answered(seen.at_ns, PATIENCE_NS)
            self._decide(key, request, seen.at_ns, late=True)
            if request.asked.told:
                self._late(key, request, seen.number)
        self._answering.put(server, True)
        self._replies.put(seen.interface, True)
        where = self._silent.pop(server)
        if where is not None:
            self._faults.clear(Fault.RADIUS_SERVER_SILENT, _server(server), where, seen.number)
        blind = self._blind.pop(seen.interface)
        if blind is not None:
            self._faults.clear(Fault.ANSWERS_NOT_SEEN, "RADIUS", blind, seen.number)

    def _decide(self, key: Key, request: _Request, now_ns: int, *, late: bool = False) -> None:
        """`late`: its answer is here."""
        asked = request.asked
        if request.answered and not late:
            return
        settled = asked.settled(now_ns, PATIENCE_NS)
        if asked.told or not (settled >= TRANSMISSIONS or (settled >= 2 and now_ns - asked.first_ns >= LONG_NS)):
            return
        asked.told = True
        fault, subject, detail = self._words(key, request)
        if fault is Fault.RADIUS_SERVER_SILENT:
            self._silent.put(key[0], asked.where)
        elif late:
            detail += f" until {(now_ns - asked.first_ns) / SECOND_NS:.1f} s after the first"
        else:
            request.open = True
            self._open.put(subject, (self._open.get(subject) or 0) + 1)
        self._faults.add(asked.found(fault, subject, detail))

    def _late(self, key: Key, request: _Request, number: int) -> None:
        """A reply to one that was told: it is over if no other is left."""
        subject = _pair(key)
        if request.open:
            request.open = False
            self._open.put(subject, (self._open.get(subject) or 1) - 1)
        if not self._open.get(subject):
            self._faults.clear(Fault.RADIUS_UNANSWERED, subject, request.asked.where, number)

    def _words(self, key: Key, request: _Request) -> tuple[Fault, str, str]:
        server, client, _, identifier = key
        title = Code(request.code).title
        asked = f"{title} {identifier} of {ip_address(client)} to {_server(server)} {request.asked.lasted}"
        if server in self._answering:
            return Fault.RADIUS_UNANSWERED, _pair(key), f"{asked}: no reply"
        return Fault.RADIUS_SERVER_SILENT, _server(server), f"{asked}: no reply, nor to any other request"

    def _blindness(self, now_ns: Now) -> None:
        """Interfaces where requests go on and on, none comes again, and there is no reply."""
        alone: dict[int, list[_Request]] = {}
        for key, request in self._requests.items():
            interface = key[0][0]
            if interface not in self._replies and interface not in self._blind and not request.answered:
                alone.setdefault(interface, []).append(request)
        for interface, requests in alone.items():
            settled = [one for one in requests if one.asked.settled(now_ns(interface), PATIENCE_NS)]
            if len(settled) < REQUESTS or any(one.asked.count > 1 for one in requests):
                continue
            first = settled[0].asked
            self._blind.put(interface, first.where)
            detail = (
                f"{len(settled)} requests, and none is sent again as if it had no reply: it seems that this capture"
                " shows one direction"
            )
            self._faults.add(first.found(Fault.ANSWERS_NOT_SEEN, "RADIUS", detail, Severity.NOTICE))


def _record(view: PacketView) -> _Record | None:
    """Of a record that names its session."""
    session = view.first(attributes.ACCT_SESSION_ID)
    if not session:
        return None
    status = view.first(attributes.ACCT_STATUS_TYPE) or b""
    return status + session, view.integer(attributes.ACCT_DELAY_TIME) or 0


def _pair(key: Key) -> str:
    return f"{ip_address(key[1])} → {_server(key[0])}"


def _server(server: Server) -> str:
    _, address, port = server
    return f"{ip_address(address)}:{port}" if len(address) == 4 else f"[{ip_address(address)}]:{port}"

"""DHCP messages that a client repeats because nobody answers: DISCOVER and SOLICIT, and those of a lease.

A client that goes on to its next message got an answer, seen here or not. Where no answer at all is seen, it is said
once for all clients: the servers are dead, or the capture shows one direction; if clients go on without an answer, it
is the capture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bngcorr.capture.diagnose.asked import Asked, Pace
from bngcorr.capture.diagnose.client import Client, shown
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.instants import SECOND_NS
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire import dhcp4, dhcp6

TRANSMISSIONS: Final = 3
LONG_NS: Final = (
    7 * SECOND_NS
)  # two are enough over that time: clients ask again after 3 … 5 s, or 1 s (RFC 2131 §4.1, RFC 8415 §15)
_MOST: Final = 8_192

_ASKED4: Final = {dhcp4.DISCOVER: False, dhcp4.REQUEST: True}  # whether it is about a lease
_ASKED6: Final = {
    dhcp6.SOLICIT: False, dhcp6.REQUEST: True, dhcp6.RENEW: True, dhcp6.REBIND: True, dhcp6.CONFIRM: True,
    dhcp6.INFORMATION_REQUEST: True,
}  # fmt: skip
_ANSWERS4: Final = (dhcp4.OFFER, dhcp4.ACK, dhcp4.NAK)
_ANSWERS6: Final = (dhcp6.ADVERTISE, dhcp6.REPLY)

Key = tuple[tuple[int, ...], bool, bytes, bool]  # segment, DHCPv6, chaddr or DUID, about a lease
Now = Callable[[int, "_Question"], int]  # of an interface


class _Question:
    """What one client waits for."""

    __slots__ = ("asked", "given_up", "subject", "what")

    def __init__(self, asked: Asked, subject: str, what: str) -> None:
        self.asked: Final = asked
        self.subject: Final = subject
        self.what = what  # SOLICIT
        self.given_up = False  # the client began anew


class _Side:
    """DHCPv4 or DHCPv6 of one interface."""

    __slots__ = ("answered", "told", "went_on")

    def __init__(self) -> None:
        self.answered = False
        self.went_on: Seen | None = None  # a client that went on without an answer
        self.told: str | None = None  # where it was told that there are none


class DhcpUnanswered:
    """Looks at DHCP."""

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._pace: Final = Pace()
        self._questions: Final[Recent[Key, _Question]] = Recent(_MOST)
        self._told: Final[Recent[Key, tuple[Fault, str, str]]] = Recent(_MOST)
        # by interface, DHCPv6, transaction id, client or b"" for any
        self._transactions: Final[Recent[tuple[int, bool, bytes, bytes], Key]] = Recent(2 * _MOST)
        self._sides: Final[Recent[tuple[int, bool], _Side]] = Recent(1_024)

    def see(self, seen: Seen) -> None:
        """A message, relayed or not."""
        client = seen.client
        if client is None:
            return
        if seen.dhcp4 is not None:
            kind = seen.dhcp4.type
            transaction, identity = seen.dhcp4.xid, seen.dhcp4.chaddr
            answer = kind in _ANSWERS4 or (kind is None and seen.dhcp4.operation == 2)
            about_lease = _ASKED4.get(kind or 0)
            what = dhcp4.TYPES.get(kind or 0, "")
        elif seen.dhcp6 is not None and seen.dhcp6.inner is not None:
            inner = seen.dhcp6.inner
            transaction, identity = inner.transaction_id, client.duid
            answer = inner.type in _ANSWERS6
            about_lease = _ASKED6.get(inner.type or 0)
            what = dhcp6.TYPES.get(inner.type or 0, "")
        else:
            return
        if answer:
            self._answer(seen, client.v6, transaction, identity)
        elif about_lease is not None and identity and seen.at_ns is not None:
            self._question(
                seen, seen.at_ns, client, (seen.segment, client.v6, identity, about_lease), transaction, what
            )

    def elapsed(self, now_ns: int) -> None:
        """What has waited long enough on a live tap."""
        if self._pace.due(now_ns):
            self._decide_all(lambda _, __: now_ns)

    def end(self) -> None:
        """What the capture left open: by the last instant of its interface."""
        self._decide_all(lambda interface, question: self._faults.last_ns.get(interface, question.asked.last_ns))

    def _side(self, interface: int, v6: bool) -> _Side:
        side = self._sides.get((interface, v6))
        if side is None:
            side = _Side()
            self._sides.put((interface, v6), side)
        return side

    def _question(self, seen: Seen, at_ns: int, client: Client, key: Key, transaction: bytes, what: str) -> None:
        segment, v6, identity, about_lease = key
        side = self._side(seen.interface, v6)
        self._other(
            seen, at_ns, side, (segment, v6, identity, not about_lease), goes_on=about_lease and what == "REQUEST"
        )
        question = self._questions.get(key)
        if question is not None and question.given_up and side.answered:
            self._decide(key, question, at_ns, _detail(key, question, client))
            question = None
        if question is None:
            question = _Question(Asked(seen, at_ns), client.name, what)
            self._questions.put(key, question)
        elif question.asked.again(seen, at_ns):
            question.what = what
            if question.asked.told:
                fault, subject, _ = self._told.get(key) or (_fault(key), question.subject, "")
                self._faults.add(question.asked.once_more(seen, fault, subject, _detail(key, question, client)))
            elif side.answered:
                self._decide(key, question, at_ns, _detail(key, question, client))
        for identified in (identity, b""):
            self._transactions.put((seen.interface, v6, transaction, identified), key)

    def _other(self, seen: Seen, at_ns: int, side: _Side, key: Key, goes_on: bool) -> None:
        """A client that asks for something else: it was answered, or gave up."""
        question = self._questions.pop(key)
        if question is None:
            return
        if not goes_on:
            if side.answered:
                self._decide(key, question, at_ns, _detail(key, question))
            elif overdue(question.asked, at_ns):  # it is not known yet whether anybody is answered
                question.given_up = True
                self._questions.put(key, question)
            return
        if not side.answered:
            side.went_on = seen
        self._over(key, seen)

    def _answer(self, seen: Seen, v6: bool, transaction: bytes, identity: bytes) -> None:
        side = self._side(seen.interface, v6)
        side.answered = True
        if side.told is not None:
            self._faults.clear(Fault.ANSWERS_NOT_SEEN, _protocol(v6), side.told, seen.number)
        key = self._transactions.get((seen.interface, v6, transaction, identity))
        if key is None:
            return
        question = self._questions.pop(key)
        if question is not None and seen.at_ns is not None:
            question.asked.answered(seen.at_ns)
            self._decide(key, question, seen.at_ns, _detail(key, question))
        self._over(key, seen)

    def _over(self, key: Key, seen: Seen) -> None:
        told = self._told.pop(key)
        if told is not None:
            self._faults.clear(*told, seen.number)

    def _decide_all(self, now_ns: Now) -> None:
        waiting: dict[tuple[int, bool], list[tuple[Key, _Question]]] = {}
        for key, question in self._questions.items():
            if overdue(question.asked, now_ns(key[0][0], question)):
                waiting.setdefault((key[0][0], key[1]), []).append((key, question))
        for (interface, v6), questions in waiting.items():
            side = self._side(interface, v6)
            if not side.answered and (side.went_on is not None or len(questions) > 1):
                self._nobody(side, v6, questions)
                continue
            for key, question in questions:
                self._decide(key, question, now_ns(interface, question), _detail(key, question))
        for (_, v6), side in self._sides.items():
            if not side.answered and side.went_on is not None and side.told is None:
                self._capture(side, v6, side.went_on)

    def _nobody(self, side: _Side, v6: bool, questions: list[tuple[Key, _Question]]) -> None:
        """Not one answer to any client."""
        if side.went_on is not None or side.told is not None:
            return
        first = questions[0][1]
        side.told = first.asked.where
        clients = len({key[2] for key, _ in questions})
        detail = f"{clients} clients ask by {_protocol(v6)}, {first.subject} by {first.what} {first.asked.lasted}"
        found = first.asked.found(
            Fault.ANSWERS_NOT_SEEN, _protocol(v6), f"{detail}: not one answer to anybody", Severity.CRITICAL
        )
        found.count = sum(question.asked.count for _, question in questions)
        self._faults.add(found)

    def _capture(self, side: _Side, v6: bool, seen: Seen) -> None:
        side.told = seen.where
        name = seen.client.name if seen.client is not None else "a client"
        detail = (
            f"{name} went on to its REQUEST, so it was answered: this capture shows one direction of {_protocol(v6)}"
        )
        found = Found(
            Fault.ANSWERS_NOT_SEEN, _protocol(v6), seen.where, detail, (seen.number,), seen.at_ns, Severity.NOTICE
        )
        found.show(seen.record, seen.number)
        self._faults.add(found)

    def _decide(self, key: Key, question: _Question, now_ns: int, detail: str) -> None:
        if question.asked.told or not overdue(question.asked, now_ns):
            return
        question.asked.told = True
        self._told.put(key, (_fault(key), question.subject, question.asked.where))
        self._faults.add(question.asked.found(_fault(key), question.subject, detail))


def overdue(asked: Asked, now_ns: int) -> bool:
    """Whether it was asked often enough, or for long, and had time for an answer."""
    settled = asked.settled(now_ns)
    return settled >= TRANSMISSIONS or (settled >= 2 and now_ns - asked.first_ns >= LONG_NS)


def _fault(key: Key) -> Fault:
    if key[3]:
        return Fault.LEASE6_UNANSWERED if key[1] else Fault.LEASE4_UNANSWERED
    return Fault.SOLICIT_UNANSWERED if key[1] else Fault.DISCOVER_UNANSWERED


def _protocol(v6: bool) -> str:
    return "DHCPv6" if v6 else "DHCPv4"


def _detail(key: Key, question: _Question, client: Client | None = None) -> str:
    missing = "REPLY" if key[1] else "ACK"
    if not key[3]:
        missing = "ADVERTISE" if key[1] else "OFFER"
    line = client.remote_id or client.circuit_id if client is not None else b""
    of_line = f" (line {shown(line)})" if line else ""
    return f"{question.what} of {question.subject}{of_line} {question.asked.lasted}, no {missing}"

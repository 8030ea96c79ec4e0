"""One request on its way through the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from bngcorr.accountant.record import Record
from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.question import Question
from bngcorr.model.verdict import Verdict
from bngcorr.proxy.exchange import Exchange
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.rewrite import Hop
from bngcorr.proxy.sockets import NasSocket, Peer
from bngcorr.proxy.trigger import Classification
from bngcorr.proxy.upstream import Flight
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView


@dataclass(slots=True)
class Link:
    """How a request came, and where its answer goes."""

    socket: NasSocket
    peer: Peer
    exchange: Exchange


@dataclass(slots=True, eq=False)
class Request:
    """What the stages know of it; filled from left to right. Mutable and slotted: one is made for every datagram."""

    # admit
    nas: Nas
    box: str  # which box of the BNG's entry sent it, as the store names it
    view: PacketView
    host: str  # address that it came from
    arrived_ms: int  # epoch milliseconds of the store's clock
    authentic: bool  # its authenticator proves that the BNG sent it
    # identify
    classification: Classification
    identity: Identity
    keyring: Keyring
    session: str | None  # hash of its Acct-Session-Id
    record: Record | None  # of an Accounting-Request
    question: Question
    hold_s: float = 0.0
    wire: Link | None = None  # None in a simulation
    # judge
    verdict: Verdict | None = None
    # forward
    aaa: Hop | None = None
    proxy_state: bytes = b""
    flight: Flight[Request] | None = None

    @property
    def link(self) -> Link:
        """How it came."""
        if self.wire is None:
            raise AssertionError("a request that came over no wire")
        return self.wire

    @property
    def bng(self) -> str:
        """Name of its BNG."""
        return self.nas.name

    @property
    def accounting(self) -> bool:
        """Whether it is an Accounting-Request."""
        return self.view.code == a.Code.ACCOUNTING_REQUEST

"""One request on its way through the pipeline."""

from __future__ import annotations

from typing import Final

from bngcorr.accountant.record import Record
from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.question import Question
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.exchange import Exchange
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.rewrite import Hop
from bngcorr.proxy.sockets import NasSocket, Peer
from bngcorr.proxy.trigger import Classification
from bngcorr.proxy.upstream.flight import Flight
from bngcorr.wire.radius import PacketView

_ACCOUNTING_REQUEST: Final = 4


class Link:
    """How a request came, and where its answer goes."""

    __slots__ = ("authentic", "exchange", "nas", "peer", "socket", "view")

    def __init__(
        self, socket: NasSocket, peer: Peer, exchange: Exchange, nas: Nas, view: PacketView, authentic: bool
    ) -> None:  # fmt: skip
        self.socket: Final = socket
        self.peer: Final = peer
        self.exchange: Final = exchange
        self.nas: Final = nas
        self.view: Final = view
        self.authentic: Final = authentic  # its authenticator proves that the BNG sent it


class Request:
    """What the stages know of it; filled from left to right. A plain class: one is made for every datagram."""

    __slots__ = (
        "aaa", "accounting", "answered_ms", "arrived_ms", "authentic", "box", "classification", "dropped", "flight",
        "hold_s", "host", "identity", "keyring", "nas", "proxy_state", "question", "record", "session", "upstream",
        "verdict", "view", "wire",
    )  # fmt: skip

    def __init__(
        self,
        *,
        nas: Nas,
        box: str,
        view: PacketView,
        host: str,
        arrived_ms: int,
        authentic: bool,
        classification: Classification,
        identity: Identity,
        keyring: Keyring,
        session: str | None,
        record: Record | None,
        question: Question,
        hold_s: float = 0.0,
        wire: Link | None = None,
    ) -> None:
        # admit
        self.nas: Final = nas
        self.box: Final = box  # which box of the BNG's entry sent it, as the store names it
        self.view: Final = view
        self.host: Final = host  # address that it came from
        self.arrived_ms: Final = arrived_ms  # epoch milliseconds of the store's clock
        self.authentic: Final = authentic  # its authenticator proves that the BNG sent it
        self.accounting: Final = view.code == _ACCOUNTING_REQUEST
        # identify
        self.classification = classification
        self.identity = identity
        self.keyring: Final = keyring
        self.session: Final = session  # hash of its Acct-Session-Id
        self.record: Final = record  # of an Accounting-Request
        self.question = question
        self.hold_s = hold_s
        self.wire: Final = wire  # None in a simulation
        # judge
        self.verdict: Verdict | None = None
        # forward
        self.aaa: Hop | None = None
        self.proxy_state = b""
        self.flight: Flight[Request] | None = None
        # the end of it
        self.upstream: str | None = None  # name of the server that answered
        self.answered_ms: int | None = None  # how long that server took
        self.dropped: DropReason | None = None  # why it got no answer

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

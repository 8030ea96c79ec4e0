"""Answers on their way to BNGs: sent together, and what an Accept teaches written down behind them.

To wake a BNG's side that sleeps costs the kernel more than to send to it, so answers wait until all that the callbacks
of the loop have at hand has been worked on.
"""

from __future__ import annotations

import asyncio
from typing import Final

from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.chatter import Chatter
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.request import Request
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView

_ACCESS_ACCEPT: Final = int(a.Code.ACCESS_ACCEPT)


class Reply:
    """What a BNG is to get. A plain class: one is made for every request."""

    __slots__ = ("answer", "code", "octets", "request", "took_s")

    def __init__(self, request: Request, code: int, octets: bytes, answer: PacketView | None = None) -> None:
        self.request: Final = request
        self.code: Final = code
        self.octets: Final = octets
        self.answer: Final = answer  # AAA's, of which it is made
        self.took_s = 0.0  # since the request came


class Replies:
    """Those that have not left."""

    def __init__(self, *, notes: Notes, meters: Meters, noise: Noise, chatter: Chatter | None) -> None:
        """`chatter`: who tells every hop, if anybody does."""
        self._notes = notes
        self._meters = meters
        self._noise = noise
        self._chatter = chatter
        self._waiting: list[Reply] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # to ask for it is a system call

    def put(self, reply: Reply) -> None:
        """Send it soon; an Accept of AAA's is learnt from."""
        if not self._waiting:
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self.flush)
        self._waiting.append(reply)

    def flush(self) -> None:
        """Send what waits, one behind the other."""
        replies, self._waiting = self._waiting, []
        at = 0
        while at < len(replies):
            end, socket = at + 1, replies[at].request.link.socket
            while end < len(replies) and replies[end].request.link.socket is socket:
                end += 1
            some = replies[at:end]
            taken = socket.send_all([one.octets for one in some], [one.request.link.peer for one in some])
            for place, reply in enumerate(some):
                try:
                    self._left(reply, taken[place])
                except Exception as fault:
                    self._failed(reply, "answer not counted", fault)
            at = end
        for reply in replies:
            if reply.code == _ACCESS_ACCEPT and reply.answer is not None:
                try:
                    self._notes.accepted(reply.request, reply.answer)
                except Exception as fault:
                    self._failed(reply, "Accept not learnt", fault)

    def _left(self, reply: Reply, sent: bool) -> None:
        """The kernel took it, or would not."""
        request = reply.request
        if sent:
            self._notes.answered(request, reply.code, reply.took_s)
            if self._chatter is not None:
                self._chatter.answered(request, reply.code, reply.octets, reply.took_s)
        else:
            self._meters.drop(DropReason.SEND_FAILED)
            self._noise.dropped(request.nas.name, request.host, DropReason.SEND_FAILED, request.view.authenticator)

    def _failed(self, reply: Reply, event: str, fault: Exception) -> None:
        """Our bug: the others go on."""
        self._meters.drop(DropReason.INTERNAL_ERROR)
        self._noise.internal(event, reply.request.host, fault, reply.request.view.authenticator)

"""Status-Server probes of one AAA server (RFC 5997), over a socket of their own: identifiers run out for requests
only, and a probe tells the truth all the same.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

from bngcorr.errors import WireError
from bngcorr.proxy.upstream.flight import Lane
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth

DATAGRAM_OCTETS: Final = 4097
DRAIN: Final = 16


class Prober:
    """Asks one server how it is, one probe at a time."""

    def __init__(self, code: a.Code) -> None:
        """`code`: kind of the requests that the server is for."""
        self._code = code
        self._lane: Lane[None] | None = None
        self._identifier = 0
        self._authenticator = b""  # of the probe that waits for its answer; empty: none does
        self._secret = b""
        self._sent_at = 0.0
        self._heard: Callable[[float, float], None] | None = None

    def send(
        self,
        address: tuple[str, int],
        source: str | None,
        secret: bytes,
        now: float,
        heard: Callable[[float, float], None],
    ) -> bool:
        """Send a probe; `heard(sent_at, now)` is called if it is answered before the next one. False: it can't go."""
        self._identifier = self._identifier + 1 & 0xFF
        self._authenticator = os.urandom(16)
        self._secret = secret
        self._sent_at = now
        self._heard = heard
        octets = radius_auth.sign_request(a.Code.STATUS_SERVER, self._identifier, self._authenticator, b"", secret)
        try:
            lane = self._lane
            if lane is None:
                lane = self._lane = Lane(address, source)
                asyncio.get_running_loop().add_reader(lane.socket.fileno(), self._drain, lane)
            try:
                lane.socket.send(octets)
            except ConnectionRefusedError:  # of an earlier probe; this one did not go
                lane.socket.send(octets)
        except OSError:
            return False
        return True

    def _drain(self, lane: Lane[None]) -> None:
        for _ in range(DRAIN):
            try:
                octets = lane.socket.recv(DATAGRAM_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._take(octets)

    def _take(self, octets: bytes) -> None:
        if not self._authenticator or self._heard is None:
            return
        if not self._answers(octets):
            return
        self._authenticator = b""
        self._heard(self._sent_at, asyncio.get_running_loop().time())

    def _answers(self, octets: bytes) -> bool:
        """Whether it is an authentic answer to the probe that waits for one (RFC 5997 §4.3)."""
        try:
            view = radius.decode(octets)
        except WireError:
            return False
        code = a.Code.ACCESS_ACCEPT if self._code is a.Code.ACCESS_REQUEST else a.Code.ACCOUNTING_RESPONSE
        if view.code != code or view.identifier != self._identifier:
            return False
        if not radius_auth.response_authenticator_fits(view, self._authenticator, self._secret):
            return False
        return not view.has(a.MESSAGE_AUTHENTICATOR) or any(
            radius_auth.message_authenticator_fits(view, self._secret, vector)
            for vector in (self._authenticator, radius_auth.ZEROS)
        )

    def close(self) -> None:
        """Close its socket."""
        if self._lane is not None:
            asyncio.get_running_loop().remove_reader(self._lane.socket.fileno())
            self._lane.socket.close()
            self._lane = None

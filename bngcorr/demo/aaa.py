"""A small AAA that knows each line by its v4-style Remote-Id only, and remembers what it was shown."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from bngcorr.demo.radius import Code, ReceivedRequest, Unreadable, Vocabulary
from bngcorr.demo.truth import Line

_LATENCY_S = (0.001, 0.006)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived at AAA."""

    remote_ids: tuple[bytes, ...]
    circuit_ids: tuple[bytes, ...]
    answer: str  # "accept", "reject" or "response"


class Aaa:
    """Accepts a provisioned Remote-Id, with the Circuit-Id that belongs to it or none; acknowledges accounting."""

    def __init__(
        self, *, vocabulary: Vocabulary, secrets: Mapping[str, bytes], password: str, needs_signature: bool
    ) -> None:
        self._vocabulary = vocabulary
        self._secrets = secrets  # by source address
        self._password = password
        self._needs_signature = needs_signature
        self._lines: dict[bytes, bytes] = {}  # Remote-Id → Circuit-Id
        self._record: dict[str, list[Seen]] = {}
        self._transports: list[asyncio.DatagramTransport] = []
        self.faults: list[str] = []  # what no well-behaved proxy would send
        self.ports: tuple[int, int] = (0, 0)  # authentication, accounting

    async def open(self, address: str = "127.0.0.1") -> None:
        """Listen on two free ports of ``address``."""
        loop = asyncio.get_running_loop()
        for _ in range(2):
            transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(self), local_addr=(address, 0))
            self._transports.append(transport)
        auth, acct = (transport.get_extra_info("sockname")[1] for transport in self._transports)
        self.ports = (auth, acct)

    def close(self) -> None:
        """Close the sockets."""
        for transport in self._transports:
            transport.close()

    def provision(self, line: Line) -> None:
        """From now on AAA knows this line."""
        self._lines[line.remote_id] = line.circuit_id

    def forget(self, lines: Iterable[Line]) -> None:
        """These lines were cancelled."""
        for line in lines:
            self._lines.pop(line.remote_id, None)

    def turn(self) -> tuple[dict[str, list[Seen]], list[str]]:
        """Hand over what was seen, by serial, and the faults; begin anew."""
        record, faults, self._record, self.faults = self._record, self.faults, {}, []
        return record, faults

    def seen(self, serial: str) -> list[Seen]:
        """What arrived so far under this serial."""
        return self._record.get(serial, [])

    def answer(self, octets: bytes, source: str) -> bytes | None:
        """The answer to one datagram; None for one that AAA ignores."""
        secret = self._secrets.get(source)
        if secret is None:
            self.faults.append(f"datagram from unknown {source}")
            return None
        try:
            request = ReceivedRequest(octets, secret=secret, dictionary=self._vocabulary)
        except Unreadable as refusal:
            self.faults.append(str(refusal))
            return None
        self._inspect(request)
        if request.code is Code.ACCOUNTING_REQUEST:
            self._enter(request, "response")
            return request.answer(Code.ACCOUNTING_RESPONSE)
        if self._knows(request):
            self._enter(request, "accept")
            grants = (("Class", f"demo:{request.serial}".encode()), ("Acct-Interim-Interval", 600))
            return request.answer(Code.ACCESS_ACCEPT, grants)
        self._enter(request, "reject")
        return request.answer(Code.ACCESS_REJECT)

    def _knows(self, request: ReceivedRequest) -> bool:
        if len(request.remote_ids) != 1 or request.password != self._password:
            return False
        circuit_id = self._lines.get(request.remote_ids[0])
        return circuit_id is not None and all(shown == circuit_id for shown in request.circuit_ids)

    def _inspect(self, request: ReceivedRequest) -> None:
        """Note what is not well formed, whatever the verdict."""
        for name, values in (("Remote-Id", request.remote_ids), ("Circuit-Id", request.circuit_ids)):
            if len(values) > 1:
                self.faults.append(f"{request.serial}: {len(values)} times {name}")
            if b"" in values:
                self.faults.append(f"{request.serial}: empty {name}")
        if request.code is Code.ACCESS_REQUEST and request.password != self._password:
            self.faults.append(f"{request.serial}: User-Password not readable")
        if self._needs_signature and request.code is Code.ACCESS_REQUEST and not request.signed:
            self.faults.append(f"{request.serial}: Access-Request without Message-Authenticator")

    def _enter(self, request: ReceivedRequest, answer: str) -> None:
        entry = Seen(remote_ids=request.remote_ids, circuit_ids=request.circuit_ids, answer=answer)
        self._record.setdefault(request.serial or "", []).append(entry)


class _Socket(asyncio.DatagramProtocol):
    """Answers after a few milliseconds, as a real AAA would."""

    def __init__(self, aaa: Aaa) -> None:
        self._aaa = aaa
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._aaa.answer(data, addr[0])
        if answer is not None:
            asyncio.get_running_loop().call_later(random.uniform(*_LATENCY_S), self._send, answer, addr)

    def _send(self, octets: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(octets, addr)

"""The address of a Kubernetes Service for UDP, played by a small forwarder: flows stick to an endpoint until it goes.

As kube-proxy and conntrack have it with externalTrafficPolicy Local: a flow is what comes from one address and port;
its source address arrives; a new one goes to any endpoint. When an endpoint is taken away its flows are forgotten at
once, so answers that it sends after that are lost, and the next datagram of the flow makes a new one.
"""

from __future__ import annotations

import random
import select
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from tests.service.process import Service

Address = tuple[str, int]


@dataclass(slots=True)
class _Flow:
    """What one port of a BNG sends, and where it goes."""

    client: Address
    front: socket.socket
    endpoint: Service
    back: socket.socket


class VirtualAddress:
    """Listens on two ports of its own until it is closed."""

    def __init__(self, endpoints: Sequence[Service]) -> None:
        self._random = random.Random(8)
        self._lock = threading.Lock()
        self._endpoints = list(endpoints)
        self._flows: dict[tuple[int, Address], _Flow] = {}
        self._fronts = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for front in self._fronts:
            front.bind(("127.0.0.1", 0))
        self.auth_port, self.acct_port = (int(front.getsockname()[1]) for front in self._fronts)
        self.moved = 0  # flows that were forgotten while they were in use
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._end.set()
        self._thread.join(5)
        for opened in (*self._fronts, *(flow.back for flow in self._flows.values())):
            opened.close()

    def use(self, *endpoints: Service) -> None:
        """From now on these; flows of others are forgotten."""
        with self._lock:
            self._endpoints = list(endpoints)
            for key, flow in list(self._flows.items()):
                if flow.endpoint not in endpoints:
                    flow.back.close()
                    del self._flows[key]
                    self.moved += 1

    def _run(self) -> None:
        while not self._end.is_set():
            with self._lock:
                by_back = {flow.back: flow for flow in self._flows.values()}
            ready, _, _ = select.select([*self._fronts, *by_back], [], [], 0.005)
            with self._lock:
                for opened in ready:
                    if opened in self._fronts:
                        self._forward(opened)
                    elif opened.fileno() >= 0:
                        self._return(by_back[opened])

    def _forward(self, front: socket.socket) -> None:
        octets, client = front.recvfrom(4097)
        key = (self._fronts.index(front), client)
        flow = self._flows.get(key)
        if flow is None:
            endpoint = self._random.choice(self._endpoints)
            back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            back.bind((client[0], 0))
            back.connect(("127.0.0.1", (endpoint.auth_port, endpoint.acct_port)[key[0]]))
            flow = self._flows[key] = _Flow(client, front, endpoint, back)
        try:
            flow.back.send(octets)
        except ConnectionRefusedError:
            return  # the pod is gone, and nobody has said so yet

    def _return(self, flow: _Flow) -> None:
        try:
            octets = flow.back.recv(4097)
        except ConnectionRefusedError:
            return
        flow.front.sendto(octets, flow.client)

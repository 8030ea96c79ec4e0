"""Free loopback ports, outside the range from which the kernel picks source ports."""

from __future__ import annotations

import random
import socket

_FIRST, _LAST = 20_000, 32_000
_given: set[int] = set()


def has_ipv6() -> bool:
    """Whether this host can be reached at ::1."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that nobody uses on loopback, UDP or TCP, IPv4 or IPv6, and that this process gave to nobody before."""
    families = [(socket.AF_INET, "127.0.0.1"), *([(socket.AF_INET6, "::1")] if has_ipv6() else [])]
    for _ in range(200):
        port = random.randrange(_FIRST, _LAST)
        if port in _given:
            continue
        try:
            for family, host in families:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(family, kind) as probe:
                        probe.bind((host, port))
        except OSError:
            continue
        _given.add(port)
        return port
    raise RuntimeError("no free port")

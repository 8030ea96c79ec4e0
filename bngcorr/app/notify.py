"""What systemd is told: sd_notify(3) spoken by itself, one datagram each. Without $NOTIFY_SOCKET nothing is said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

IDLE_BEAT_S: Final = 5.0  # between two status lines without a watchdog


class Notifier:
    """The way to the service manager, if there is one."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._stopping = False
        self.watchdog_s = _watchdog_s(environment)  # it wants to hear from us that often; None: it does not care

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return self._address is not None

    def ready(self, status: str) -> None:
        """The start or a reload is over."""
        if not self._stopping:
            self._say("READY=1", _status(status))

    def reloading(self) -> None:
        """A new configuration is being read."""
        if not self._stopping:
            self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str, within_s: float) -> None:
        """The end has begun, and may take so many seconds; of a reload that is under way nothing more is said."""
        self._stopping = True
        self._say("STOPPING=1", f"EXTEND_TIMEOUT_USEC={round(within_s * 1e6)}", _status(status))

    def beat(self, status: str) -> None:
        """Alive."""
        self._say("WATCHDOG=1", _status(status))

    def status(self, status: str) -> None:
        """A line for `systemctl status`."""
        self._say(_status(status))

    def _say(self, *fields: str) -> None:
        if self._address is None:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.setblocking(False)  # a manager that does not listen must not keep us
            way.sendto("\n".join(fields).encode(), self._address)


def _address(named: str) -> str | bytes | None:
    """A path, or with "@" in front a name of the abstract namespace (unix(7)); other kinds are not spoken to."""
    if named.startswith("/"):
        return named
    return b"\0" + os.fsencode(named[1:]) if named.startswith("@") and len(named) > 1 else None


def _status(text: str) -> str:
    return "STATUS=" + text.replace("\n", " ")


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """sd_watchdog_enabled(3): $WATCHDOG_USEC, unless $WATCHDOG_PID is another process."""
    lasts_us, of = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not lasts_us.isdecimal() or int(lasts_us) == 0 or (of and of != str(os.getpid())):
        return None
    return int(lasts_us) / 1e6


async def beat(notifier: Notifier, serving: Callable[[], bool], status: Callable[[], str]) -> None:
    """Say again and again that we are alive, as long as the event loop runs and `serving` holds; until cancelled.

    The watchdog hears of it twice in its time, as sd_watchdog_enabled(3) recommends.
    """
    every_s = IDLE_BEAT_S if notifier.watchdog_s is None else notifier.watchdog_s / 2
    while True:
        if serving():
            notifier.beat(status())
        else:
            notifier.status(status())
        await asyncio.sleep(every_s)

"""Closed sessions and held hosts of the tests."""

from __future__ import annotations

from typing import Final

from bngcorr.accountant.history.held import Held, of_closed
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.store.rows import Closed

T0: Final = 1_795_615_200_000  # 2026-11-25T14:00:00Z
MINUTE: Final = 60_000
HOUR: Final = 3_600_000
DAY_S: Final = 86_400.0
MAC: Final = Mac(bytes.fromhex("000e8f000001"))
LINE: Final = "0123456789abcdef01234567"


def closed(
    *hosts: str,
    since: int = T0,
    until: int = T0 + HOUR,
    why: str = "stop",
    session_id: bytes = b"s1",
    remote_id: bytes | None = b"olt7/1",
    mac: Mac | None = MAC,
    user_name: str | None = "alice",
    line: str | None = LINE,
    nas: str = "bng1|",
    filled: tuple[str, ...] = (),
) -> Closed:
    """A closed session that held these, all of them since the same instant."""
    return Closed(
        domain="d1", nas=nas, hosts=hosts, since_ms=(since,) * len(hosts), until_ms=until, why=why, line=line,
        ids=None if remote_id is None else LineIds(remote_id, b"eth 1/1"), session_id=session_id, user_name=user_name,
        port=Attachment("1/1/4", 100, 20), address=mac, filled=filled,
    )  # fmt: skip


def held(host: str = "v4||203.0.113.9", *, noted: int = T0 + HOUR, **more: object) -> Held:
    """One host of such a session."""
    (one,) = of_closed(closed(host, **more), noted)  # type: ignore[arg-type]
    return one

"""Values of what acts go through, for tests."""

from __future__ import annotations

from bngcorr.model.vocabulary import Admin, Condition, TraceBy
from bngcorr.store.processes import ProcessRow, TraceState, UpstreamRow
from bngcorr.store.traces import TraceRule

NOW_MS = 1_780_000_000_000

UPSTREAM = UpstreamRow(
    pool="auth", name="aaa1", address="192.0.2.10:1812", state=Condition.ALIVE, admin=Admin.UP, since_ms=NOW_MS,
    in_flight=1, most_in_flight=256, sockets=1, requests=10, timeouts=1, late_replies=0, source="127.0.0.1",
    rtt_s=0.004,
)  # fmt: skip
PROCESS = ProcessRow(
    id="host-1-aa", host="host", pid=1, version="1", started_ms=NOW_MS, told_ms=NOW_MS, config="abc", loaded_ms=NOW_MS,
    needs_restart=("listen.auth",), ready=True, parts=(("store", "ok"),), bngs=2, in_flight=(("auth", 1),),
    upstreams=(UPSTREAM,), traces=(TraceState(id="t1", requests=3, full=False),),
)  # fmt: skip


def rule(name: str, *, until_ms: int, at_ms: int = NOW_MS) -> TraceRule:
    """Of one MAC."""
    return TraceRule(id=name, by=TraceBy.MAC, value=bytes(6), who="noc", at_ms=at_ms, until_ms=until_ms)


PACKET = ["from_bng", NOW_MS, "192.0.2.20:1024", 1, 7, 120, [[1, b"alice"], [2, None]], False]
REQUEST = ["aa" * 16, NOW_MS, "bng1", "dhcpv6", "proof", "matched", "window", "attachment+mac", "bng1~" + "a" * 24,
           -40, 0, "answered", [PACKET]]  # fmt: skip

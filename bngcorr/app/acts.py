"""What acts of the web process go through."""

from __future__ import annotations

from bngcorr.store.contract import Clock
from bngcorr.store.forgetting import Memories
from bngcorr.store.valkey import ValkeyStore
from bngcorr.store.valkey_acts import Commands, Processes, Traces, Trail
from bngcorr.web.resources.acts import Acting
from bngcorr.wire.dictionary import Dictionary


def acting(store: ValkeyStore, dictionary: Dictionary, clock: Clock) -> Acting:
    """All of it in one store."""
    lane = store.lane
    return Acting(
        named=dictionary.named,
        clock=clock,
        commands=Commands(lane),
        processes=Processes(lane),
        traces=Traces(lane),
        trail=Trail(lane),
        memory=Memories(lane),
        audits=store.audits,
    )

"""What acts of the web process go through."""

from __future__ import annotations

from bngcorr.store.forgetting import Memories
from bngcorr.store.valkey import ValkeyStore
from bngcorr.store.valkey_acts import Commands, Processes, Traces, Trail
from bngcorr.web.resources.acts import ActStores


def act_stores(store: ValkeyStore) -> ActStores:
    """All of it in one store."""
    lane = store.lane
    return ActStores(
        commands=Commands(lane),
        processes=Processes(lane),
        traces=Traces(lane),
        trail=Trail(lane),
        memory=Memories(lane),
        audits=store.audits,
    )

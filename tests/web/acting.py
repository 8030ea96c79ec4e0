"""What acts go through, where no test acts: a store that is away."""

from __future__ import annotations

from functools import lru_cache

from bngcorr.app.acts import acting
from bngcorr.resources import resource
from bngcorr.store.clock import StoreClock
from bngcorr.store.valkey import ValkeyStore
from bngcorr.web.resources.acts import Acting
from bngcorr.wire.dictionary import Dictionary


@lru_cache
def dictionary() -> Dictionary:
    """All attributes."""
    return Dictionary(resource("dictionaries") / "dictionary")


def nowhere() -> Acting:
    """Whatever is asked of it raises StoreError."""
    return acting(ValkeyStore("redis://127.0.0.1:1/0", budget_s=0.1, events=0), dictionary(), StoreClock())

"""What several processes need."""

from __future__ import annotations

from bngcorr.config import Config
from bngcorr.errors import BngcorrError
from bngcorr.store.embedded import url as embedded_url
from bngcorr.store.valkey import ValkeyStore


class StartError(BngcorrError):
    """The service can't start; the text says what to do."""


def open_store(config: Config) -> ValkeyStore:
    """Client of the configured store; nothing is asked yet."""
    url = embedded_url(config.store.data_dir) if config.store.url == "embedded" else config.store.url
    return ValkeyStore(
        url,
        budget_s=config.store.budget,
        events=config.store.events,
        v6_lost_s=config.findings.v6_lost_after,
        history_backlog=0 if config.history.directory is None else config.history.backlog,
    )

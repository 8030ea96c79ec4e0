"""The history's exporter, composed."""

from __future__ import annotations

import time

from bngcorr.accountant.history.exporter import Exporter
from bngcorr.accountant.history.files import Folder
from bngcorr.accountant.history.meters import HistoryMeters
from bngcorr.config import Config
from bngcorr.store.contract import Clock, HistoryStore


def history_exporter(config: Config, store: HistoryStore, clock: Clock, meters: HistoryMeters) -> Exporter | None:
    """As configured; None if no history is kept."""
    history = config.history
    if history.directory is None:
        return None
    folder = Folder(history.directory, keep_s=history.keep, max_octets=history.max_octets, now_s=time.time)
    domains = list(dict.fromkeys(bng.domain_name for bng in config.bngs))
    return Exporter(store, folder, domains, clock, meters)

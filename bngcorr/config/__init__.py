"""The operator's file, checked whole, all its faults told at once.

`settings` and `accounting` say what may stand in it, `fields` what kinds of values there are, `faults` what can be
wrong with it, and `loading` reads it.
"""

from bngcorr.config.accounting import Capacity, CostTableSettings, History, Limits, Spool
from bngcorr.config.fields import Endpoint
from bngcorr.config.loading import load, parse, profiles_of
from bngcorr.config.settings import Alias, Bng, Config, Log, Store
from bngcorr.config.upstream import Pool, Server, Upstream, Upstreams

__all__ = [
    "Alias", "Bng", "Capacity", "Config", "CostTableSettings", "Endpoint", "History", "Limits", "Log", "Pool", "Server",
    "Spool", "Store", "Upstream", "Upstreams", "load", "parse", "profiles_of",
]  # fmt: skip

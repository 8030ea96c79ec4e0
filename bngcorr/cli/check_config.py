"""`bngcorr check-config`."""

from __future__ import annotations

from bngcorr.app.policies import policies_of
from bngcorr.cli.parameters import ConfigFile
from bngcorr.cli.process import exit_with_faults, load_or_exit
from bngcorr.errors import ConfigError
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary


def check_config(*, config: ConfigFile) -> None:
    """Check a configuration file: every fault at once, with key, value and what was expected.

    Exits 0 if the file is sound, 2 if it has faults. Nothing is opened or contacted.
    """
    settings = load_or_exit(config)
    try:
        policies_of(settings, Dictionary(resource("dictionaries") / "dictionary"))
    except ConfigError as error:
        exit_with_faults(error)
    count = len(settings.bngs)
    print(f"{config}: sound, {count} BNG{'s' if count != 1 else ''}")

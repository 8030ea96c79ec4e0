"""What a request to the API asks for."""

from __future__ import annotations

import pytest

from bngcorr.web.filters import Filters
from bngcorr.web.problems import Problem


def test_an_ipv4_address_within_ipv6_is_that_ipv4_address() -> None:
    """As servers write it that listen on IPv6."""
    mapped, plain = (Filters.read({"address": text}) for text in ("::ffff:203.0.113.9", "203.0.113.9"))

    assert plain == mapped


def test_an_address_with_a_zone_is_refused() -> None:
    """It means something on one host alone."""
    with pytest.raises(Problem, match="no IP address"):
        Filters.read({"address": "fe80::1%eth0"})

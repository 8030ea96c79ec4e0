"""Which pool a request goes to."""

from __future__ import annotations

import re

import pytest

from bngcorr.proxy.upstream.routes import Route
from bngcorr.wire.radius import decode
from tests.service.radius import access_request, attribute


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (Route(bngs=frozenset(("b1",))), True),
        (Route(bngs=frozenset(("b2",))), False),
        (Route(key=1, equals=b"alice@home"), True),
        (Route(key=1, equals=b"alice"), False),
        (Route(key=1, matches=re.compile(rb"@home$")), True),
        (Route(key=31), False),
        (Route(bngs=frozenset(("b1",)), key=31), False),
    ],
)
def test_a_route_asks_for_bng_and_attribute(route: Route, expected: bool) -> None:
    """All that it asks for has to hold; equality is of the whole value."""
    assert expected == route.holds("b1", decode(access_request(1, attribute(1, "alice@home"), b"s")))

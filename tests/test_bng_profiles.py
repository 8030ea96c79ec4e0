"""What the operator's file says of a BNG reaches the request path."""

from __future__ import annotations

import pytest

from bngcorr.bng_profiles import compile_all, nas_of
from bngcorr.config import parse
from bngcorr.model.vocabulary import PenPolicy
from bngcorr.store.lesson import Fill
from tests.proxy.families import dictionary


@pytest.mark.parametrize(
    ("setting", "fill"), [(None, Fill.AUTO), ("auto", Fill.AUTO), ("always", Fill.ALWAYS), ("never", Fill.NEVER)]
)
def test_the_operator_says_whether_hosts_of_the_accept_count(setting: str | None, fill: Fill) -> None:
    """prefixes_from_accept is auto unless it is set."""
    server = {"address": "192.0.2.10:1812", "secret": "example"}
    bng: dict[str, object] = {"name": "bng1", "address": "192.0.2.1", "secret": "example"}
    if setting is not None:
        bng["prefixes_from_accept"] = setting
    config = parse({"upstream": {"auth": server, "acct": server}, "bngs": [bng]})

    assert fill is nas_of(config.bngs[0], compile_all(config, dictionary())["bng1"]).fill


def test_bngs_that_are_read_alike_share_what_they_are_read_by() -> None:
    """Hundreds of them have one profile; a setting that requests are read by gives a BNG its own."""
    server = {"address": "192.0.2.10:1812", "secret": "example"}
    bngs: list[dict[str, object]] = [
        {"name": f"bng{number}", "address": f"192.0.2.{number}", "secret": f"example{number}"} for number in range(1, 5)
    ]
    bngs[3]["enterprise_number"] = "never"
    compiled = compile_all(parse({"upstream": {"auth": server, "acct": server}, "bngs": bngs}), dictionary())

    assert compiled["bng1"] is compiled["bng2"] is compiled["bng3"]
    assert (compiled["bng1"].pen, compiled["bng4"].pen) == (PenPolicy.AUTO, PenPolicy.NEVER)

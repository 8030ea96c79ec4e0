"""Whole rounds, BNGs and AAA without the service: what the field looks like today, and whether the judge can see it."""

import pytest

from bngcorr.demo import Options, Result, run_once
from bngcorr.demo.lab import Lab
from bngcorr.demo.radius import ReceivedRequest
from bngcorr.demo.scenarios import SCENARIOS

SOME = frozenset({"v4_first", "option37", "pppoe", "cloned_mac_shared_vlan", "unknown_customers"})


@pytest.mark.asyncio
async def test_without_the_service_id_less_and_prefixed_requests_fail() -> None:
    """The baseline: AAA knows v4-style ids only, so every v6 request is rejected, and the judge says so."""
    result = await run_once(Options(direct=True, scenarios=SOME))

    assert not result.ok
    assert 0 == result.wrong
    assert 0 == result.matched < result.attributable == len(result.missed)
    assert result.normalised < result.with_id
    assert 0 == result.answers["timeouts"]
    assert () == result.faults
    rejected = {entry["scenario"] for entry in result.log if entry["answer"] == "reject"}
    assert {"v4_first", "option37", "cloned_mac_shared_vlan", "unknown_customers"} == rejected


@pytest.mark.asyncio
@pytest.mark.parametrize(("shift", "fine"), [(0, True), (1, False)], ids=["right lines", "neighbour's lines"])
async def test_the_judge_tells_right_lines_from_wrong_ones(
    shift: int, fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If AAA sees each request's own line the round is ok; if it sees a neighbour's, every one of them is wrong."""
    wanted = frozenset({"v4_first", "option37", "v6_switched_on_later", "one_session_for_all_stacks"})
    async with Lab(Options(direct=True, scenarios=wanted)) as lab:
        _rewrite_on_arrival(lab, shift, monkeypatch)
        result: Result = await lab.round(1, spread_s=0.2)

    concerned = [entry for entry in result.log if entry["acct_status"] != "Accounting-On"]
    assert fine is result.ok
    assert (0 if fine else len(concerned)) == result.wrong


@pytest.mark.asyncio
async def test_leftovers_of_a_round_are_stopped_in_the_next() -> None:
    """Memory is bounded: what a round leaves up, the next switches off."""
    async with Lab(Options(direct=True, scenarios=frozenset({"v4_only"}))) as lab:
        results = [await lab.round(number, spread_s=0.1) for number in (1, 2)]

    stops = [entry for entry in results[1].log if entry["scenario"] == "unplugged"]
    assert {"Stop"} == {entry["acct_status"] for entry in stops}
    assert {"right"} == {entry["outcome"] for entry in stops}


def test_every_scenario_has_a_name_of_its_own_and_tells_its_story() -> None:
    """Names appear in the log; the docstring is the story."""
    assert len(SCENARIOS) == len({scenario.__name__ for scenario in SCENARIOS})
    assert all(scenario.__doc__ for scenario in SCENARIOS)


def _rewrite_on_arrival(lab: Lab, shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between BNGs and AAA sits an all-knowing proxy that writes the line ``shift`` places further on."""

    def line_of(request: ReceivedRequest) -> tuple[bytes, bytes] | None:
        exchange = next(e for e in lab._journal if e.serial == request.serial)
        if exchange.line is None:
            return None
        lines = sorted(lab._aaa._lines.items())
        return lines[(lines.index((exchange.line.remote_id, exchange.line.circuit_id)) + shift) % len(lines)]

    for name, part in (("remote_ids", 0), ("circuit_ids", 1)):

        def ids(request: ReceivedRequest, part: int = part) -> tuple[bytes, ...]:
            line = line_of(request)
            return () if line is None else (line[part],)

        monkeypatch.setattr(ReceivedRequest, name, property(ids))

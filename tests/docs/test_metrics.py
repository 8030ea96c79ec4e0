"""The page of metrics, the alert rules and the dashboard name what the processes have, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.metrics import PACKETS, WEB, of_packets, of_web, series, told
from tests.docs.pages import ROOT, anchors
from tests.docs.promql import named

PROMETHEUS = ROOT / "conf" / "prometheus"
RULES = PROMETHEUS / "bngcorr.rules.yaml"
DASHBOARD = ROOT / "conf" / "grafana" / "bngcorr.json"
SEVERITIES = {"critical", "warning", "info"}

Json = Any  # of the dashboard; each test knows its shape


@pytest.fixture(scope="module")
def promtool() -> str:
    """Skips without promtool; fails instead if BNGCORR_REQUIRE_PROMTOOL=1."""
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("BNGCORR_REQUIRE_PROMTOOL") == "1":
            pytest.fail("not installed: promtool (Debian: prometheus)")
        pytest.skip("not installed: promtool (Debian: prometheus)")
    return found


def run(*command: str) -> str:
    """What it says; "" if it is content."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def rules(path: Path = RULES) -> list[dict[str, Any]]:
    """All rules of the file, in order."""
    return [rule for group in yaml.safe_load(path.read_text("utf-8"))["groups"] for rule in group["rules"]]


ALERTS = [rule for rule in rules() if "alert" in rule]
RECORDED = {rule["record"] for rule in rules() if "record" in rule}


@lru_cache
def dashboard() -> Json:
    """The file."""
    return json.loads(DASHBOARD.read_text("utf-8"))


def panels() -> list[Json]:
    """Those that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str]]:
    """Every query of the dashboard, with where it stands."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for annotation in dashboard()["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def unknown(query: str, also: frozenset[str] = frozenset()) -> list[str]:
    """Names of series and labels in it that no process has."""
    known, found = series(), named(query)
    wrong = []
    labels = frozenset[str]().union(*(known.get(name, frozenset()) for name in found.series))
    for name, matched in found.series.items():
        if name in also:
            labels |= {"job", "namespace", "instance", "bng"}
        elif name not in known:
            wrong.append(name)
        else:
            wrong += [f"{name}{{{label}}}" for label in sorted(matched - known[name])]
    return wrong + sorted(found.grouped - labels)


@pytest.mark.parametrize(("heading", "had"), [(PACKETS, of_packets), (WEB, of_web)], ids=["packets", "web"])
def test_every_metric_is_in_the_table_with_its_type_and_labels(heading: str, had: Any) -> None:
    """The tables are the whole list, and what they say of type and labels is so."""
    assert had() == told(heading)


def test_a_query_is_read_as_what_it_names() -> None:
    """Series with their matchers, labels that are grouped by; no functions, durations or texts."""
    found = named(
        'sum by (bng, le) (rate(a_bucket{x="by (z)", y=~"$b"}[5m] offset 24h)) / on (bng) group_left () (b > 1e3)'
    )

    assert ({"a_bucket": frozenset({"x", "y"}), "b": frozenset()}, frozenset({"bng", "le"})) == (
        found.series, found.grouped
    )  # fmt: skip


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_names_what_there_is(rule: dict[str, Any]) -> None:
    """An alert on a metric that is spelled otherwise would keep silent for ever."""
    assert [] == unknown(rule["expr"], frozenset(RECORDED))


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_and_leads_on(rule: dict[str, Any]) -> None:
    """Severity, a summary, a description with a next step, and a place in these pages that is there."""
    said = rule["annotations"]
    page, _, anchor = said["runbook_url"].partition("#")

    assert {"summary", "description", "runbook_url"} == set(said)
    assert rule["labels"]["severity"] in SEVERITIES
    assert len(said["description"]) > len(said["summary"]) > 20
    assert anchor in anchors(ROOT / page)


def test_names_of_alerts_are_unique() -> None:
    """A silence for one must not cover another."""
    names = [rule["alert"] for rule in ALERTS]

    assert sorted(set(names)) == sorted(names)


def test_the_rules_are_what_prometheus_takes(promtool: str) -> None:
    """Their syntax, their expressions and their templates."""
    assert "" == run(promtool, "check", "rules", str(RULES))


@pytest.mark.parametrize("path", sorted(PROMETHEUS.glob("*.test.yaml")), ids=lambda path: path.name)
def test_the_rules_fire_when_they_should_and_not_else(promtool: str, path: Path) -> None:
    """On series made up for it, such as a pool whose servers die one after the other."""
    assert "" == run(promtool, "test", "rules", str(path))


@pytest.mark.parametrize(("where", "query"), list(queries()), ids=[where for where, _ in queries()])
def test_a_panel_names_what_there_is(where: str, query: str) -> None:
    """A query of a metric that is spelled otherwise draws an empty panel, and nobody asks why."""
    known_here = query.replace("process_start_time_seconds", "process_cpu_seconds_total")

    assert [] == unknown(known_here)


def test_the_queries_of_the_dashboard_are_what_prometheus_takes(promtool: str, tmp_path: Path) -> None:
    """Their syntax, with Grafana's variables filled in."""
    filled = [re.sub(r"\$__rate_interval", "5m", query).replace("$namespace", ".*").replace("$bng", ".*")
              for _, query in queries()]  # fmt: skip
    told_as = [{"record": f"panel:query:{number}", "expr": query} for number, query in enumerate(filled)]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": told_as}]}))

    assert "" == run(promtool, "check", "rules", str(path))


def test_a_panel_says_what_it_shows_in_which_unit() -> None:
    """Whoever is called at night reads what a curve means without asking."""
    bare = [
        panel["title"]
        for panel in panels()
        if len(panel.get("description", "")) < 20 or not panel["fieldConfig"]["defaults"].get("unit")
    ]

    assert [] == bare


def test_panels_have_ids_of_their_own_and_places_of_their_own() -> None:
    """Two with one id are one to Grafana; two in one place hide each other."""
    placed = dashboard()["panels"]
    cells = [
        (x, y)
        for panel in placed
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(placed) == len({panel["id"] for panel in placed})
    assert len(cells) == len(set(cells))
    assert all(x < 24 for x, _ in cells)


def test_the_dashboard_is_of_any_prometheus_installation_and_bng() -> None:
    """Every panel asks the source that was chosen, for the installation and, where there are any, the BNGs chosen."""
    names = [variable["name"] for variable in dashboard()["templating"]["list"]]
    sources = {json.dumps(panel["datasource"]) for panel in panels()}
    narrowed = [where for where, query in queries() if query.count("{") != query.count('namespace=~"$namespace"')]
    known = series()
    of_bngs = [
        where
        for where, query in queries()
        if query.count('bng=~"$bng"') < sum("bng" in known.get(name, ()) for name in named(query).series)
    ]

    assert ["datasource", "namespace", "bng", "web", "line"] == names
    assert {json.dumps({"type": "prometheus", "uid": "${datasource}"})} == sources
    assert [] == narrowed
    assert [] == of_bngs


def test_the_dashboard_leads_to_the_pages() -> None:
    """From a line's MAC or address to its page, and from a curve to its BNG."""
    text = DASHBOARD.read_text("utf-8")
    pages = set(re.findall(r"\$\{web\}(/[a-z]*)", text))

    assert {"/", "/bngs", "/findings", "/live", "/search", "/upstreams"} == pages
    assert "${web}/search?q=${line:percentencode}" in text

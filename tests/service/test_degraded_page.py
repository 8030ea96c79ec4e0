"""The runbook's contract for a store that is not well: each row has its test, and each test its row."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS, ROOT

TESTS = ROOT / "tests" / "service"
ITSELF = "test_degraded_page.py"


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    """An operator who doubts a row can run what proves it."""
    named = re.findall(r"`(test_degraded\w*\.py::\w+)(?:\[([\w-]+)\])?`", (DOCS / "runbook.md").read_text("utf-8"))
    sources = {page.name: page.read_text("utf-8") for page in TESTS.glob("test_degraded*.py") if page.name != ITSELF}
    tests = {
        f"{name}::{test}" for name, source in sources.items() for test in re.findall(r"^def (test_\w+)", source, re.M)
    }
    unknown = [case for test, case in named if case and f'"{case}"' not in sources[test.partition("::")[0]]]

    assert tests == {test for test, _ in named}
    assert [] == unknown

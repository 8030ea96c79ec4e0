"""The page about diagnosis explains every fault, in the words of the report."""

from __future__ import annotations

from bngcorr.capture.diagnose.kinds import MEANINGS
from bngcorr.capture.diagnose.report import SEVERITIES
from tests.docs.pages import DOCS


def rows() -> list[str]:
    """The table of faults as the page has it: the worst first, then by name."""
    return [
        f"| `{fault}` | {SEVERITIES[meaning.severity]} | {meaning.title} | {meaning.means} | {meaning.todo}"
        f" | {meaning.source} |"
        for fault, meaning in sorted(MEANINGS.items(), key=lambda item: (item[1].severity, item[0]))
    ]


def test_the_table_of_faults_is_what_the_report_tells() -> None:
    """Kind, severity, title, meaning, next step, source: all of them, and no others."""
    page = (DOCS / "diagnose.md").read_text("utf-8").splitlines()
    start = page.index("| Kind | Severity | Title | What it means | What to do | Source |") + 2

    assert rows() == page[start : page.index("", start)]

"""Writes the figures of a run into docs/performance.md.

python -m benchmarks.bench.page FILE        what `make bench ARGS="-o FILE"` wrote
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.bench.ground import ROOT
from benchmarks.bench.report import PARTS, RATIOS, cell, identification

PAGE: Final = ROOT / "docs" / "performance.md"
BEGIN: Final = "<!-- figures -->"
END: Final = "<!-- end of figures -->"
SIZES: Final = {"window": 32, "wide": 256, "burst": 2000}


def figures(result: Any) -> str:
    """Markdown: the machine, the ratios, all figures."""
    machine, cases = result["machine"], result["cases"]
    apart = "the proxy on a core of its own" if machine["pinned"] else "all on one core"
    lines = [
        f"{machine['cores']} cores of {machine['processor']}, {apart}; Linux {machine['kernel'].split('-')[0]}, "
        f"Python {machine['python']}; bngcorr {result['build']}; {result['rounds']} rounds of {result['seconds']:g} s.",
        "",
        "| bngcorr beside FreeRADIUS + strip + rlm_redis | ratio, above 1 is better |",
        "|---|---|",
        *(f"| {what} | {cell(result[key], 2)} |" for what, key in RATIOS),
        "",
        "| | " + " | ".join(f"`{name}`" for name in cases) + " |",
        "|---|" + "---|" * len(cases),
    ]
    for heading, rows in PARTS:
        lines.append(f"| **{heading.format(**SIZES)}** |" + " |" * len(cases))
        for what, key, digits in rows:
            values = [cell(one[key], digits, key) for one in cases.values()]
            lines.append(f"| {what} | " + " | ".join(values) + " |")
    told = identification(result)
    return "\n".join([*lines, *(["", told[:1].upper() + told[1:] + "."] if told else [])])


def filled(page: str, text: str) -> str:
    """The page with other figures. Raises ValueError if it has no place for them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Read, write; the exit code."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    result = json.loads(Path(arguments[0]).read_text("utf-8"))
    PAGE.write_text(filled(PAGE.read_text("utf-8"), figures(result)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

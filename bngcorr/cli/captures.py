"""Captures as arguments of a verb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bngcorr.capture.source import STANDARD_INPUT


def _no_option(_: object, path: Path) -> None:
    """A misspelt option is not taken for a file's name."""
    if str(path).startswith("-") and path != STANDARD_INPUT:
        raise ValueError(f"{path} is no option; a file of that name is ./{path}")


Capture = Annotated[Path, Parameter(allow_leading_hyphen=True, validator=_no_option)]
"""A file, or - for standard input."""

"""Cursors that this API gave out."""

from __future__ import annotations

import re
from typing import Final

from bngcorr.web.models.problem import Fault
from bngcorr.web.problem import Problem

RANK: Final = re.compile(r"[0-9]{1,9}")  # in the answers to one index term
PLACE: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,4}\.[0-9]{1,9}")  # which domain, which of its buckets, how far in it
EVENT: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}(\.[0-9]{1,5})?")  # behind a verdict


def shaped(name: str, text: str, shape: re.Pattern[str]) -> str:
    """The cursor, or "" to begin. Raises Problem for one of another shape."""
    if text and shape.fullmatch(text) is None:
        said = "was not given out by this API for these filters"
        fault = Fault(parameter=name, value=text[:40], detail=said)
        raise Problem(400, "Bad cursor", f"{name}={text[:40]!r} {said}", (fault,))
    return text

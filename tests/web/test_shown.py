"""Rows of the store as models: octets that are no text, and what a finding is about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.vocabulary import Finding
from bngcorr.web.models.model import Model
from bngcorr.web.resources.entries import request_shown
from bngcorr.web.resources.shown import finding_shown, session_shown
from tests.web.streams import LINE, finding, request
from tests.web.test_diagnosis import V4, session

ODD = b"caf\xc3\xa9 \xff".decode("utf-8", "surrogateescape")
TOLD = "café \\xff"


def told(model: Model) -> Any:
    """What a strict reader makes of it."""
    return json.loads(model.model_dump_json().encode())


def test_octets_that_are_no_text_are_told_all_the_same() -> None:
    """A BNG may send anything in a User-Name or a port; the answer stays JSON."""
    row = replace(session(V4), user_name=ODD, port=Attachment(ODD, 1, 2))
    entry = replace(request(1), user_name=ODD, port=row.port, evidence=(ODD,))
    seen = finding(Finding.MAC_FLOOD, ODD, first_ms=1, detail=json.dumps({"port": ODD, ODD: [ODD]}))

    shown = told(session_shown(row, {}))
    assert (TOLD, TOLD) == (shown["user_name"], shown["attachment"]["port"])
    shown = told(request_shown(entry))
    assert (TOLD, TOLD, [TOLD]) == (shown["user_name"], shown["attachment"]["port"], shown["evidence"])
    shown = told(finding_shown(seen))
    assert (TOLD, {"port": TOLD, TOLD: [TOLD]}) == (shown["subject"], shown["detail"])


@pytest.mark.parametrize(
    ("kind", "subject", "detail", "line"),
    [
        (Finding.V6_LOST, LINE, {}, f"bng1~{LINE}"),
        (Finding.MOVED, "00:00:0e:8f:00:01", {"line": LINE}, f"bng1~{LINE}"),
        (Finding.MOVED, "00:00:0e:8f:00:01", {}, None),
        (Finding.NEAR_LIMIT, "bng1 80 %", {}, None),
    ],
)
def test_a_finding_names_the_line_that_it_is_about(
    kind: Finding, subject: str, detail: dict[str, str], line: str | None
) -> None:
    """By its subject, or by what it was seen with."""
    assert line == finding_shown(finding(kind, subject, first_ms=1, detail=json.dumps(detail))).line

"""What of the service itself the overview tells as trouble."""

from __future__ import annotations

import pytest

from bngcorr.web.models.process import Process
from bngcorr.web.pages.overview import troubles


def process(**parts: str) -> Process:
    """A packet process that is ready."""
    at = "2027-01-15T08:00:00.000Z"
    return Process.model_validate(
        {
            "id": "a-1-0", "host": "a", "pid": 1, "version": "0.1.0", "started_at": at, "told_at": at, "config": "0",
            "loaded_at": at, "needs_restart": (), "ready": True, "parts": {"store": "ok", **parts}, "bngs": 1,
            "in_flight": {}, "traces": (),
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "titles"), [({}, []), ({"sources": "translated"}, ["Requests arrive from inside"])]
)
def test_replaced_source_addresses_are_a_trouble(sources: dict[str, str], titles: list[str]) -> None:
    """No BNG is known then, so it is told first, whatever else is well."""
    found = troubles([], [process(), process(**sources)])

    assert titles == [one.title[:27] for one in found]
    assert {"bad"} >= {one.tone for one in found}

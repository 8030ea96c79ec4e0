"""`bngcorr ledger`: the count of what BNGs spend, mended over the API."""

from __future__ import annotations

import math
from typing import Annotated, Final

import cyclopts

from bngcorr.cli.acts import carried_out, end
from bngcorr.cli.api_client import ApiClient
from bngcorr.cli.listing import layout
from bngcorr.cli.output import Output
from bngcorr.cli.parameters import FLAG, HERE, ApiAt, OutputAs
from bngcorr.cli.tables import Column

_DRIFTS: Final = layout(
    ("domain", "bng", "box", "port", "kind", "ledger", "sessions"),
    tuple(
        Column(name, lambda row, name=name: row[name], right=name in ("ledger", "sessions"))  # type: ignore[misc]
        for name in ("domain", "bng", "box", "port", "kind", "ledger", "sessions")
    ),
    empty="",
)

app = cyclopts.App(name="ledger", help="The count of what BNGs spend: recount it from the sessions, and mend it.")


@app.command
def repair(
    *,
    domain: str | None = None,
    dry_run: Annotated[bool, FLAG] = False,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """Make the ledger what the sessions add up to, while both are in use. `bngcorr audit` does it on the machine.

    It waits until that is done; Ctrl-C leaves the repair under way (`bngcorr act show`). It takes a token with scope
    act.

    Exits 0 if it was done, 1 if it was refused, 2 for a bad question or token, 3 if nobody answers or it failed.

    Parameters
    ----------
    domain:
        This correlation domain only. Default: all, one after another.
    dry_run:
        Only tell what differs.
    """
    with ApiClient("ledger repair", api) as client:
        act = client.send("POST", "/v1/ledger/repair", {"domain": domain, "dry_run": dry_run})
        act = carried_out(client, act, math.inf)
        rows = [{"domain": one["domain"], **drift} for one in act["audited"] for drift in one["drifts"]]
        end(act["outcome"], rows, _DRIFTS, output, act["said"])

"""`bngcorr top`: a live screen of the whole."""

from __future__ import annotations

import time
from typing import Annotated, Final

from bngcorr.cli.api_client import ApiClient, Json
from bngcorr.cli.exits import REFUSED
from bngcorr.cli.listing import draw_again
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import FLAG, HERE, ApiAt, OutputAs, Watch
from bngcorr.cli.tables import screen
from bngcorr.cli.top_screen import MOST_FINDINGS, drawn

LOOKED_AT: Final = 500  # recent requests that the ratio is of

_CSV: Final = (
    "at", "requests", "requests_per_s", "waiting", "timeouts", "verdicts.own", "verdicts.matched", "verdicts.unmatched",
    "verdicts.ambiguous", "verdicts.conflict", "verdicts.unknown", "match_ratio", "findings",
)  # fmt: skip


def top(
    *,
    once: Annotated[bool, FLAG] = False,
    watch: Watch = 2.0,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """A live screen of the whole: load, matches, BNGs, AAA servers, findings.

        bngcorr top
        bngcorr top --once -o json

    The ratio is of the last 500 requests: matched, of those that did not name their line. Requests a second are those
    to AAA, by all packet processes, since the screen was drawn last; with --once within one second.

    Exits 0, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    once:
        Draw it once and exit; for programs give -o too.
    """
    with ApiClient("top", api) as client:
        looks = Looks(client)
        if once:
            looks.look()
            time.sleep(1.0)
            found = looks.look()
            print_one(found, output, columns=_CSV, table=lambda: screen().print(drawn(found, client.base)))
            return
        if output is not Output.TABLE:
            client.fail(f"--output {output} goes with --once", REFUSED)
        draw_again(client, lambda: drawn(looks.look(), client.base), 2.0 if watch is None else watch)


class Looks:
    """What the API tells, and what has changed since it was asked last."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._before: tuple[float, int] | None = None

    def look(self) -> Json:
        """Everything that the screen shows. Raises ApiFault."""
        begun = time.monotonic()
        findings = self._client.get("/v1/findings", {"state": "open", "limit": MOST_FINDINGS})["items"]
        store_ms = round((time.monotonic() - begun) * 1000, 1)
        hosts = self._client.get("/v1/hosts")
        upstreams = self._client.get("/v1/upstreams")["items"]
        processes = self._client.get("/v1/processes")["items"]
        recent = self._client.get("/v1/correlations", {"order": "newest", "limit": LOOKED_AT})["items"]
        verdicts: dict[str, int] = {}
        for row in recent:
            verdicts[row["verdict"]] = verdicts.get(row["verdict"], 0) + 1
        asked = len(recent) - verdicts.get("own", 0)
        requests = sum(row["requests"] for row in upstreams)
        return {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "requests": requests,
            "requests_per_s": self._rate(requests),
            "waiting": sum(row["in_flight"] for row in upstreams),
            "timeouts": sum(row["timeouts"] for row in upstreams),
            "verdicts": verdicts,
            "match_ratio": round(verdicts.get("matched", 0) / asked, 4) if asked else None,
            "store_ms": store_ms,
            "findings": len(findings),  # at most so many are told
            "newest_findings": findings[:5],
            "bngs": sorted(hosts["items"], key=lambda row: (-(row["use"] or 0), -row["host_resources"])),
            "thresholds": hosts["thresholds"],
            "upstreams": upstreams,
            "processes": processes,
            "recent": recent[:10],
        }

    def _rate(self, requests: int) -> float | None:
        """Of a second; None at first, and when a process that counted has gone."""
        now, before = time.monotonic(), self._before
        self._before = now, requests
        if before is None or requests < before[1] or now <= before[0]:
            return None
        return round((requests - before[1]) / (now - before[0]), 1)

"""What a trace tells of the hops of a test request, if it may."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from bngcorr.cli.api_client import ApiClient, ApiFault, Json, quoted
from bngcorr.cli.parameters import ApiAt
from bngcorr.cli.trace import kept

LASTS_S: Final = 300
WITHIN_S: Final = 5.0  # behind the answer, until the request is told as a whole
EVERY_S: Final = 0.25


class ProbeTrace:
    """A trace that lasts as long as the probe. `missing` says why there is none."""

    def __init__(self, client: ApiClient | None, trace: str, missing: str) -> None:
        self._client = client
        self._trace = trace
        self.missing = missing

    @classmethod
    def none(cls) -> Self:
        """Not wanted."""
        return cls(None, "", "")

    @classmethod
    def begin(cls, at: ApiAt, pairs: Sequence[tuple[str, str]]) -> Self:
        """By what names the request best: its user, else its Calling-Station-Id."""
        given = {name.lower(): value for name, value in pairs}
        if "user-name" in given:
            wanted = {"user_name": given["user-name"]}
        elif "calling-station-id" in given:
            wanted = {"mac": given["calling-station-id"]}
        else:
            return cls(None, "", "a trace goes by User-Name or a MAC in Calling-Station-Id")
        client = ApiClient("probe", at)
        try:
            act = client.send("POST", "/v1/traces", {**wanted, "lasts_s": LASTS_S})
        except ApiFault as fault:
            return cls(None, "", str(fault))
        if act["outcome"] != "done":
            return cls(None, "", act["said"] or act["outcome"])
        return cls(client, act["subject"], "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._client is not None:
            with contextlib.suppress(ApiFault):  # it ends by itself
                self._client.send("DELETE", f"/v1/traces/{quoted(self._trace)}")

    def sources(self) -> list[Json]:
        """The address that each packet process asks each AAA server from; none if nothing tells."""
        if self._client is None:
            return []
        try:
            servers = self._client.get("/v1/upstreams")["items"]
        except ApiFault:
            return []
        return [
            {"upstream": f"{server['pool']}/{server['name']}", "process": at["process"], "source": at["source"]}
            for server in servers
            for at in server["processes"]
            if at["source"]
        ]

    def request_of(self, authenticator: bytes) -> Json | None:
        """The request with this Request Authenticator; None if nothing tells of it in time."""
        if self._client is None:
            return None
        deadline = time.monotonic() + WITHIN_S
        while True:
            try:
                for request in kept(self._client, self._trace, follow=False):
                    if request["request"] == authenticator.hex():
                        return request
            except ApiFault as fault:
                self.missing = str(fault)
                return None
            if time.monotonic() >= deadline:
                self.missing = "the trace has not seen the request"
                return None
            time.sleep(EVERY_S)

"""What the browser looks at: one BNG with subscribers, its CoA port, AAA, and both processes on an embedded store."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError, sync_playwright
from pyrad.dictionary import Dictionary

from bngcorr.resources import resource
from bngcorr.web.access.tokens import OCTETS, hash_of, new_token
from tests.dynauth.test_service import Box
from tests.service.aaa import Aaa
from tests.service.ports import free_port
from tests.service.process import Service, Settings, upstream
from tests.service.radius import DELEGATED_IPV6_PREFIX, START, line, prefix_host, prefixed, v4_host
from tests.service.settings import SECRET, Cpe

CHROMIUM = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]  # the first has no window to draw
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
BNG_AT = "127.0.0.2"
TOKENS = {
    "noc": (new_token(bytes(OCTETS)), ["read", "act"]),
    "guest": (new_token(b"g" * OCTETS), ["masked"]),
}  # fmt: skip
DESKTOP, PHONE = (1440, 900), (390, 844)
HOME, LEGACY = Cpe(1), Cpe(2)  # with both families; with IPv4 alone


class Scene:
    """The service with what happened on it."""

    def __init__(self, start_service: Callable[[Settings], Service], aaa: Aaa, dictionary: Dictionary) -> None:
        self.box = Box(dictionary, BNG_AT)
        port = free_port()
        tokens = [{"name": name, "hash": hash_of(token), "scopes": may} for name, (token, may) in TOKENS.items()]
        bng = {
            "name": "edge", "address": BNG_AT, "secret": SECRET.decode(), "hold": "0s", "cost_table": "sros-classic",
            "limits": {"host_resources": 8, "ports": {"1/1/4": 6}}, "dynauth": {"port": self.box.port},
        }  # fmt: skip
        self.service = start_service({
            "upstream": upstream(aaa),
            "bngs": [bng, {**bng, "name": "core", "address": "127.0.0.3"}],
            "web": {"listen": f"127.0.0.1:{port}", "tokens": tokens, "rate": {"per_second": 1000, "burst": 5000}},
        })  # fmt: skip
        self.service.web_port = port
        self.service.start_web()
        self.url = f"http://127.0.0.1:{port}"
        self.edge = self.service.bng(BNG_AT, SECRET)
        self._happen()
        self.hostile = "<b onmouseover=alert(1)>olt</b>"  # a line's id, as somebody may have made it up
        self.edge.ask(self.edge.access(Cpe(3).attributes("v4-3") + line(self.hostile.encode())))

    def _happen(self) -> None:
        """Both subscribers come up; one of them with IPv6, whose request names the line behind an enterprise number."""
        for home in (HOME, LEGACY):
            v4 = f"v4-{home.number}"
            self.edge.ask(home.access(self.edge, v4, home.line))
            host = v4_host(f"203.0.113.{home.number}")
            self.edge.ask(self.edge.account(START, v4, home.attributes(v4) + home.line + host))
        self.service.written()
        raw = line(prefixed(HOME.remote_id), HOME.circuit_id)
        self.edge.ask(HOME.access(self.edge, "v6-1", raw))
        prefix = prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:1::/56")
        self.edge.ask(self.edge.account(START, "v6-1", HOME.attributes("v6-1") + raw + prefix))
        self.service.written()

    def boot(self, number: int) -> None:
        """Another subscriber's first request."""
        home = Cpe(number)
        self.edge.ask(home.access(self.edge, f"v4-{number}", home.line))

    def close(self) -> None:
        """The CoA port; the service is the fixture's."""
        self.box.close()


class Faults:
    """What no page may do: fail in its script, or ask another host for anything."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.found: list[str] = []
        self._ours = (url, "data:", "blob:")
        self._pages: set[str] = set()
        context.on("request", self._asked)
        context.on("weberror", self._failed)
        context.on("console", self._said)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self._ours):
            self.found.append(f"asked {request.url}")
        if request.is_navigation_request():
            self._pages.add(request.url)

    def _failed(self, error: WebError) -> None:
        self.found.append(str(error.error))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and message.location["url"] not in self._pages:  # a page itself may be refused
            self.found.append(message.text)


class Eyes:
    """A browser."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._logins: dict[str, Any] = {}

    @contextmanager
    def looking(self, who: str | None = "noc", **options: Any) -> Iterator[Page]:
        """A page of somebody who is logged in; afterwards: no console error, and nothing was asked of another host."""
        context = self._browser.new_context(
            **{"viewport": {"width": DESKTOP[0], "height": DESKTOP[1]}, "base_url": self._url, **options}
        )
        context.set_default_timeout(8_000)
        faults = Faults(context, self._url)
        try:
            if who is not None:
                self._log_in(context, who)
            yield context.new_page()
        finally:
            context.close()
        assert [] == faults.found

    def cookies(self, who: str) -> Any:
        """Of somebody who has logged in before."""
        return self._logins[who]

    def _log_in(self, context: BrowserContext, who: str) -> None:
        if who not in self._logins:
            page = context.new_page()
            page.goto("/login")
            page.get_by_label("Access token").fill(TOKENS[who][0])
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(re.compile("/$"))
            self._logins[who] = context.cookies()
            page.close()
        context.add_cookies(self._logins[who])


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's, without a window; skips where there is none, unless BNGCORR_REQUIRE_CHROMIUM says that it must be."""
    named = os.environ.get("BNGCORR_CHROMIUM")
    places = [Path(named)] if named else CHROMIUM
    executable = next((place for place in places if place.exists()), None)
    if executable is None:
        why = f"no browser at {places[-1]} (Debian: chromium-headless-shell; another place: BNGCORR_CHROMIUM)"
        if os.environ.get("BNGCORR_REQUIRE_CHROMIUM"):
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


def dictionary() -> Dictionary:
    """Ours, read by pyrad."""
    return Dictionary(str(resource("dictionaries") / "dictionary"))

"""From the question on the phone to the answer, and what every page owes to whoever looks at it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.stage import DESKTOP, HOME, PHONE, SHOTS, TOKENS, Eyes, Scene, chromium, dictionary
from tests.service.aaa import Aaa
from tests.service.process import Service, Settings

PAGES = {
    "overview": "/", "search": "/search", "nothing": "/search?q=olt9%2F9", "lines": "/lines", "sessions": "/sessions",
    "refused": "/sessions?mac=nonsense", "bngs": "/bngs", "bng": "/bngs/edge?dual_stack=true", "findings": "/findings",
    "live": "/live", "upstreams": "/upstreams", "traces": "/traces", "config": "/config", "acts": "/acts",
    "docs": "/docs", "lost": "/lines/edge~000000000000000000000000",
}  # fmt: skip
TALL = ("docs", "config")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def scene(start_service: Callable[[Settings], Service], aaa: Aaa) -> Iterator[Scene]:
    """One service for the whole module."""
    scene = Scene(start_service, aaa, dictionary())
    yield scene
    scene.close()


@pytest.fixture(scope="module")
def eyes(scene: Scene) -> Iterator[Eyes]:
    """One browser for the whole module."""
    with chromium() as browser:
        yield Eyes(browser, scene.url)


def find(page: Page, text: str) -> None:
    """Type into the box at the top."""
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("searchbox").press("Enter")


def test_the_way_in_is_a_token_and_leads_to_where_one_wanted(eyes: Eyes) -> None:
    """A stranger is sent to the login page, and from there arrives at the page that he asked for."""
    with eyes.looking(None) as page:
        page.goto("/findings")
        _shoot(page, "login")
        page.get_by_label("Access token").fill(TOKENS["noc"][0])
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Findings")


def test_a_line_is_found_by_whatever_the_caller_knows(eyes: Eyes) -> None:
    """MAC as Cisco writes it, an address inside the delegated prefix, the id in hexadecimal: one page."""
    with eyes.looking() as page:
        page.goto("/")
        for text in ("000e.8f00.0001", "2001:db8:1:0:20::9", "0x" + HOME.remote_id.hex()):
            find(page, text)
            expect(page.get_by_role("heading", level=1)).to_have_text("Line olt7/1")


def test_the_line_says_what_is_wrong_before_anything_else(eyes: Eyes) -> None:
    """One sentence with the next step; behind it requests, accounting, and the enterprise number that was taken off."""
    with eyes.looking() as page:
        page.goto("/search?q=olt7/1")
        expect(page.locator("#diagnosis .sentence")).to_contain_text("IPv4 and IPv6 are up since")
        expect(page.locator("#diagnosis")).to_contain_text("Next:")
        timeline = page.locator(".timeline")
        expect(timeline.locator("[data-kind=accounting]").first).to_contain_text("2001:db8:1::/56")
        request = timeline.locator("[data-kind=request]", has_text="Access-Request").first
        request.locator("summary").click()
        expect(request.locator("del")).to_have_text("0000 0de9")
        expect(request).to_contain_text("Access-Accept")
        page.keyboard.press("x")
        page.keyboard.press("x")
        expect(request.get_by_text("olt7/1", exact=True).first).to_be_hidden()  # hexadecimal alone

        page.goto("/search?q=olt7/2")
        expect(page.locator("#diagnosis .sentence")).to_contain_text("no IPv6 request")


def test_the_live_tail_shows_a_verdict_within_two_seconds(eyes: Eyes, scene: Scene) -> None:
    """It comes by itself; while the tail is paused only a count does."""
    with eyes.looking() as page:
        page.goto("/live")
        expect(page.locator("#live-state")).to_have_text("live")
        began = time.monotonic()
        scene.boot(7)
        expect(page.locator("#live-rows tr", has_text="00:0e:8f:00:00:07").first).to_be_visible(timeout=2_000)
        assert time.monotonic() - began < 2.0

        page.get_by_role("button", name="Pause").click()
        scene.boot(8)
        expect(page.locator("#live-new")).to_have_text("1 new")
        expect(page.get_by_text("00:0e:8f:00:00:08")).to_have_count(0)
        page.locator("#live-new").click()
        expect(page.get_by_text("00:0e:8f:00:00:08")).to_have_count(1)


def test_a_verdict_that_has_its_row_is_not_counted_as_new(eyes: Eyes) -> None:
    """Rows are fetched; the stream may tell one of them only afterwards, when the tail is already paused."""
    with eyes.looking() as page:
        page.goto("/live")
        shown = page.locator("#live-rows tr").first.get_attribute("data-id")
        told = "".join(f"id: {one}\nevent: request\ndata: {{}}\n\n" for one in (shown, shown, "9999999999999-0.0"))
        page.route(
            "**/v1/events*", lambda it: it.fulfill(body=f"retry: 50\n\n{told}", content_type="text/event-stream")
        )
        page.goto("/live")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#live-new")).to_have_text("1 new")  # a stream that ends is asked for again
        page.wait_for_timeout(300)
        expect(page.locator("#live-new")).to_have_text("1 new")


def test_what_if_stands_beside_what_is(eyes: Eyes) -> None:
    """The bars change as soon as something is chosen, and the link of the page keeps the choice."""
    with eyes.looking() as page:
        page.goto("/bngs/edge")
        page.get_by_label("every line gets IPv6").check()
        sides = page.locator("#what-if-result .capacity")
        expect(sides).to_have_count(2)
        before, after = (int(sides.nth(at).get_attribute("data-use") or 0) for at in range(2))
        assert before < after
        assert "dual_stack=true" in page.url


def test_a_disconnect_reaches_the_bng(eyes: Eyes, scene: Scene) -> None:
    """From the line, after a question; the outcome says what the BNG answered, and the trail who did it."""
    with eyes.looking() as page:
        page.goto("/search?q=olt7/1")
        row = page.get_by_role("row", name=re.compile("^v6-1 "))
        row.get_by_role("link", name="Disconnect").click()
        expect(page.locator("main")).to_contain_text("2001:db8:1::/56")
        assert [] == scene.box.seen
        _shoot(page, "ask")
        page.get_by_role("button", name="Disconnect it").click()
        expect(page.get_by_role("status")).to_contain_text("The BNG acknowledged")
        _shoot(page, "act")
        assert [["v6-1"]] == [one["Acct-Session-Id"] for one in scene.box.seen]
        page.goto("/acts")
        expect(page.locator("tbody tr").first).to_contain_text("disconnect")
        expect(page.locator("tbody tr").first).to_contain_text("noc")


def test_a_server_is_drained_and_taken_back(eyes: Eyes) -> None:
    """The packet process says so itself."""
    with eyes.looking() as page:
        for verb, word in (("Drain", "drain"), ("Up", "up")):
            page.goto("/upstreams")
            page.get_by_role("link", name=f"{verb} …").first.click()
            page.get_by_role("button", name=f"Switch to {word}").click()
            expect(page.get_by_role("status")).to_contain_text("1 of 1 packet process")
            page.goto("/upstreams")
            expect(page.locator("tbody tr").first.locator("td").nth(1)).to_have_text(word)


def test_a_trace_fills_while_one_looks_at_it(eyes: Eyes, scene: Scene) -> None:
    """Started from the line; the decoded packets appear without a reload, and passwords never."""
    with eyes.looking() as page:
        page.goto("/search?q=olt7/2")
        page.get_by_role("link", name="Trace its packets …").click()
        page.get_by_role("button", name="Start …").click()
        page.get_by_role("button", name="Start it").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("00:0e:8f:00:00:02")
        scene.boot(2)
        first = page.locator("#traced details").first
        first.locator("summary").click()
        expect(first).to_contain_text("Connect-Info")
        _shoot(page, "trace")


def test_masked_eyes_see_no_customer(eyes: Eyes) -> None:
    """Neither MAC nor id nor address stands on the page, and the page says that they are stand-ins."""
    with eyes.looking("guest") as page:
        page.goto("/live")
        text = page.content()
        expect(page.locator("main")).to_contain_text("Personal data is masked")
        page.goto("/sessions")
        text += page.content()
        for secret in ("8f:00:00:01", "olt7/1", HOME.remote_id.hex(), "203.0.113.1", "2001:db8:1:"):
            assert secret not in text
        expect(page.get_by_role("link", name="Disconnect")).to_have_count(0)


def test_an_id_is_never_markup(eyes: Eyes, scene: Scene) -> None:
    """What a customer's device put into its id stands on the page as it is."""
    with eyes.looking() as page:
        page.goto("/")
        find(page, scene.hostile)
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Line {scene.hostile}")
        page.goto("/live")
        expect(page.get_by_text(scene.hostile, exact=True).first).to_be_visible()
        assert 0 == page.locator("main b[onmouseover]").count()


def test_dark_by_the_system_and_by_the_switch(eyes: Eyes) -> None:
    """The page follows the system until somebody switches; the switch is kept."""
    background = "getComputedStyle(document.body).backgroundColor"
    with eyes.looking(color_scheme="dark") as page:
        page.goto("/")
        dark = page.evaluate(background)
        page.emulate_media(color_scheme="light")
        light = page.evaluate(background)
        page.get_by_role("button", name="switch to light").click()
        page.get_by_role("button", name="switch to dark").click()
        page.goto("/findings")
        assert light != dark
        assert dark == page.evaluate(background)


def test_keys_do_what_they_say(eyes: Eyes) -> None:
    """/ goes to the search, ? tells the keys, j goes down the rows, Enter opens one."""
    with eyes.looking() as page:
        page.goto("/lines")
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/lines/edge~"))


def test_without_a_script_everything_is_there(eyes: Eyes) -> None:
    """The tail is a list with a link to reload, what-if a form with a button, ids stand in both notations."""
    with eyes.looking(java_script_enabled=False) as page:
        page.goto("/live")
        expect(page.locator("#live-rows tr").first).to_be_visible()
        expect(page.locator("noscript footer")).to_be_visible()
        page.goto("/bngs/edge")
        page.get_by_label("every line gets IPv6").check()
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("#what-if-result .capacity")).to_have_count(2)
        page.goto("/search?q=olt7/1")
        expect(page.locator("[aria-labelledby=h-ids] .hex").first).to_be_visible()


def test_every_page_is_for_everybody(eyes: Eyes) -> None:
    """No serious fault in the eyes of axe; nothing sticks out of a telephone; a picture of each, light and dark."""
    with eyes.looking() as page:
        for name, path in PAGES.items():
            page.goto(path)
            _shoot(page, name)


def test_the_line_is_for_everybody(eyes: Eyes) -> None:
    """The page that matters most, with all details open, in the dark as well."""
    with eyes.looking() as page:
        page.goto("/search?q=olt7/1")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        _shoot(page, "line")
        assert [] == _faults(page)


def test_a_store_that_is_away_is_said_in_words(eyes: Eyes, scene: Scene) -> None:
    """A page, not JSON: what still works, and that this one works again by itself."""
    store = scene.service.store_pid()
    os.kill(store, signal.SIGSTOP)
    try:
        with eyes.looking(None) as page:
            page.context.add_cookies(eyes.cookies("noc"))
            answer = page.goto("/findings", timeout=20_000)
            assert answer is not None
            assert (503, "2") == (answer.status, answer.headers.get("retry-after"))
            expect(page.get_by_role("alert")).to_contain_text("Requests of BNGs are answered all the same")
            _shoot(page, "away")
    finally:
        os.kill(store, signal.SIGCONT)


def _shoot(page: Page, name: str) -> None:
    """Light on a desk and dark on a telephone, to build/screenshots; what axe says, and what sticks out."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in (("desktop", DESKTOP), ("phone", PHONE)):
        scheme: Literal["light", "dark"] = "light" if size == "desktop" else "dark"
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        assert (name, width) >= (name, page.evaluate("document.documentElement.scrollWidth"))
        page.screenshot(path=SHOTS / f"{name}-{size}-{scheme}.png", full_page=name not in TALL)
        if scheme == "light":
            assert (name, []) == (name, _faults(page, within="#main .card:first-child" if name in TALL else "body"))


def _faults(page: Page, within: str = "body") -> list[tuple[str, list[str]]]:
    """`within`: what axe looks at; it takes long on a page of many words."""
    found = Axe().run(page, context=within).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found if one["impact"] in SERIOUS]

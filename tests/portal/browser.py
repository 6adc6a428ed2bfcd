"""A real browser on a real portal server: what the browser tests share."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, expect

PROJECT = Path(__file__).parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
APT = "apt-get install -y chromium fonts-noto-cjk"
SHOTS = PROJECT / "test-results" / "portal"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
]  # fmt: skip
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
# Streamlit's page asks for these below the page's own path first, gets a 404, and then asks at the root
PROBES = ("/_stcore/health", "/_stcore/host-config")

# What a page must show is awaited for as long as a page may take to open. Playwright's five seconds are too few for
# two cores on which the other tests run: the browser fetches the part that draws a code block when one is first shown.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@dataclass
class Watched:
    """A page and what went wrong in it."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._console(message.type, message.text, message.location))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._request(request.url))

    def _console(self, kind: str, text: str, location: Any) -> None:
        if kind == "error" and not str(location.get("url", "")).endswith(PROBES):
            self.errors.append(f"{text} {location}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.origin, self.origin.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(url)

    def open(self, path: str = "", wait: bool = True) -> Page:
        self.page.goto(f"{self.origin}/{path}")
        self.page.wait_for_selector("h1", timeout=PATIENCE)
        if wait:
            self.settle()
        return self.page

    def settle(self) -> None:
        """Until the script has ended and the charts are drawn."""
        self.page.wait_for_selector('[data-test-script-state="notRunning"]', timeout=PATIENCE)
        self.page.wait_for_timeout(700)

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return int(
            self.page.evaluate(
                """() => Math.max(...[document.scrollingElement, document.querySelector('[data-testid="stMain"]')]
                       .map(e => e.scrollWidth - e.clientWidth))"""
            )
        )

    def shoot(self, name: str) -> None:
        """The whole page as a picture: Streamlit scrolls inside, so the window is made as tall as the page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size or {"width": 1440, "height": 900}
        tall = int(
            self.page.evaluate("""document.querySelector('[data-testid="stMainBlockContainer"]').scrollHeight""")
        )
        self.page.set_viewport_size({"width": size["width"], "height": min(max(tall + 60, size["height"]), 6000)})
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=str(SHOTS / f"{name}.png"))
        self.page.set_viewport_size(size)


@contextmanager
def portal(home: Path) -> Iterator[str]:
    """Serves `home` with `streamlit run` from the project root, as operations do; yields the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "portal.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "apps/streamlit/app.py", "--server.port", str(port)],
            cwd=PROJECT, env={**os.environ, "YUNJIAN_HOME": str(home)}, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the portal ended at once"
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the portal did not answer within a minute")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)


def visitor(browser: Browser, origin: str, *, width: int = 1440, lang: str = "zh") -> Watched:
    """A new browser profile at a screen width; 390 is a phone."""
    phone = width < 500
    context = browser.new_context(
        viewport={"width": width, "height": 844 if phone else 1000}, is_mobile=phone, has_touch=phone,
        user_agent=PHONE if phone else None, locale="zh-CN" if lang == "zh" else "en-GB", timezone_id="America/New_York",
    )  # fmt: skip
    return Watched(context.new_page(), origin)

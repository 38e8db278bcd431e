"""A window of a real Chromium, in which a member works by clicks and keys."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

SIZE = {"width": 1280, "height": 800}
PAGE_SECONDS, LAB_SECONDS, CELL_SECONDS = 60, 180, 120
STEADY = Path(__file__).with_name("steady_browser.py")


@contextmanager
def chromium(program: str, addresses: Mapping[str, str], key_digest: str) -> Iterator[Browser]:
    """A browser that knows where hosts are, and that a certificate is of somebody whom it trusts."""
    hosts = ",".join(f"MAP {host} {address}" for host, address in addresses.items())
    arguments = [f"--host-resolver-rules={hosts}", f"--ignore-certificate-errors-spki-list={key_digest}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=STEADY, args=arguments, env={**os.environ, "E2E_BROWSER": program})
        try:
            yield browser
        finally:
            browser.close()


SESSIONS = """
async path => {
  const token = document.cookie.split("; ").find(each => each.startsWith("_xsrf=")).slice("_xsrf=".length);
  const reply = await fetch(path, { headers: { "X-XSRFToken": token } });
  return (await reply.json()).map(each => each.path);
}
"""


@dataclass
class Window:
    """A window with cookies of its own.

    Attributes:
        context: what it keeps.
        page: what it shows.
        complaints: what it wrote to its console as an error, and each page that it did not get.
    """

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def opened(cls, browser: Browser) -> Window:
        context = browser.new_context(viewport={"width": SIZE["width"], "height": SIZE["height"]}, locale="en-US")
        context.set_default_timeout(PAGE_SECONDS * 1000)
        window = cls(context, context.new_page())
        window.page.on("console", window._hear)
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        window.page.on("response", lambda reply: window.complaints.append(f"{reply.status} {reply.url}") if reply.status >= 400 else None)
        return window

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def cookies(self) -> dict[tuple[str, str], Any]:
        """The cookies by name and path."""
        return {(cookie.get("name", ""), cookie.get("path", "")): cookie for cookie in self.context.cookies()}

    def send_login(self, user: str, password: str) -> None:
        """Fill in the form, and press its button."""
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password", exact=False).first.fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def wait_for_lab(self) -> None:
        self.page.locator(".jp-Launcher").wait_for(timeout=LAB_SECONDS * 1000)

    def files(self) -> list[str]:
        """What the file browser shows."""
        self.page.locator("[data-command='filebrowser:refresh']").first.click()
        return sorted(self.page.locator(".jp-DirListing-itemName").all_text_contents())

    def status(self, url: str) -> int:
        """How the site answers who types a URL into this browser."""
        reply = self.page.goto(url)
        assert reply
        return reply.status

    def kernels(self, user: str) -> list[str]:
        """The notebooks whose kernels run, as JupyterLab's scripts ask for them."""
        names: list[str] = self.page.evaluate(SESSIONS, f"/user/{user}/api/sessions")
        return sorted(names)

    def launch(self, category: str, name: str) -> None:
        """Press one of the buttons of the launcher."""
        self.page.locator(f".jp-LauncherCard[data-category='{category}']", has_text=name).first.click()

    def run_cell(self, code: str) -> float:
        """Type into the first cell of a new notebook, run it, and say how many seconds it took until its plot was there."""
        self.launch("Notebook", "Python 3")
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").first
        cell.locator(".cm-content").click()
        # Typed key by key, the editor would indent and close brackets by itself.
        self.page.keyboard.insert_text(code)
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
        start = time.monotonic()
        self.page.keyboard.press("Control+Enter")
        cell.locator(".jp-OutputArea-output img").wait_for(timeout=CELL_SECONDS * 1000)
        return time.monotonic() - start

    def printed(self) -> str:
        """The text under the first cell."""
        return "".join(self.page.locator(".jp-Notebook .jp-CodeCell").first.locator(".jp-OutputArea-output pre").all_text_contents())

    def show(self, file: Path) -> None:
        """Keep what is on the screen."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file)

"""A real browser before a real server: Chromium of the system, the page served by the command that people type."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

NAME = "billing.example.com"  # of the sample set-up: it is this machine
NAMES = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "CONNECTOR_BROWSER"
LACKING = "no Chromium on this machine (apt-get install chromium): the pages are not looked at in a browser"
PASSWORD = "a long enough secret"  # noqa: S105 - of people who do not exist
_FLAGS = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")


def chromium() -> str:
    """Where the browser is; empty where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), "")


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    here = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []  # root has no sandbox of its own
    flags = [*_FLAGS, here, *as_root]
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium(), args=flags)
        yield opened
        opened.close()


class Person:
    """Somebody with a browser window of their own; what the browser complains of is kept."""

    def __init__(
        self, opened: Browser, url: str, *, script: bool = True, dark: bool = False, width: int = 1280
    ) -> None:
        self.context = opened.new_context(
            base_url=url,
            java_script_enabled=script,
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900},
            accept_downloads=True,
            ignore_https_errors=url.startswith("https:"),  # a certificate of tests is signed by itself
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def join(self, link: str, name: str) -> None:
        """Make an account by a link."""
        self.page.goto(link)
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("The same password again").fill(PASSWORD)
        self.page.get_by_role("button", name="Join").click()

    def sign_in(self, name: str) -> None:
        """Sign in with an account that is there."""
        self.page.goto("/sign-in/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def invite(self, role: str, partner: str = "") -> str:
        """Make a link for somebody else."""
        self.page.goto("/people/")
        self.page.get_by_role("radio", name=role, exact=False).first.check()
        self.page.get_by_label("Partner id (of an advisor)").fill(partner)
        self.page.get_by_role("button", name="Make a link").click()
        return self.page.locator("#link").inner_text()

    def upload(self, *files: Path) -> None:
        """Upload files, and wait until they are checked."""
        self.page.goto("/uploads/")
        self.page.get_by_label("Drop files here, or choose them").set_input_files([str(one) for one in files])
        self.page.get_by_role("button", name="Upload and check").click()
        self.page.wait_for_url("**/uploads/*/", timeout=60_000)

    def plan(self, day: str) -> None:
        """Plan what was uploaded, and wait for the run."""
        self.page.get_by_label("As of").fill(day)
        self.page.get_by_role("button", name="Plan", exact=True).click()
        self.page.wait_for_url("**/runs/R-*/", timeout=60_000)

    def begin_proposal(self, title: str) -> None:
        """Begin a proposal of other rules."""
        self.page.goto("/rules/")
        self.page.get_by_label("Change the rules").fill(title)
        self.page.get_by_role("button", name="Begin a proposal").click()
        self.page.wait_for_url("**/rules/proposals/*/")

    def make_template(self, partner: str, name: str, plan: str) -> None:
        """Make a template that carries a plan. An advisor's partner is not asked for."""
        self.page.goto("/made-templates/new/")
        if partner:
            self.page.get_by_label("Partner id").fill(partner)
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("radio", name=plan, exact=False).check()
        self.page.get_by_role("button", name="Make the template").click()
        self.page.wait_for_url("**/made-templates/*/")

    def make_client(self, partner: str, choice: str, name: str, domain: str, employees: str) -> str:
        """Make a client of a plan or template in three steps; its page's address. An advisor gives no partner."""
        self.page.goto("/clients/new/")
        if partner:
            self.page.get_by_label("Partner id").fill(partner)
        self.page.get_by_role("radio", name=choice, exact=False).first.check()  # plans stand before templates
        self.page.get_by_role("button", name="Go on").click()
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Website domain").fill(domain)
        self.page.get_by_label("Employees").fill(employees)
        self.page.get_by_role("button", name="Go on").click()
        self.page.get_by_role("button", name="Go on").click()  # users: later
        self.page.get_by_role("button", name="Make the client").click()
        self.page.wait_for_url("**/made-clients/*/")
        return self.page.url

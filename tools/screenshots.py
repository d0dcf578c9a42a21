"""Pictures of every screen, wide and narrow, light and dark: `make screenshots` leaves them in build/screenshots.

With `--guides` those that the guides show are taken instead, into docs/pictures: their names stand in the guides.
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser_kit import Person, browser  # noqa: E402 - after the path of the kits
from playwright.sync_api import Browser  # noqa: E402 - as above
from serving_kit import served  # noqa: E402 - as above
from world import World  # noqa: E402 - as above

from connector.sandbox import SandboxServer  # noqa: E402 - as above

OUT = ROOT / "build" / "screenshots"
DOCS = ROOT / "docs"
SHOWN = re.compile(r"\]\(pictures/([a-z-]+)\.png\)")
SIZES = {"wide": 1280, "narrow": 390}
SCREENS = {
    "overview": "/overview/",
    "uploads": "/uploads/",
    "upload": "/uploads/1/",
    "grid": "/uploads/1/grid/2/?choice=faulty",
    "upload-changes": "/uploads/2/changes/changed-rows/",
    "upload-mapping": "/uploads/3/mapping/0/",
    "runs": "/runs/",
    "run-planned": "/runs/R-0002/",
    "run-closed": "/runs/R-0001/",
    "run-lines": "/runs/R-0001/table/lines/",
    "run-rows": "/runs/R-0002/table/rows/",
    "documents": "/documents/",
    "document": "/documents/US-000001/",
    "books": "/books/",
    "connections": "/books/connections/",
    "contacts": "/books/contacts/",
    "mapping": "/books/mapping/",
    "mapping-change": "/books/mapping/us/",
    "needs-you": "/needs-you/",
    "rules": "/rules/",
    "rule-file": "/rules/files/billing.yaml/",
    "proposals": "/rules/proposals/",
    "proposal": "/rules/proposals/1/",
    "rule-editor": "/rules/proposals/1/files/price-books/standard-2026-01-usd.yaml/",
    "made-clients": "/made-clients/",
    "made-client": "/made-clients/1/",
    "made-join": "/made-clients/1/join/",
    "made-templates": "/made-templates/",
    "made-template": "/made-templates/1/",
    "new-template": "/made-templates/new/",
    "new-client": "/clients/new/",
    "people": "/people/",
    "changes": "/changes/",
}


def main() -> None:
    """Bill the samples once, plan the later ones, and look at everything."""
    OUT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        sandbox = SandboxServer(state=Path(place) / "books.sqlite3", host="127.0.0.1", port=0)
        sandbox.start()
        world = World(Path(place) / "work", sandbox)
        with browser() as window, served(world.folder) as (url, first):
            ada = Person(window, url)
            ada.join(first, "Ada")
            ada.invite("approver")
            ada.upload(*map(Path, world.samples))
            ada.plan("2025-06-20")
            ada.page.get_by_role("button", name="Approve").click()
            ada.page.get_by_role("button", name="Send to the books").click()
            ada.page.wait_for_url("**/runs/R-*/", timeout=120_000)
            ada.upload(*map(Path, world.later))
            ada.plan("2025-07-15")
            ada.upload(_unknown(world))
            _dearer(ada)
            ada.make_template("P-1001", "Starter", "Assessment Only")
            ada.make_client("P-1001", "Starter", "Northwind", "northwind.example", "50")
            _drifted(ada, world)
            if "--guides" in sys.argv:
                _of_guides(window, url)
            else:
                _pictures(window, url)
        sandbox.stop()
    for place in (OUT, DOCS / "pictures"):
        sys.stdout.write(f"{place.relative_to(ROOT)}: {len(list(place.glob('*.png')))} pictures\n")


def _drifted(person: Person, world: World) -> None:
    """Somebody changes a document in the books; it is read back, and the accounting systems are asked how they are."""
    world.reprice("US-000001", 5)
    for page, button in (("/books/", "Read the books back"), ("/books/connections/", "Look now")):
        person.page.goto(page)
        person.page.get_by_role("button", name=button).click()
        person.page.wait_for_url(f"**{page}", timeout=120_000)


def _dearer(person: Person) -> None:
    """Propose dearer prices, and keep a fault in another file of them."""
    person.begin_proposal("Prices of 2026, five percent up")
    for name, old, new in (
        ("price-books/standard-2025-03-usd.yaml", '"11-50": 1800', '"11-50": 1890'),
        ("price-books/standard-2026-01-usd.yaml", "prices:", "prizes:"),
    ):
        person.page.get_by_role("link", name=name).click()
        editor = person.page.get_by_label("The file")
        editor.fill(editor.input_value().replace(old, new))
        person.page.get_by_role("button", name="Keep").click()
        person.page.get_by_role("link", name="Prices of 2026").click()
        if "11-50" in old:
            person.page.get_by_role("button", name="Only simulate it").click()
            person.page.wait_for_url("**/rules/proposals/1/", timeout=60_000)


def _of_guides(window: Browser, url: str) -> None:
    """What a wide window shows of the screens that the guides name."""
    named = {name for guide in DOCS.glob("*.md") for name in SHOWN.findall(guide.read_text(encoding="utf-8"))}
    person = Person(window, url)
    person.sign_in("Ada")
    for name in sorted(named):
        person.page.goto(SCREENS[name])
        person.page.wait_for_load_state("networkidle")
        person.page.screenshot(path=DOCS / "pictures" / f"{name}.png")


def _unknown(world: World) -> Path:
    """A list that no mapping reads."""
    header = "Client Nr,Partner Nr,Name of client,Web-site URL,Tarif,Created (date),Zustand,Farbe"
    rows = (
        "K-1,P-1,Nordwind,nordwind.example,Voll,01/03/2025,Ruht,rot",
        "K-2,P-1,Ost,ost.example,Full,02/03/2025,Active,blau",
    )
    return Path(world.write("spring.csv", header, rows))


def _pictures(window: Browser, url: str) -> None:
    for size, width in SIZES.items():
        for dark in (False, True):
            person = Person(window, url, dark=dark, width=width)
            shade = "dark" if dark else "light"
            person.page.goto("/sign-in/")
            person.page.screenshot(path=OUT / f"sign-in-{size}-{shade}.png", full_page=True)
            person.sign_in("Ada")
            for name, address in SCREENS.items():
                person.page.goto(address)
                person.page.screenshot(path=OUT / f"{name}-{size}-{shade}.png", full_page=True)


if __name__ == "__main__":
    main()

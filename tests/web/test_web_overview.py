"""The overview: money by month and tier, places that run out, last night, as drawings with their numbers beneath."""

import re
from datetime import UTC, datetime

from web_kit import person, rows_of, signed_in
from world import PARTNER, World, client

from connector.runs import nights, workspace
from connector.runs.nights import Outcome, Stage
from connector.runs.overview import Billed, Low
from connector.web import charts
from connector.web.site import Site

TODAY = datetime.now(UTC).date()


def test_before_anything_it_says_what_to_do(site: Site) -> None:
    page = signed_in(person("Ada", "admin")).get("/overview/").content.decode()
    assert site.folder.exists()
    assert "Nothing was billed yet: an approved run shows here." in page
    assert "No partner&#x27;s places run out" in page or "No partner's places run out" in page
    assert "No nightly run yet" in page
    assert "<svg" not in page


def test_what_was_billed_is_drawn_and_told_in_numbers(world: World, site: Site) -> None:
    rows = (client("C-1"), client("C-2", size="201-500"), client("C-3", plan="Assessment Only", size="1"))
    run = world.plan(world.partners(PARTNER), world.clients(*rows), as_of=TODAY.isoformat()).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    night, _ = nights.begin(site.now(), "Ada")
    nights.step(night, Stage.ENDED, site.now(), "Ada", outcome=Outcome.DONE.value, run_id=run)
    answer = signed_in(person("Ada", "viewer")).get("/overview/")
    page = answer.content.decode()
    month = f"{TODAY:%Y-%m}"
    assert [f"{month}", "USD 1,800.00", "USD 6,000.00", "USD 7,800.00"] in list(rows_of(answer))
    assert f"<title>{month}, 11-50: USD 1,800.00</title>" in page
    assert f"<title>{month}, 201-500: USD 6,000.00</title>" in page
    assert '<title id="months-USD">Billed by month and tier in USD</title>' in page
    assert "<title>P-1: -1 left of 0</title>" in page
    assert ["P-1", "-1", "0"] in list(rows_of(answer))
    assert "S-0001</b>" in page
    assert "everything is done, and nothing needs a person." in page
    assert re.search(r"R-0001</a>: 1 document approved, USD [0-9,.]+ with tax\.", page)
    assert " style=" not in page
    assert "<style" not in page


def test_while_the_rules_have_faults_it_says_so_and_shows_the_rest(world: World, site: Site) -> None:
    run = world.plan(world.partners(PARTNER), world.clients(client("C-1")), as_of=TODAY.isoformat()).plain["run"]
    assert world.run("approve", run).code == 0
    workspace.open_ledger(site.config())
    (site.folder / "rules" / "billing.yaml").write_text("rules: []\n", encoding="utf-8")
    page = signed_in(person("Ada", "viewer")).get("/overview/").content.decode()
    assert "The rules have faults, and they say what a place is" in page
    assert "months-USD" in page


def test_columns_stand_on_one_another_and_what_is_given_back_hangs_below() -> None:
    minor = {("2025-05", "1"): 100, ("2025-05", "11-50"): 300, ("2025-06", "1"): -200, ("2025-06", "bundles"): 50}
    drawn = charts.months(Billed("USD", ("2025-05", "2025-06"), ("1", "11-50", "bundles"), minor))
    room = charts.HEIGHT - 40
    first, second, below, bundle = drawn.shapes
    assert (first.height, second.height, below.height) == (
        room * 100 // 600,
        room * 400 // 600 - first.height,
        room * 200 // 600,
    )
    assert (first.y + first.height, second.y + second.height) == (drawn.base, first.y)
    assert (below.y, bundle.y + bundle.height) == (drawn.base, drawn.base)
    assert [one.shade for one in drawn.shapes] == ["tier-0", "tier-7", "tier-0", "tier-bundles"]
    assert drawn.about.startswith("USD -1.50 in 2025-06; the most in 2025-05, USD 4.00.")
    assert [str(total) for _, _, total in drawn.rows] == ["USD -1.50", "USD 4.00"]
    assert charts.months(Billed("USD", ("2025-05",), ("without a tier",), {})).shapes == ()


def test_many_partners_are_cut_and_the_rest_is_counted() -> None:
    drawn = charts.places([Low(f"P-{one:03}", one - 5, 20) for one in range(70)])
    assert (len(drawn.labels), len(drawn.low), drawn.more) == (10, 50, 20)
    assert [one.shade for one in drawn.shapes[:2]] == ["places", "over"]
    assert drawn.shapes[-1].shade == "left"
    assert max(one.x + one.width for one in drawn.shapes) <= charts.WIDTH


def test_a_partner_of_a_hostile_name_does_nothing_but_show(world: World, site: Site) -> None:
    evil = PARTNER.replace("P-1", '"<script>alert(1)</script>"')
    rows = [client("C-1", '"<script>alert(1)</script>"', plan="Assessment Only", size="1")]
    run = world.plan(world.partners(evil), world.clients(*rows)).plain["run"]
    assert world.run("approve", run).code in (0, 1)
    workspace.open_ledger(site.config())
    page = signed_in(person("Ada", "viewer")).get("/overview/").content.decode()
    assert "<script>alert" not in page

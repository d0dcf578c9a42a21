"""Rules beyond tiers, from the workbook to the ledger: tags, discounts, counts; and why a line costs what it costs."""

from pathlib import Path

from world import World, client, command

HEADER = "Client ID,Partner ID,Client name,Website,Plan,Created on,Upgraded on,Employees,Status,Country,Tags"
DISCOUNTS = """
  - id: pilot
    when: {tags: [pilot], plan: full_spoke}
    adjust: {percent: -10, reason: "pilot clients"}

  - id: third-client
    when: {clients_this_year: {from: 3}, plan: full_spoke}
    adjust: {percent: -5, reason: "from the third client of the year on"}
"""


def add(world: World, rules: str) -> None:
    path = Path(world.folder) / "rules" / "billing.yaml"
    path.write_text(path.read_text(encoding="utf-8") + rules, encoding="utf-8")


def tagged(number: str, tags: str) -> str:
    return f"{client(number, created=f'2025-04-0{number[-1]}')},US,{tags}"


def test_tags_and_counts_lower_a_price_and_every_line_says_why(world: World) -> None:
    add(world, DISCOUNTS)
    rows = [tagged("C-1", "Pilot; VIP"), tagged("C-2", ""), tagged("C-3", "pilot")]
    world.bill(world.partners(), world.write("clients.csv", HEADER, rows))
    [document] = world.run("documents").plain["documents"]
    answers = [world.run("explain", f"{document['number']}/{number}").plain["explained"] for number in (1, 2, 3)]
    facts = [one["facts"] for [one] in answers]
    amounts = {one["amount"]: one for one in facts}
    assert sorted(amounts) == [
        "1 × USD 1,530.00 = USD 1,530.00",
        "1 × USD 1,620.00 = USD 1,620.00",
        "1 × USD 1,800.00 = USD 1,800.00",
    ]
    both = amounts["1 × USD 1,530.00 = USD 1,530.00"]
    assert both["neighbouring tiers"] == "2-10 at USD 900.00, 51-200 at USD 3,600.00"
    assert {name: text for name, text in both.items() if "adjusted" in name or name == "list price"} == {
        "list price": "USD 1,800.00",
        "adjusted by pilot": "-10 %: pilot clients, at rules/billing.yaml:46",
        "adjusted by third-client": "-5 %: from the third client of the year on, at rules/billing.yaml:50",
    }


BUNDLE_HEADER = "Partner ID,Reference,Purchased on,Quantity"
OFF = """
  - id: bundles-off
    when: {event: bundle}
    adjust: {percent: -33, reason: "bundle offer"}
"""


def test_an_adjusted_purchase_keeps_its_number_of_bundles(world: World) -> None:
    add(world, OFF)
    bundles = world.write("bundles.csv", BUNDLE_HEADER, ["P-1,PO-1,2025-04-02,3"])
    world.bill(world.partners(), bundles)
    assert [one["bought"] for one in world.run("balance", "P-1").plain["balances"]] == [30]
    again = world.plan(bundles).plain
    assert again["buckets"]["bundles"] == {"unchanged": 1}
    [document] = world.run("documents").plain["documents"]
    [line] = document["document"]["lines"]
    assert (line["quantity"], line["unit_minor"], line["net_minor"]) == (1, 301500, 301500)


LADDER = 'price: {graduated: {"1-2": 1500, "3+": 1200}}'
QUOTE = """
  - id: quote-77
    when: {partner: [P-1], event: created, plan: full_spoke}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: {book: standard}, term: once, overrides: full-spoke}
"""


def test_a_line_says_how_its_units_were_counted_and_which_rules_lost(world: World) -> None:
    add(world, QUOTE)
    book = Path(world.folder) / "rules" / "price-books" / "standard-2025-03-usd.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("price: 1500", LADDER), encoding="utf-8")
    bundles = world.write("bundles.csv", BUNDLE_HEADER, ["P-1,PO-1,2025-04-02,3"])
    world.bill(world.partners(), bundles, world.clients(client("C-1")))
    [document] = world.run("documents").plain["documents"]
    answers = [world.run("explain", f"{document['number']}/{number}").plain["explained"] for number in (1, 2)]
    facts = {one["facts"]["rule"].split()[0]: one["facts"] for [one] in answers}
    assert facts["assessment-bundle"]["counted"] == "2 × USD 1,500.00 + 1 × USD 1,200.00"
    assert facts["assessment-bundle"]["amount"] == "USD 4,200.00 altogether"
    assert facts["quote-77"]["lost against it"] == "full-spoke (rules/billing.yaml:14)"


def test_the_sample_of_a_second_metric_is_proved_and_its_tests_pass() -> None:
    folder = Path(__file__).resolve().parents[2] / "samples" / "rulebooks" / "monthly-advisors"
    checked = command("rules", "check", str(folder), "--json")
    assert (checked.code, checked.plain["problems"]) == (0, [])
    tested = command("rules", "test", str(folder))
    assert tested.code == 0
    assert "8 tests, 0 failed." in tested.out

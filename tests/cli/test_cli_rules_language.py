"""Rules beyond tiers, from the workbook to the ledger: tags, discounts, counts; and why a line costs what it costs."""

from pathlib import Path

from world import World, client

HEADER = "Client ID,Partner ID,Client name,Website,Plan,Created on,Upgraded on,Employees,Status,Country,Tags"
DISCOUNTS = """
  - id: pilot
    when: {tags: [pilot], plan: full_spoke}
    adjust: {percent: -10, reason: "pilot clients"}

  - id: third-client
    when: {clients_this_year: {from: 3}, plan: full_spoke}
    adjust: {percent: -5, reason: "from the third client of the year on"}
"""
MONTHS = """
  - id: advisors
    when: {event: month}
    no_charge: "advisors are free"
"""


def add(world: World, rules: str) -> None:
    path = Path(world.folder) / "rules" / "billing.yaml"
    path.write_text(path.read_text(encoding="utf-8") + rules, encoding="utf-8")


def tagged(number: str, tags: str) -> str:
    return f"{client(number)},US,{tags}"


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
    assert {name: text for name, text in both.items() if "adjusted" in name or name == "list price"} == {
        "list price": "USD 1,800.00",
        "adjusted by pilot": "-10 %: pilot clients, at rules/billing.yaml:43",
        "adjusted by third-client": "-5 %: from the third client of the year on, at rules/billing.yaml:47",
    }


def test_rules_that_bill_by_time_alone_are_refused_until_a_plan_makes_them(world: World) -> None:
    add(world, MONTHS)
    answer = world.run("plan", world.partners(), world.clients(client("C-1")))
    assert answer.code == 2
    assert "the rules bill clients by the month, which a plan does not make yet" in answer.out

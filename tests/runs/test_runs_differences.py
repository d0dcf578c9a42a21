"""What is billed stays, and only the difference is billed or given back, where it is nothing but an amount."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from postgres_server import Databases
from terms_kit import change, renewing
from test_runs_correct import sound, told
from world import Answer, World, client

from connector import ledger

REASON = ("--reason", "the headcount was wrong")


def differ(world: World, *words: str, day: str = "2025-06-25") -> Answer:
    return world.run("correct", *words, "--difference", *REASON, "--as-of", day)


def applied(world: World, made: Answer) -> Mapping[str, Any]:
    """Approve and push a correction; what approval wrote."""
    assert made.code == 0, made.out
    done = world.run("approve", made.plain["run"])
    assert done.code == 0, done.out
    sent = world.run("push", made.plain["run"])
    assert sent.code == 0, sent.out
    return done.plain


def learn(world: World, *rows: str) -> None:
    """Upload a corrected list, which bills nothing."""
    seen = world.plan(world.clients(*rows))
    assert seen.plain["documents"] == []
    assert world.run("approve", seen.plain["run"]).code == 0


def billed(world: World, *rows: str) -> World:
    world.bill(world.partners(), world.clients(*(rows or [client("A")])))
    return world


def facts(world: World, subject: str) -> dict[str, str]:
    found: dict[str, str] = world.run("explain", subject).plain["explained"][0]["facts"]
    return found


def refused(answer: Answer) -> str:
    assert answer.code == 1, answer.out
    return str(answer.plain["error"])


@pytest.mark.usefixtures("on_each_database")
def test_what_is_owed_more_is_billed_and_what_is_owed_less_is_given_back(world: World) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    made = differ(world, "US-000001/1")
    assert made.plain["correction"]["difference"] is True
    line = made.plain["correction"]["lines"][0]
    assert (line["place"], line["before"], line["after"], line["new_charge"]) == (
        "US-000001/1",
        "USD 1,800.00 (created on 2025-04-01, 11-50 employees)",
        "USD 3,600.00 (created on 2025-04-01, 51-200 employees)",
        "",
    )
    assert made.plain["amounts_minor"] == {"USD": 180000}
    [invoice] = applied(world, made)["documents"]
    assert (invoice["kind"], invoice["number"], invoice["reference"]) == ("invoice", "US-000002", "US-000001")
    assert (invoice["dated"], invoice["due"]) == ("2025-06-25", "2025-07-25")
    [own] = invoice["lines"]
    assert (own["quantity"], own["unit_minor"], own["net_minor"], own["tax_minor"]) == (1, 180000, 180000, 14850)
    assert own["description"].startswith("Difference to US-000001/1: ")
    assert own["charge_id"] == line["charge_id"]
    sound(world)

    learn(world, client("A", size="2-10"))
    [note] = applied(world, differ(world, "US-000001/1", day="2025-06-26"))["documents"]
    assert (note["kind"], note["number"], note["dated"], note["due"]) == (
        *("credit_note", "US-CN-000001"),
        *("2025-06-26", "2025-06-26"),
    )
    assert note["lines"][0]["net_minor"] == 270000
    assert told(world) == [
        ("US-000001", "booked", "USD 1,948.50"),
        ("US-000002", "booked", "USD 1,948.50"),
        ("US-CN-000001", "booked", "USD 2,922.75"),
    ]
    sound(world)

    whole = facts(world, "US-000001/1")
    assert whole["amount"] == "1 × USD 1,800.00 = USD 1,800.00"
    assert [whole[name] for name in ("difference 1", "difference 2", "with its differences")] == [
        "USD 1,800.00, by R-0003 on US-000002/1",
        "USD -2,700.00, by R-0005 on US-CN-000001/1",
        "USD 900.00",
    ]
    second = facts(world, "US-CN-000001/1")
    assert second["difference to"] == "US-000001/1, USD 3,600.00 before"
    assert (second["tier"][:4], second["amount"]) == ("2-10", "1 × USD 900.00 = USD 900.00")
    assert world.plan(world.clients(client("A", size="2-10"))).plain["buckets"]["clients"] == {"unchanged": 1}

    credited = world.run("correct", "US-CN-000001", "--credit-only", *REASON, "--as-of", "2025-06-27")
    assert credited.plain["correction"]["lines"][0]["before"].startswith("USD 900.00 (created on 2025-04-01, 2-10")
    [last] = applied(world, credited)["documents"]
    assert (last["number"], last["reference"], last["lines"][0]["net_minor"]) == ("US-CN-000002", "US-000001", 90000)
    assert last["lines"][0]["description"].startswith("Credit of US-000001/1 and its differences: ")
    sound(world)
    assert refused(differ(world, "US-000001/1")).startswith("credited before: CH-")


def test_a_name_that_changes_later_asks_nothing(world: World) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    applied(world, differ(world, "US-000001"))
    seen = world.plan(world.clients(client("A", size="51-200", name="Client A Inc.")))
    assert seen.plain["problems"] == []
    assert seen.plain["documents"] == []


def test_a_whole_correction_bills_what_is_known_and_credits_what_is_left(world: World) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    applied(world, differ(world, "US-000001/1"))
    same = world.run("correct", "US-000001/1", *REASON, "--as-of", "2025-06-26")
    assert refused(same).startswith("by what is known and ruled now it would be billed just the same")
    learn(world, client("A", size="2-10"))
    done = applied(world, world.run("correct", "US-000001/1", *REASON, "--as-of", "2025-06-26"))
    assert [(one["kind"], one["lines"][0]["net_minor"]) for one in done["documents"]] == [
        ("credit_note", 360000),
        ("invoice", 90000),
    ]
    sound(world)


def test_of_a_document_each_kind_of_difference_is_on_a_document_of_its_own(world: World) -> None:
    days = ("2025-05-01", "2025-05-02", "2025-05-03")
    sizes = ("11-50", "11-50", "11-50"), ("51-200", "2-10", "11-50")
    before, after = ([client(n, created=d, size=s) for n, d, s in zip("ABC", days, own, strict=True)] for own in sizes)
    billed(world, *before)
    learn(world, *after)
    done = applied(world, differ(world, "US-000001"))
    assert [(one["kind"], [line["net_minor"] for line in one["lines"]]) for one in done["documents"]] == [
        ("invoice", [180000]),
        ("credit_note", [90000]),
    ]
    status = world.run("status", done["run"]).plain["tie_out"]
    [stage] = [one for one in status["stages"] if one["name"] == "differences"]
    assert (stage["count"], stage["minor"]) == (2, {"USD": 90000})
    sound(world)


def test_a_quantity_of_bundles_changes_the_balance(world: World) -> None:
    header = "Partner ID,Purchase reference,Purchased on,Quantity"
    world.bill(world.partners(), world.write("bundles.csv", header, ["P-1,PO-7,2025-05-01,1"]))
    more = world.write("bundles.csv", header, ["P-1,PO-7,2025-05-01,3"])
    world.plan(more)
    done = applied(world, differ(world, "US-000001"))
    assert done["documents"][0]["lines"][0]["net_minor"] == 300000
    balance = next(one for one in world.run("balance").plain["balances"] if one["partner_id"] == "P-1")
    assert balance["bought"] == 30
    sound(world)
    assert world.plan(more).plain["problems"] == []


def test_a_term_that_follows_goes_on_from_the_difference(world: World) -> None:
    renewing(world, term="monthly", price="current", tier="kept")
    world.bill(world.partners(), world.clients(client("A", created="2025-05-10")), as_of="2025-05-20")
    world.bill(world.clients(client("A", created="2025-05-10", size="51-200")), as_of="2025-05-20")
    done = applied(world, differ(world, "US-000001/1", day="2025-05-21"))
    assert [one["lines"][0]["net_minor"] for one in done["documents"]] == [180000]
    sound(world)
    later = world.plan(as_of="2025-06-20").plain["terms"]
    assert [(row["ordinal"], row["amount_minor"]) for row in later["rows"]] == [(2, 360000)]


def moved(world: World) -> None:
    learn(world, client("A", size="51-200", created="2025-04-02"))


def taxed(world: World) -> None:
    learn(world, client("A", size="51-200"))
    books = Path(world.folder) / "mappings" / "books-us.yaml"
    books.write_text(books.read_text("utf-8").replace('account: "200"', 'account: "260"'), encoding="utf-8")


def gone(world: World) -> None:
    learn(world, client("A", size="51-200"))
    change(world, {"rules:\n": 'rules:\n  - id: test\n    when: {domain: [a.example]}\n    not_billable: "a test"\n'})


def free(world: World) -> None:
    learn(world, client("A", size="51-200"))
    offer = '  - id: offer\n    when: {domain: [a.example]}\n    adjust: {percent: -100, reason: "offer"}\n'
    change(world, {"rules:\n": f"rules:\n{offer}"})


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (moved, "its day would be another"),
        (taxed, "its account would be another"),
        (gone, "it would not be billed now"),
        (free, "nothing would be left of it"),
    ],
)
def test_what_is_no_mere_difference_is_refused(world: World, after: Any, why: str) -> None:
    billed(world)
    after(world)
    answer = differ(world, "US-000001/1")
    charge = facts(world, "US-000001/1")["charge"].split(",")[0]
    assert refused(answer) == f"it is no mere difference: {charge}: {why}"
    assert answer.plain["next_step"] == "Correct it whole: without --difference."


def test_a_difference_whose_tax_is_not_the_difference_of_the_taxes_is_refused(world: World) -> None:
    """8.25 % of 1,799.82 and of 1,799.64 are 148.49 and 148.47, and of 0.18 it is 0.01."""
    offer = '  - id: offer\n    when: {domain: [a.example]}\n    adjust: {percent: -0.01, reason: "offer"}\n'
    change(world, {"rules:\n": f"rules:\n{offer}"})
    billed(world)
    change(world, {"percent: -0.01": "percent: -0.02"})
    told = "the tax of the difference would be USD 0.01, and the taxes are USD 0.02 apart"
    assert refused(differ(world, "US-000001/1")).endswith(told)


def test_another_tier_at_the_same_price_is_no_difference(world: World) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    for path in (Path(world.folder) / "rules" / "price-books").iterdir():
        path.write_text(path.read_text("utf-8").replace('"51-200": 3600', '"51-200": 1800'), encoding="utf-8")
    assert refused(differ(world, "US-000001/1")).endswith("its amount would be the same")


def test_what_stands_on_no_document_or_not_in_the_books_has_no_difference(world: World) -> None:
    june = client("A", "P-2", created="2025-06-02")
    world.bill(world.partners(), world.clients(june))
    learn(world, client("A", "P-2", created="2025-06-02", size="51-200"))
    charge = facts(world, "Client A")["charge"].split(",")[0]
    assert refused(differ(world, charge)).endswith("it stands on no document yet")
    assert refused(differ(world, charge, day="2025-06-26")).startswith("it is no mere difference")


def test_a_difference_waits_for_no_month_but_its_own(world: World) -> None:
    row = client("A", "P-2", created="2025-05-02")
    world.bill(world.partners(), world.clients(row))
    learn(world, client("A", "P-2", created="2025-05-02", size="51-200"))
    assert refused(differ(world, "US-000001", day="2025-05-20")).endswith("its document would wait for its month's end")


def test_an_unsent_difference_is_sent_before_another(world: World) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    assert world.run("approve", differ(world, "US-000001").plain["run"]).code == 0
    assert refused(world.run("correct", "US-000001", *REASON)) == "not in the books yet: US-000002 (ready)"


def test_two_plans_over_one_charge_one_wins(world: World) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    first, second = (differ(world, "US-000001").plain["run"] for _ in range(2))
    whole = world.run("correct", "US-000001", *REASON).plain["run"]
    assert world.run("approve", first).code == 0
    for run in (second, whole):
        assert refused(world.run("approve", run)).endswith(" was adjusted meanwhile")
    assert world.run("push", first).code == 0


def test_it_is_one_or_the_other(world: World) -> None:
    billed(world)
    both = world.run("correct", "US-000001", "--credit-only", "--difference", *REASON)
    assert (both.code, both.plain["error"]) == (2, "--credit-only and --difference exclude each other")
    learn(world, client("A", size="2-10"))
    change(world, {"    credit_note_prefix: US-CN-": "    # credit_note_prefix:"}, file="entities.yaml")
    assert refused(differ(world, "US-000001")) == "selling entity us declares no numbers for credit notes"


def test_a_difference_is_shown_on_one_screen_and_as_a_page(world: World) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    shown = world.run("correct", "US-000001", "--difference", *REASON, "--as-of", "2025-06-25", as_json=False)
    assert "Billed by the difference" in shown.out
    page = world.folder / "difference.html"
    assert world.run("show", "R-0003", "--html", str(page)).code == 0
    assert "51-200" in page.read_text("utf-8")


@pytest.mark.usefixtures("on_each_database")
def test_a_name_is_erased_from_differences_too(world: World) -> None:
    billed(world, client("A", name="Quill Dental"))
    learn(world, client("A", name="Quill Dental", size="51-200"))
    applied(world, differ(world, "US-000001"))
    assert world.run("erase", "Quill Dental", "--yes").code == 0
    documents = world.run("documents").plain["documents"]
    texts = [line["description"] for one in documents for line in one["document"]["lines"]]
    assert len(texts) == 2
    assert not [text for text in texts if "Quill" in text]
    sound(world)


def test_a_ledger_with_differences_moves_whole(
    world: World, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    billed(world)
    learn(world, client("A", size="51-200"))
    applied(world, differ(world, "US-000001"))
    before = facts(world, "US-000001/1")
    assert world.run("dump", str(tmp_path / "moved.dump")).code == 0
    url = databases.make()
    monkeypatch.setenv("CONNECTOR_LEDGER", url)
    assert world.run("restore", str(tmp_path / "moved.dump")).code == 0
    assert facts(world, "US-000001/1") == before
    sound(world)
    ledger.close_store()
    databases.drop(url)

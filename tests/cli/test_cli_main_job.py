"""The main job through the command line: plan, approve, push; again, sorted, renamed; faulty rows beside good ones."""

import random

from world import World, client

UK, US = "22222222-2222-4222-8222-222222222222", "11111111-1111-4111-8111-111111111111"


def documents_in_sandbox(world: World) -> int:
    return sum(len(world.invoices(tenant)) for tenant in (US, UK))


def test_a_clean_upload_is_planned_approved_pushed_and_tied_out(world: World) -> None:
    planned = world.plan(world.partners(), world.clients(client("A"), client("B", "P-3", size="7")))
    assert planned.code == 0
    assert [one["total"] for one in planned.plain["documents"]] == ["GBP 864.00", "USD 1,948.50"]
    assert planned.plain["buckets"]["clients"] == {"billed": 2}
    approved = world.run("approve", planned.plain["run"])
    assert [one["number"] for one in approved.plain["documents"]] == ["UK-000001", "US-000001"]
    sent = world.run("push", planned.plain["run"])
    assert sent.code == 0
    assert sent.plain["tie_out"]["ties"] is True
    assert [stage["count"] for stage in sent.plain["tie_out"]["stages"]][-3:] == [2, 2, 2]
    assert documents_in_sandbox(world) == 2
    assert world.run("status").plain["state"] == "closed"


def test_the_same_workbook_again_sorted_and_renamed_bills_nothing(world: World) -> None:
    rows = [client(f"C{number}", size=size) for number, size in enumerate(["1", "2-10", "50", "51-200", "201-500"])]
    world.bill(world.partners(), world.clients(*rows))
    shuffled = rows.copy()
    random.Random(7).shuffle(shuffled)
    for files in ([world.partners(), world.clients(*rows)], [world.clients(*shuffled, name="renamed.csv")]):
        again = world.plan(*files)
        assert again.code == 0
        assert again.plain["documents"] == []
        assert again.plain["buckets"]["clients"] == {"unchanged": 5}
        assert world.run("approve", again.plain["run"]).plain["charges"] == 0
    assert documents_in_sandbox(world) == 1


def test_a_faulty_row_is_reported_at_its_cell_and_the_others_go_through(world: World) -> None:
    planned = world.plan(world.partners(), world.clients(client("A"), client("B", size="c. 50"), client("C")))
    assert planned.code == 1
    problem = planned.plain["problems"][0]
    assert (problem["code"], problem["where"].rpartition(":")[2]) == ("record-employees", "H3")
    assert planned.plain["buckets"]["clients"] == {"billed": 2, "blocked_row": 1}


def test_a_price_change_does_not_touch_who_was_billed(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    book = world.folder / "rules" / "price-books" / "standard-2025-03-usd.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("1800", "2800"), encoding="utf-8")
    again = world.plan(world.clients(client("A", name="Renamed"), client("B")))
    assert again.plain["buckets"]["clients"] == {"already_billed": 1, "billed": 1}
    assert [one["net_minor"] for one in again.plain["documents"]] == [280_000]


def test_monthly_charges_wait_for_the_months_end(world: World) -> None:
    lines = world.clients(client("A", "P-2", created="2025-05-30"), client("B", "P-2", created="2025-06-02"))
    june = world.bill(world.partners(), lines, as_of="2025-06-20")
    assert june["plan"]["buckets"]["clients"] == {"awaiting_document": 1, "billed": 1}
    july = world.bill(lines, as_of="2025-07-01")
    assert july["plan"]["buckets"]["clients"] == {"unchanged": 2}
    assert [one["net_minor"] for one in july["plan"]["documents"]] == [180_000]
    assert documents_in_sandbox(world) == 2
    assert world.run("status", "R-0001").plain["tie_out"]["ties"] is True


def test_a_client_is_created_on_assessment_and_upgraded_by_a_later_upload(world: World) -> None:
    first = world.bill(world.partners(), world.clients(client("A", plan="Assessment Only")))
    assert first["plan"]["buckets"]["clients"] == {"inside_bundle": 1}
    later = world.bill(world.clients(client("A", upgraded="2025-06-01")))
    assert later["plan"]["buckets"]["clients"] == {"billed": 1}
    balance = {one["partner_id"]: one for one in world.run("balance").plain["balances"]}
    assert balance["P-1"] == {
        "partner_id": "P-1", "opening": 0, "included": 0, "bought": 0, "used": 1, "left": -1,
    }  # fmt: skip


def test_the_samples_bill_the_same_whatever_the_order_of_the_files(world: World) -> None:
    planned = world.plan(*reversed(world.samples))
    again = world.plan(*world.samples)
    totals = [sorted(one["total"] for one in plan.plain["documents"]) for plan in (planned, again)]
    assert totals[0] == totals[1]
    assert planned.plain["buckets"] == again.plain["buckets"]

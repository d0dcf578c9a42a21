"""What people ask of the ledger: explain, documents, exceptions, status, doctor; what a push tells when it cannot."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from world import PARTNER, PARTNER_HEADER, World, client, command

from connector import ledger
from connector.ledger import outbox
from connector.runs import starter as starting
from connector.runs import workspace
from connector.runs.asking import Clock
from connector.runs.config import FILE, load_config
from connector.runs.errors import StopError
from connector.runs.sending import Wish, send
from connector.sandbox import SandboxServer


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_line_says_why(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A", size="51-200"), client("B", created="2024-01-05")))
    explained = world.run("explain", "US-000001/1").plain["explained"]
    facts = explained[0]["facts"]
    assert explained[0]["title"] == (
        "US-000001/1 (booked): Full feature Spoke: Client A, 51-200 employees, created 2025-04-01"
    )
    assert facts["event"] == "created on 2025-04-01"
    assert facts["source"].endswith("clients.csv:2 (R-0001)")
    assert facts["rule"].startswith("full-spoke at rules/billing.yaml:")
    assert facts["tier"] == "51-200, by band (band 51-200, as of 2025-06-20)"
    assert facts["price"].startswith("USD 3,600.00 by standard@2025-03-01 USD at rules/price-books/")
    assert facts["amount"] == "1 × USD 3,600.00 = USD 3,600.00"
    assert facts["tax"] == "8.25 % as OUTPUT: USD 297.00"
    assert len(facts["rulebook"]) == 64
    assert world.run("explain", "US-000001").plain["explained"] == explained
    opening = world.run("explain", "client b").plain["explained"]
    assert [one["facts"]["amount"] for one in opening] == ["USD 0.00: an opening entry, before go-live"]
    assert opening[0]["title"] == "opening entry: full-spoke, created on 2024-01-05"
    by_id = world.run("explain", "a").plain["explained"]
    assert [one["title"] for one in by_id] == ["US-000001/1: full-spoke, created on 2025-04-01"]
    wrong = world.run("explain", "US-000001/7")
    assert (wrong.code, wrong.plain["error"]) == (1, "US-000001 has lines 1 to 1, not 7")
    assert "rule" in world.run("explain", "US-000001", as_json=False).out


def test_a_count_explains_itself(world: World) -> None:
    bundles = world.write("bundles.csv", "Partner ID,Reference,Purchased on,Quantity", ["P-1,PO-1,2025-04-01,2"])
    world.bill(world.partners(), world.clients(client("A", size="120")), bundles)
    tiers = [one["facts"]["tier"] for one in world.run("explain", "US-000001").plain["explained"]]
    assert sorted(tiers) == ["51-200, by count (count 120, as of 2025-06-20)", "none: not priced by size"]


def test_a_charge_that_waits_for_its_document_says_so(alone: World) -> None:
    june = alone.clients(client("A", "P-2", created="2025-06-02"))
    alone.run("approve", alone.plan(alone.partners(), june).plain["run"])
    titles = [one["title"] for one in alone.run("explain", "A").plain["explained"]]
    assert titles == ["waiting for its document: full-spoke, created on 2025-06-02"]


def test_documents_and_runs_are_listed(world: World) -> None:
    assert world.run("show").plain["error"] == "there are no runs yet"
    assert world.run("runs").plain == {"runs": [], "exit_code": 0}
    assert world.run("documents").plain == {"documents": [], "exit_code": 0}
    assert world.run("status").plain == {"runs": 0, "exit_code": 0}
    assert world.run("exceptions").plain == {"exceptions": [], "exit_code": 0}
    world.bill(world.partners(), world.clients(client("A")))
    world.bill(world.clients(client("B")))
    assert [one["state"] for one in world.run("runs").plain["runs"]] == ["closed", "closed"]
    assert [one["number"] for one in world.run("documents").plain["documents"]] == ["US-000001", "US-000002"]
    assert [one["number"] for one in world.run("documents", "R-0002").plain["documents"]] == ["US-000002"]
    for name in ("runs", "documents", "status", "exceptions", "balance", "show"):
        assert world.run(name, as_json=False).out != ""


def test_exceptions_name_what_needs_a_person_and_the_next_step(alone: World) -> None:
    lines = alone.clients(client("A"), client("B", site="hold.example"), client("C", size="c. 50"))
    alone.plan(alone.partners(), lines)
    planned = alone.run("exceptions")
    assert planned.code == 3
    assert [one["kind"] for one in planned.plain["exceptions"]] == [
        "record-employees", "held-by-rule", "run-not-approved",
    ]  # fmt: skip
    alone.run("approve", "R-0001")
    kinds = [one["kind"] for one in alone.run("exceptions").plain["exceptions"]]
    assert kinds == ["record-employees", "held-by-rule", "document-ready"]
    alone.plan(alone.clients(client("A"), client("D")))
    kinds = [one["kind"] for one in alone.run("exceptions").plain["exceptions"]]
    assert kinds == ["record-gone", "run-not-approved", "document-ready"]  # B and C are not in the list any more
    assert alone.run("status", "R-0001").code == 3


def test_a_refused_document_is_told_mended_and_sent_again(world: World) -> None:
    """The books are locked between approval and push; once they are open again the same document goes through."""
    run = world.plan(world.partners(), world.clients(client("A"))).plain["run"]
    world.run("approve", run)
    world.lock("US-BOOKS", "2025-12-31")
    sent = world.run("push", run)
    assert sent.code == 3
    assert [one["number"] for one in sent.plain["tenants"]["us-books"]["rejected"]] == ["US-000001"]
    found = [one for one in world.run("exceptions").plain["exceptions"] if one["kind"] == "document-rejected"]
    assert found[0]["next_step"] == f"Mend the cause, then 'connector push {run} --retry-rejected'."
    assert "locked" in world.run("push", run, "--retry-rejected", as_json=False).out
    world.lock("US-BOOKS", None)
    again = world.run("push", run, "--retry-rejected")
    assert (again.code, again.plain["tenants"]["us-books"]["booked"]) == (0, ["US-000001"])


def test_a_partner_is_linked_to_a_contact_whose_name_it_bears_and_sent_again(world: World) -> None:
    """The books have a contact of the partner's name but not of its number: a person says that it is the same."""
    contact = world.contact("One Partner")
    run = world.plan(world.partners(PARTNER), world.clients(client("A"))).plain["run"]
    world.run("approve", run)
    refused = world.run("push", run).plain["tenants"]["us-books"]["rejected"]
    assert "Link the partner to the right contact" in refused[0]["reason"]
    header = PARTNER_HEADER.replace("Partner name,", "Partner name,Contact ID,")
    row = f"P-1,One Partner,{contact},MSP,us,USD,US,Taxable,30,Bank transfer,On event,2025-06-01"
    world.run("approve", world.plan(world.write("partners.csv", header, [row])).plain["run"])
    again = world.run("push", run, "--retry-rejected")
    assert (again.code, again.plain["tenants"]["us-books"]["booked"]) == (0, ["US-000001"])
    assert [one["Contact"]["ContactID"] for one in world.invoices("11111111-1111-4111-8111-111111111111")] == [contact]


def test_what_the_books_would_refuse_blocks_its_document_at_planning(world: World) -> None:
    """A locked period, an archived account, a tax rate of our own, a contact id that nobody has."""
    header = PARTNER_HEADER.replace("Partner name,", "Partner name,Contact ID,")
    nobody = (
        "P-3,Three,99999999-9999-4999-8999-999999999999,MSSP,uk,GBP,GB,Taxable,30,Bank transfer,On event,2024-01-01"
    )
    ours = "P-1,One,,MSP,us,USD,US,Taxable,30,Bank transfer,On event,2024-01-01"
    files = (world.write("partners.csv", header, [nobody, ours]), world.clients(client("A"), client("B", "P-3")))
    edit(world.folder / "mappings" / "books-us.yaml", 'account: "200"', 'account: "310"')
    edit(world.folder / "mappings" / "books-us.yaml", "percent: 8.25", "percent: 8.26")
    world.lock("US-BOOKS", "2025-12-31")
    planned = world.plan(*files)
    assert planned.code == 1
    assert planned.plain["buckets"]["clients"] == {"blocked": 2}
    told = " ".join(one["message"] for one in planned.plain["problems"])
    assert {one["code"] for one in planned.plain["problems"]} == {"document-refused-by-books"}
    assert all(word in told for word in ("310", "8.26", "locked up to 2025-12-31", "99999999")), told
    assert world.run("approve", planned.plain["run"]).plain["charges"] == 0


def test_books_that_cannot_be_asked_block_nothing_and_are_named(alone: World) -> None:
    planned = alone.plan(alone.partners(), alone.clients(client("A")))
    assert (planned.code, list(planned.plain["books_not_asked"])) == (0, ["us-books"])
    assert "could not be asked" in alone.run("show", as_json=False).out
    edit(alone.folder / FILE, "credentials: sandbox", "credentials: {client_id_from: NO_ID, client_secret_from: NO_ID}")
    assert "missing" in alone.plan(alone.partners(), alone.clients(client("A"))).plain["books_not_asked"]["us-books"]


def test_contacts_that_cannot_be_asked_are_named_too(world: World) -> None:
    header = PARTNER_HEADER.replace("Partner name,", "Partner name,Contact ID,")
    nobody = "P-1,One,99999999-9999-4999-8999-999999999999,MSP,us,USD,US,Taxable,30,Bank transfer,On event,2024-01-01"
    world.fault(kind="unavailable_503", times=9, path="Contacts")
    planned = world.plan(world.write("partners.csv", header, [nobody]), world.clients(client("A")))
    assert (planned.code, list(planned.plain["books_not_asked"])) == (0, ["us-books"])


def test_a_voided_deleted_or_changed_document_does_not_tie(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    world.void("US-000001")
    again = world.run("push", "R-0001")
    assert (again.code, again.plain["tie_out"]["ties"]) == (3, False)
    found = world.run("exceptions").plain["exceptions"]
    assert [(one["kind"], one["what"]) for one in found] == [("document-drift", "it is VOIDED in the books")]
    assert world.run("push", "R-0001").code == 3
    assert len(world.run("exceptions").plain["exceptions"]) == 1
    assert "USD 1,948.50 against USD 0.00" in world.run("push", "R-0001", as_json=False).out


def test_a_document_that_a_bookkeeper_changed_is_drift(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    world.reprice("US-000001", 5)
    assert world.run("push", "R-0001").code == 3
    found = world.run("exceptions").plain["exceptions"]
    assert [one["what"] for one in found] == ["its total is USD 5.00 in the books, not USD 1,948.50"]


def test_a_push_says_when_it_waits_for_the_calls_of_a_minute(world: World) -> None:
    world.run("approve", world.plan(world.partners(), world.clients(client("A"))).plain["run"])
    edit(world.folder / FILE, "time_out_seconds: 10", "time_out_seconds: 10\n    calls_per_minute: 3")
    moment, told = [datetime.now(UTC)], []

    def wait(seconds: float) -> None:
        moment[0] += timedelta(seconds=seconds)

    config = load_config(world.folder, {})
    workspace.open_ledger(config)
    clock = Clock(lambda: moment[0], wait)
    send(config, Wish("R-0001", "tester"), clock, lambda progress: told.append(progress.message))
    assert any("to keep within the calls of a minute that us-books allows" in message for message in told)


def test_books_that_were_exchanged_have_nothing_of_ours(world: World, tmp_path: Path) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    other = SandboxServer(state=tmp_path / "other.sqlite3", host="127.0.0.1", port=0)
    other.start()
    try:
        world.bind(other.url)
        assert world.run("push", "R-0001").code == 3
    finally:
        other.stop()
    found = world.run("exceptions").plain["exceptions"]
    assert [one["what"] for one in found] == ["it is not in the books any more"]


def test_a_push_without_a_run_sends_and_ties_out_every_approved_one(world: World) -> None:
    for number in ("A", "B"):
        world.run("approve", world.plan(world.partners(), world.clients(client(number))).plain["run"])
    world.plan(world.clients(client("C")))
    sent = world.run("push")
    assert (sent.code, [one["run"] for one in sent.plain["tie_outs"]]) == (0, ["R-0001", "R-0002"])
    assert [one["state"] for one in world.run("runs").plain["runs"]] == ["closed", "closed", "planned"]
    assert world.run("push").plain["tie_outs"] == []
    assert "Nothing is approved and unsent." in world.run("push", as_json=False).out


def test_a_push_of_one_run_ties_out_the_others_it_sent(world: World) -> None:
    for number in ("A", "B"):
        world.run("approve", world.plan(world.partners(), world.clients(client(number))).plain["run"])
    sent = world.run("push", "R-0002")
    assert [one["run"] for one in sent.plain["tie_outs"]] == ["R-0001", "R-0002"]
    assert world.run("runs").plain["runs"][0]["state"] == "closed"


def test_a_document_in_doubt_tells_what_to_compare(world: World) -> None:
    other = World(world.folder.parent / "second", world.server)
    run = other.plan(other.partners(), other.clients(client("A", size="201-500"))).plain["run"]
    other.run("approve", run)
    world.bill(world.partners(), world.clients(client("A")))
    sent = other.run("push", run)
    assert sent.code == 3
    assert [one["number"] for one in sent.plain["tenants"]["us-books"]["quarantined"]] == ["US-000001"]
    found = [one for one in other.run("exceptions").plain["exceptions"] if one["kind"] == "document-quarantined"]
    assert found[0]["next_step"].startswith("Look US-000001 up in the books")


def test_a_tenant_that_is_not_declared_any_more_stops_only_its_own(world: World) -> None:
    run = world.plan(world.partners(), world.clients(client("A"), client("B", "P-3"))).plain["run"]
    world.run("approve", run)
    whole = (world.folder / FILE).read_text(encoding="utf-8")
    renamed = whole.replace("  us-books: ", "  us-ledger:").replace("us: us-books", "us: us-ledger")
    (world.folder / FILE).write_text(renamed, encoding="utf-8")
    sent = world.run("push", run)
    assert sent.code == 2
    assert sent.plain["setup_faults"]["us-books"]["next_step"] == "Declare it again there."
    assert sent.plain["tenants"]["uk-books"]["booked"] == ["UK-000001"]
    assert "Declare it again there." in world.run("push", run, as_json=False).out
    (world.folder / FILE).write_text(whole, encoding="utf-8")
    assert world.run("push", run).code == 0


def test_a_push_of_what_is_booked_reads_it_back_and_says_when_it_cannot(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    again = world.run("push", "R-0001")
    assert (again.code, again.plain["tenants"], again.plain["tie_out"]["ties"]) == (0, {}, True)
    world.fault(kind="unavailable_503", times=50)
    unread = world.run("push", "R-0001")
    assert (unread.code, list(unread.plain["not_read_back"])) == (3, ["us-books"])
    assert "not read back" in world.run("push", "R-0001", as_json=False).out


def test_a_wrong_secret_after_booking_is_told_at_reading_back(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    edit(world.folder / FILE, "connect/token", "connect/nowhere")
    unread = world.run("push", "R-0001")
    assert unread.code != 0
    assert unread.plain["not_read_back"] or unread.plain["setup_faults"]


def test_drift_is_listed(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    ledger.open_store(world.folder / "ledger.sqlite3")
    document = ledger.read("document")["document_id"][0]
    outbox.record_event(document, "drift", "total USD 1,948.51 in the books", datetime(2025, 6, 21, tzinfo=UTC))
    ledger.close_store()
    found = world.run("exceptions").plain["exceptions"]
    assert [(one["kind"], one["where"], one["what"]) for one in found] == [
        ("document-drift", "US-000001", "total USD 1,948.51 in the books")
    ]


def test_doctor_looks_at_everything(world: World) -> None:
    well = world.run("doctor")
    assert well.code == 0, well.out
    assert [one["what"] for one in well.plain["findings"]] == [
        "program", "settings", "rules and mappings", "ledger", "disk", "tenant us-books", "tenant uk-books",
    ]  # fmt: skip
    us = next(one["told"] for one in well.plain["findings"] if one["what"] == "tenant us-books")
    assert us == "Sample US Books (sandbox), USD, 4 accounts; 4,996 calls left today"
    edit(world.folder / "rules" / "billing.yaml", "policies:", "polices:")
    edit(
        world.folder / FILE,
        "credentials: sandbox",
        "credentials: {client_id_from: NO_ID, client_secret_from: NO_SECRET}",
    )
    ill = world.run("doctor")
    assert ill.code == 1
    assert [one["what"] for one in ill.plain["findings"] if not one["good"]] == [
        "rules and mappings", "tenant us-books", "tenant uk-books",
    ]  # fmt: skip
    assert "BAD rules and mappings" in world.run("doctor", as_json=False).out
    assert command("doctor", "--folder", str(world.folder / "nowhere"), "--json").code == 1


def test_doctor_names_what_is_not_mapped_or_bound(alone: World) -> None:
    edit(alone.folder / "rules" / "billing.yaml", "item: SPOKE-AO-BUNDLE", "item: SPOKE-AO-BUNDEL")
    found = {one["what"]: one for one in alone.run("doctor").plain["findings"]}
    assert found["rules and mappings"]["told"] == (
        "no account for SPOKE-AO-BUNDEL in the books of us, SPOKE-AO-BUNDEL in the books of uk"
    )
    assert found["tenant us-books"]["next_step"].startswith("Start the sandbox: 'connector sandbox'.")
    edit(alone.folder / FILE, "  uk: uk-books\n", "")
    found = {one["what"]: one for one in alone.run("doctor").plain["findings"]}
    assert found["rules and mappings"]["told"] == "no tenant for uk"


def test_another_tenant_for_an_entity_refuses_the_approval(alone: World) -> None:
    run = alone.plan(alone.partners(), alone.clients(client("A"))).plain["run"]
    edit(alone.folder / FILE, "  us: us-books\n", "  us: uk-books\n")
    assert "which tenant keeps whose books" in alone.run("approve", run).plain["error"]


def test_a_secret_typed_into_the_settings_is_not_shown(alone: World) -> None:
    edit(alone.folder / FILE, "credentials: sandbox", "credentials: {client_id: me, client_secret: canary-secret}")
    answer = alone.run("runs")
    assert answer.code == 2
    assert "canary-secret" not in answer.out + answer.err


def test_the_template_asks_for_what_is_read(alone: World, tmp_path: Path) -> None:
    out = tmp_path / "mine.xlsx"
    assert alone.run("template", str(out)).code == 0
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["Read me", "Lists", "Clients", "Partners", "Bundles", "Templates"]
    checked = alone.run("check", str(out))
    assert (checked.code, checked.plain["problems"]) == (0, [])
    sheet = book["Clients"]
    titles = [cell.value for cell in sheet[1]]
    row = {
        "Client ID": "C-1",
        "Partner ID": "P-1",
        "Client name": "=HYPERLINK(1)",
        "Plan": "full_spoke",
        "Status": "active",
    }
    row |= {"Created on": "2025-04-01", "Employees": "11-50", "Website domain": "one.example"}
    for column, title in enumerate(titles, 1):
        sheet.cell(2, column, row.get(title))
    sheet.cell(2, titles.index("Client name") + 1).data_type = "s"
    book.save(out)
    planned = alone.plan(alone.partners(), str(out))
    assert (planned.code, planned.plain["buckets"]["clients"]) == (0, {"billed": 1}), planned.plain["problems"]
    again = alone.run("template", str(out))
    assert again.plain["error"] == f"{out} exists already, and nothing is overwritten"
    nowhere = alone.run("template", str(tmp_path / "no" / "folder.xlsx"))
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.plain["error"]


def test_an_installation_that_is_not_whole_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(starting, "_HERE", tmp_path / "connector")
    with pytest.raises(StopError, match="lacks its samples files"):
        starting.starter("samples")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    made = command("init", str(tmp_path / "file" / "deep"), "--json")
    assert made.code == 2
    assert "cannot be written" in made.plain["error"]


def test_settings_of_other_shapes(alone: World) -> None:
    edit(alone.folder / FILE, "    credentials: sandbox\n    invoice_status: AUTHORISED   # or DRAFT\n", "")
    answer = alone.run("runs")
    assert [one["message"] for one in answer.plain["problems"]] == [
        "tenant us-books does not say 'credentials'", "tenant us-books does not say 'invoice_status'",
    ]  # fmt: skip
    (alone.folder / FILE).write_text("", encoding="utf-8")
    assert alone.run("runs").plain["error"] == "connector.yaml is empty"

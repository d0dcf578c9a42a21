"""How a tenant stands is told as a value, whether it is reached or not; and what was found is kept whole."""

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from consent_kit import agree_by_hand
from files_kit import QUICKBOOKS_TENANT, XERO_TENANT
from files_kit import bind as by_files
from quickbooks_kit import bind as by_quickbooks
from world import World

from connector.accounting.answers import Account, Catalogue, TaxCode
from connector.runs.asking import Clock
from connector.runs.config import load_config
from connector.runs.connecting import connect_tenant, consented
from connector.runs.health import Connection, look_at
from connector.sandbox.quickbooks import US_COMPANY

CLOCK = Clock(lambda: datetime.now(UTC), lambda _seconds: None)
REDIRECT = "http://localhost:18771/callback"


def looked(world: World, name: str = "us-books") -> Connection:
    """How a tenant stands; what is kept of it says the same."""
    found = look_at(load_config(world.folder, os.environ).tenants[name], CLOCK)
    assert Connection.from_plain(json.loads(json.dumps(found.to_plain()))) == found
    return found


def set_up(found: Connection) -> Catalogue:
    assert (found.fault, found.next_step) == ("", "")
    assert found.catalogue is not None
    return found.catalogue


def test_an_organisation_of_xero_is_told_with_its_limits(world: World) -> None:
    world.lock("11111111-1111-4111-8111-111111111111", "2025-03-31")
    found = looked(world)
    one = set_up(found)
    assert (one.organisation, one.base_currency) == ("Sample US Books (sandbox)", "USD")
    assert one.lock_dates == {"period lock date": date(2025, 3, 31)}
    assert one.accounts["200"] == Account("Sales", is_active=True, for_lines=True)
    assert one.tax_codes["OUTPUT"] == TaxCode(Decimal("8.25"), for_revenue=True, is_active=True)
    assert (found.consent, found.budget and found.budget.calls_a_minute) == ("", 55)
    assert found.budget is not None
    assert found.budget.left_today is not None


def test_a_company_of_quickbooks_is_told_with_its_consent(world: World) -> None:
    by_quickbooks(world, REDIRECT)
    settings = consented(load_config(world.folder, os.environ), "quickbooks", "us-books")
    assert looked(world).next_step.startswith("Run 'connector connect quickbooks us-books'")
    connect_tenant(settings, lambda page, _: agree_by_hand(page, US_COMPANY), CLOCK)
    found = looked(world)
    assert set_up(found).item_accounts is not None
    assert "connect it again before" in found.consent


@pytest.mark.parametrize("tenant", [XERO_TENANT, QUICKBOOKS_TENANT], ids=["xero", "quickbooks"])
def test_books_that_are_reached_by_files_tell_what_was_declared(alone: World, tenant: str) -> None:
    by_files(alone, tenant)
    found = looked(alone)
    assert (set_up(found).organisation, found.consent, found.budget) == ("Example Vendor Inc.", "", None)
    assert set_up(found).in_cells


def test_what_hinders_is_told_with_what_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.fault(kind="unavailable_503", times=9, path="Organisation")
    found = looked(world)
    assert (found.fault, found.catalogue) == ("Xero is not available.", None)
    assert found.next_step.startswith("Start the sandbox: 'connector sandbox'. It is expected at http://127.0.0.1:")
    world.bind("http://127.0.0.1:9")
    config = world.folder / "connector.yaml"
    theirs = "credentials: {client_id_from: SOME_ID, client_secret_from: SOME_ID}"
    config.write_text(config.read_text(encoding="utf-8").replace("credentials: sandbox", theirs), encoding="utf-8")
    assert looked(world).fault == "us-books: the client id or the client secret is missing"
    monkeypatch.setenv("SOME_ID", "unknown")
    step = "Is http://127.0.0.1:9/api.xro/2.0 right, and does this machine reach it? Then try again."
    assert looked(world).next_step == step

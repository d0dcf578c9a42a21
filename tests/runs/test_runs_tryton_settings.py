"""Companies in Tryton as `connector.yaml` declares them, and how they are reached; no server is needed for it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tryton_answers import URL, told
from tryton_kit import US, now
from world import World

from connector.accounting.answers import Catalogue
from connector.accounting.settings import TenantSettings, TrytonSettings
from connector.runs.asking import Clock
from connector.runs.config import FILE, load_config
from connector.runs.connecting import declared, reach_tenant
from connector.runs.errors import StopError

SETTINGS = """\
ledger: ledger.sqlite3
rules: rules
mappings: mappings
tenants:
  us-tryton:
    system: tryton
    api_url: https://erp.example.com/
    database: billing
    company: Sample US Books
    lines: products
    credentials: {user_from: TRYTON_USER, password_from: TRYTON_PASSWORD}
books:
  us: us-tryton
  uk: us-tryton
"""
ENVIRONMENT = {"TRYTON_USER": "billing-us", "TRYTON_PASSWORD": "secret"}
FULL = TenantSettings(
    name="us-tryton",
    system="tryton",
    api_url=URL,
    client_id="billing-us",
    client_secret="secret",  # noqa: S106  # nobody's
    quiet_seconds=180,
    time_out_seconds=60,
    calls_per_minute=600,
    tryton=TrytonSettings("billing", US, by_products=True),
)


@pytest.fixture
def folder(alone: World) -> Path:
    return alone.folder


def loaded(folder: Path, *changes: tuple[str, str]) -> TenantSettings:
    text = SETTINGS
    for what, otherwise in changes:
        text = text.replace(what, otherwise)
    (folder / FILE).write_text(text, encoding="utf-8")
    return load_config(folder, ENVIRONMENT).tenants["us-tryton"]


def test_a_company_is_declared(folder: Path) -> None:
    assert loaded(folder) == FULL
    changed = loaded(folder, ("lines: products", "lines: accounts\n    journal: REV\n    quiet_seconds: 300"))
    assert changed.tryton == TrytonSettings("billing", US, by_products=False, journal="REV")
    assert (changed.quiet_seconds, changed.again) == (300, "connector connect tryton us-tryton")
    nobody = loaded(folder, ("TRYTON_USER", "NOT_SET"))
    assert (nobody.client_id, nobody.lacks_credentials) == ("", True)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ([("https://erp", "http://erp")], "api_url must begin with https://"),
        ([("    database: billing\n", "")], "database"),
        ([("lines: products", "lines: both")], "lines"),
        ([("user_from: TRYTON_USER, ", "")], "user_from"),
        ([("lines: products", "lines: products\n    token_url: x")], "token_url"),
        ([("lines: products", "lines: products\n    time_out_seconds: 61")], "quiet_seconds must be at least 3 times"),
        ([("lines: products", "lines: products\n    quiet_seconds: 0")], "quiet_seconds must lie between 1 and 600"),
    ],
)
def test_what_is_declared_wrongly_is_told(folder: Path, changes: Sequence[tuple[str, str]], fault: str) -> None:
    with pytest.raises(StopError) as stop:
        loaded(folder, *changes)
    assert fault in " ".join(map(str, stop.value.problems))


def test_a_declared_company_is_reached_or_told_not_to_be(folder: Path) -> None:
    loaded(folder)
    clock = Clock(now, lambda _seconds: None)
    config = load_config(folder, ENVIRONMENT)
    with pytest.raises(StopError, match=r"connector\.yaml has tenants of Tryton, and other is none of them"):
        declared(config, "tryton", "other")
    with pytest.raises(StopError, match=r"connector\.yaml declares no tenant of Xero"):
        declared(config, "xero", "")
    settings = declared(config, "tryton", "")
    with told() as server:
        read = reach_tenant(settings, clock)
        assert isinstance(read, Catalogue)
        assert (read.organisation, read.base_currency) == (US, "USD")
        server.tell("model.account.tax.search_read", (503, ""))
        with pytest.raises(StopError, match="Tryton is not available") as stop:
            reach_tenant(settings, clock)
        assert stop.value.next_step == "Run 'connector connect tryton us-tryton' again."

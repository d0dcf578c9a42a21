"""The accounting tenants of `connector.yaml`: Xero organisations, QuickBooks companies, others; how each is reached.

A stranger's trap: what one system needs is a fault with the other, so that nothing is declared that has no effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from connector.accounting.connect import QUICKBOOKS, TRYTON, XERO, TenantSettings
from connector.accounting.oauth.tokenkeys import VARIABLE, TokenKeys
from connector.accounting.settings import ConsentSettings, QuickBooksSettings, Taxation
from connector.declared import Node, Reader
from connector.runs import config_files
from connector.runs.config_tryton import read_tryton_tenant
from connector.runs.config_urls import read_url

CODE, CREDENTIALS = "code", "client_credentials"
# Public: they open the sandbox only.
SANDBOX_PAIRS = {
    (XERO, CREDENTIALS): ("sandbox-client", "sandbox-secret"),
    (XERO, CODE): ("sandbox-web-client", "sandbox-web-secret"),
    (QUICKBOOKS, CODE): ("sandbox-quickbooks-client", "sandbox-quickbooks-secret"),
}
REDIRECT = "http://localhost:8766/callback"
TOKENS, KEY = ".tokens", ".token-key"
_LONGEST_SECONDS = 600
_COMMON = ("system", "api_url", "token_url", "tenant_id", "credentials")
_CREDENTIALS = ("client_id_from", "client_secret_from")
_TIMES = ("quiet_seconds", "time_out_seconds", "calls_per_minute")
_OWN = {XERO: ("invoice_status",), QUICKBOOKS: ("taxation",)}
_OPTIONAL = {
    XERO: ("grant", "branding_themes", "tracking"),
    QUICKBOOKS: ("document_tax_code", "class", "department", "sales_terms", "batches_per_minute", "calls_per_second"),
}
_MOST_CALLS = {XERO: 60, QUICKBOOKS: 500}
_MOST_BATCHES, _MOST_A_SECOND = 40, 10
# A little under the limits; and QuickBooks ends a call after 120 seconds itself, so its answer is waited for longer.
_USUAL: Mapping[str, Mapping[str, int]] = {
    XERO: {},
    QUICKBOOKS: {"quiet_seconds": 180, "time_out_seconds": 125, "calls_per_minute": 480},
}


@dataclass(frozen=True)
class _Declared:
    """One tenant as it is being read: its name, system and grant, its entries, and what is around it."""

    reader: Reader
    name: str
    system: str
    grant: str
    entries: Mapping[str, Node]
    folder: Path
    environment: Mapping[str, str]


def read_tenant(
    reader: Reader, node: Node, name: str, folder: Path, environment: Mapping[str, str]
) -> TenantSettings | None:
    """One tenant; None where something of it is missing, which the reader then tells."""
    loose = reader.mapping(node, f"tenant {name}", open_keys=True) or {}
    system = reader.choice(loose.get("system"), "system", [XERO, QUICKBOOKS, TRYTON, *config_files.SYSTEMS]) or XERO
    if system == TRYTON:
        return read_tryton_tenant(reader, node, name, environment)
    if system in config_files.SYSTEMS:
        return config_files.read_file_tenant(reader, node, name, system, folder)
    grant = CODE if system == QUICKBOOKS else _grant(reader, loose)
    by_person = ("authorize_url",) if grant == CODE else ()
    required = (*_COMMON, *_OWN[system], *by_person)
    optional = (*_TIMES, *_OPTIONAL[system], *(("redirect_uri",) if by_person else ()))
    entries = reader.mapping(node, f"tenant {name}", required, optional)
    if entries is None or any(key not in entries for key in required):
        return None
    declared = _Declared(reader, name, system, grant, entries, folder, environment)
    identity, secret, has_secret = _credentials(declared)
    return TenantSettings(
        name=name,
        system=system,
        api_url=read_url(reader, entries["api_url"], "api_url"),
        token_url=read_url(reader, entries["token_url"], "token_url"),
        tenant_id=reader.text(entries["tenant_id"], "tenant_id") or "",
        client_id=identity,
        client_secret=secret,
        consent=_consent(declared, has_secret=has_secret) if grant == CODE else None,
        **{
            **_USUAL[system],
            **_numbers(reader, entries, system),
            **(_xero(reader, entries) if system == XERO else _quickbooks(reader, entries)),
        },
    )


def _grant(reader: Reader, loose: Mapping[str, Node]) -> str:
    return reader.choice(loose.get("grant"), "grant", [CREDENTIALS, CODE]) or CREDENTIALS


def _consent(declared: _Declared, *, has_secret: bool) -> ConsentSettings:
    """How a person lets the connector in."""
    reader, entries, folder = declared.reader, declared.entries, declared.folder
    redirect = entries.get("redirect_uri")
    return ConsentSettings(
        authorize_url=read_url(reader, entries["authorize_url"], "authorize_url"),
        redirect_uri=REDIRECT if redirect is None else read_url(reader, redirect, "redirect_uri"),
        token_file=folder / TOKENS / f"{declared.name}.json",
        keys=TokenKeys(declared.environment.get(VARIABLE), folder / KEY),
        has_secret=has_secret,
    )


def _numbers(reader: Reader, entries: Mapping[str, Node], system: str) -> dict[str, int]:
    most = {"calls_per_minute": _MOST_CALLS[system]}
    read = {key: reader.whole(entries.get(key), key, 1, most.get(key, _LONGEST_SECONDS)) for key in _TIMES}
    return {key: number for key, number in read.items() if number is not None}


def _xero(reader: Reader, entries: Mapping[str, Node]) -> dict[str, Any]:
    themes = reader.mapping(entries.get("branding_themes"), "branding_themes", (), ("bank_transfer", "card")) or {}
    return {
        "invoice_status": reader.choice(entries["invoice_status"], "invoice_status", ["DRAFT", "AUTHORISED"]) or "",
        "branding_themes": {key: reader.text(at, key) or "" for key, at in themes.items()},
        "tracking": config_files.read_tracking(reader, entries.get("tracking")),
    }


def _quickbooks(reader: Reader, entries: Mapping[str, Node]) -> dict[str, Any]:
    taxation = reader.choice(entries["taxation"], "taxation", list(get_args(Taxation)))
    code = reader.text(entries.get("document_tax_code"), "document_tax_code") or ""
    if code and taxation != "manual":
        step = "Take it out, or write taxation: manual for a company without automated sales tax."
        reader.fault(entries["document_tax_code"], "document_tax_code is for taxation: manual only", step)
    most = {"batches_per_minute": _MOST_BATCHES, "calls_per_second": _MOST_A_SECOND}
    read = {key: reader.whole(entries.get(key), key, 1, limit) for key, limit in most.items()}
    terms = [reader.text(one, "a term") or "" for one in reader.items(entries.get("sales_terms"), "sales_terms")]
    own: dict[str, Any] = {key: number for key, number in read.items() if number is not None}
    return {
        "quickbooks": QuickBooksSettings(
            taxation=taxation or "global",  # type: ignore[arg-type]  # one of the choices, or a fault that was told
            document_tax_code=code,
            line_class=reader.text(entries.get("class"), "class") or "",
            department=reader.text(entries.get("department"), "department") or "",
            sales_terms=tuple(terms),
            **own,
        )
    }


def _credentials(declared: _Declared) -> tuple[str, str, bool]:
    """The client id, the secret, and whether there should be one.

    Either is empty where the environment does not hold it, which is told when it is needed. Xero knows apps without a
    secret, whose proof of each attempt is all that they have (PKCE).
    """
    reader, node = declared.reader, declared.entries["credentials"]
    if getattr(node, "text", "") == "sandbox":
        return (*SANDBOX_PAIRS[declared.system, declared.grant], True)
    may_lack_it = (declared.system, declared.grant) == (XERO, CODE)
    required = ("client_id_from",) if may_lack_it else _CREDENTIALS
    entries = reader.mapping(node, "credentials", required, _CREDENTIALS) or {}
    names = [reader.text(entries.get(key), key) or "" for key in _CREDENTIALS]
    identity, secret = (declared.environment.get(name, "") if name else "" for name in names)
    return identity, secret, "client_secret_from" in entries or not may_lack_it

"""The accounting tenants of `connector.yaml`: Xero organisations and QuickBooks companies, and how each is reached.

A stranger's trap: what one system needs is a fault with the other, so that nothing is declared that has no effect.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from connector.accounting.connect import QUICKBOOKS, XERO, TenantSettings
from connector.accounting.settings import QuickBooksSettings, Taxation
from connector.declared import Node, Reader

# Public: they open the sandbox only.
SANDBOX_PAIRS = {
    XERO: ("sandbox-client", "sandbox-secret"),
    QUICKBOOKS: ("sandbox-quickbooks-client", "sandbox-quickbooks-secret"),
}
REDIRECT = "http://localhost:8766/callback"
TOKENS = ".tokens"
_LONGEST_SECONDS = 600
_COMMON = ("system", "api_url", "token_url", "tenant_id", "credentials")
_TIMES = ("quiet_seconds", "time_out_seconds", "calls_per_minute")
_OWN = {XERO: ("invoice_status",), QUICKBOOKS: ("authorize_url", "taxation")}
_OPTIONAL = {
    XERO: ("branding_themes",),
    QUICKBOOKS: (
        "redirect_uri",
        "document_tax_code",
        "class_id",
        "department_id",
        "batches_per_minute",
        "calls_per_second",
    ),
}
_MOST_CALLS = {XERO: 60, QUICKBOOKS: 500}
_MOST_BATCHES, _MOST_A_SECOND = 40, 10
# A little under the limits; and QuickBooks ends a call after 120 seconds itself, so its answer is waited for longer.
_USUAL: Mapping[str, Mapping[str, int]] = {
    XERO: {},
    QUICKBOOKS: {"quiet_seconds": 180, "time_out_seconds": 125, "calls_per_minute": 480},
}


def read_tenant(
    reader: Reader, node: Node, name: str, folder: Path, environment: Mapping[str, str]
) -> TenantSettings | None:
    """One tenant; None where something of it is missing, which the reader then tells."""
    loose = reader.mapping(node, f"tenant {name}", open_keys=True) or {}
    system = reader.choice(loose.get("system"), "system", [XERO, QUICKBOOKS]) or XERO
    required = (*_COMMON, *_OWN[system])
    entries = reader.mapping(node, f"tenant {name}", required, (*_TIMES, *_OPTIONAL[system]))
    if entries is None or any(key not in entries for key in required):
        return None
    identity, secret = _credentials(reader, entries["credentials"], system, environment)
    more = _xero(reader, entries) if system == XERO else _quickbooks(reader, entries, name, folder)
    return TenantSettings(
        name=name,
        system=system,
        api_url=_url(reader, entries["api_url"], "api_url"),
        token_url=_url(reader, entries["token_url"], "token_url"),
        tenant_id=reader.text(entries["tenant_id"], "tenant_id") or "",
        client_id=identity,
        client_secret=secret,
        **{**_USUAL[system], **_numbers(reader, entries, system), **more},
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
    }


def _quickbooks(reader: Reader, entries: Mapping[str, Node], name: str, folder: Path) -> dict[str, Any]:
    taxation = reader.choice(entries["taxation"], "taxation", list(get_args(Taxation)))
    code = reader.text(entries.get("document_tax_code"), "document_tax_code") or ""
    if code and taxation != "manual":
        step = "Take it out, or write taxation: manual for a company without automated sales tax."
        reader.fault(entries["document_tax_code"], "document_tax_code is for taxation: manual only", step)
    most = {"batches_per_minute": _MOST_BATCHES, "calls_per_second": _MOST_A_SECOND}
    read = {key: reader.whole(entries.get(key), key, 1, limit) for key, limit in most.items()}
    texts: dict[str, Any] = {key: reader.text(entries.get(key), key) or "" for key in ("class_id", "department_id")}
    redirect = entries.get("redirect_uri")
    own: dict[str, Any] = {key: number for key, number in read.items() if number is not None}
    return {
        "quickbooks": QuickBooksSettings(
            taxation=taxation or "global",  # type: ignore[arg-type]  # one of the choices, or a fault that was told
            authorize_url=_url(reader, entries["authorize_url"], "authorize_url"),
            token_file=folder / TOKENS / f"{name}.json",
            redirect_uri=REDIRECT if redirect is None else _url(reader, redirect, "redirect_uri"),
            document_tax_code=code,
            **(texts | own),
        )
    }


def _url(reader: Reader, node: Node, what: str) -> str:
    url = reader.text(node, what) or ""
    loopback = url.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
    if url and not url.startswith("https://") and not loopback:
        reader.fault(node, f"{what} must begin with https://", "Plain http is allowed to this machine itself only.")
    return url.rstrip("/")


def _credentials(reader: Reader, node: Node, system: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """The client id and secret; empty when the environment does not hold them, which is told when they are needed."""
    if getattr(node, "text", "") == "sandbox":
        return SANDBOX_PAIRS[system]
    entries = reader.mapping(node, "credentials", ("client_id_from", "client_secret_from")) or {}
    names = [reader.text(entries.get(key), key) or "" for key in ("client_id_from", "client_secret_from")]
    return environment.get(names[0], ""), environment.get(names[1], "")

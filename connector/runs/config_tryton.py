"""Tenants of `connector.yaml` whose books are a company in Tryton.

A stranger's trap: the writes of one batch begin within a third of the quiet period, so that what was given up has the
rest of it to end. Where a call may wait for longer than that third, a look after the quiet period could come too early.
"""

from collections.abc import Mapping

from connector.accounting.connect import TRYTON, TenantSettings
from connector.accounting.settings import TrytonSettings
from connector.declared import Node, Reader
from connector.runs.config_urls import read_url

_REQUIRED = ("system", "api_url", "database", "company", "lines", "credentials")
_TIMES = {"quiet_seconds": (180, 600), "time_out_seconds": (60, 600), "calls_per_minute": (600, 6000)}
_CREDENTIALS = ("user_from", "password_from")
_ACCOUNTS, _PRODUCTS = "accounts", "products"
_PART = 3  # of the quiet period, for one call


def read_tryton_tenant(reader: Reader, node: Node, name: str, environment: Mapping[str, str]) -> TenantSettings | None:
    """One tenant; None where something of it is missing, which the reader then tells."""
    entries = reader.mapping(node, f"tenant {name}", _REQUIRED, (*_TIMES, "journal"))
    if entries is None or any(key not in entries for key in _REQUIRED):
        return None
    times = {
        key: reader.whole(entries.get(key), key, 1, most) or usual if key in entries else usual
        for key, (usual, most) in _TIMES.items()
    }
    if times["time_out_seconds"] * _PART > times["quiet_seconds"]:
        step = f"Write quiet_seconds: {times['time_out_seconds'] * _PART} or more, or a shorter time_out_seconds."
        reader.fault(node, f"quiet_seconds must be at least {_PART} times time_out_seconds", step)
    named = reader.mapping(entries["credentials"], "credentials", _CREDENTIALS) or {}
    variables = [reader.text(named.get(key), key) or "" for key in _CREDENTIALS]
    user, password = (environment.get(variable, "") if variable else "" for variable in variables)
    return TenantSettings(
        name=name,
        system=TRYTON,
        api_url=read_url(reader, entries["api_url"], "api_url"),
        client_id=user,
        client_secret=password,
        tryton=TrytonSettings(
            database=reader.text(entries["database"], "database") or "",
            company=reader.text(entries["company"], "company") or "",
            by_products=reader.choice(entries["lines"], "lines", [_ACCOUNTS, _PRODUCTS]) == _PRODUCTS,
            journal=reader.text(entries.get("journal"), "journal") or "",
        ),
        quiet_seconds=times["quiet_seconds"],
        time_out_seconds=times["time_out_seconds"],
        calls_per_minute=times["calls_per_minute"],
    )

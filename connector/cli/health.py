"""doctor: one line per thing that must be right, and what to do where it is not."""

import os
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.text import Text

from connector.accounting.connect import TenantSettings
from connector.cli import opening
from connector.cli.output import finish
from connector.export import Export, missing_variables
from connector.ledger import StoreError, described
from connector.runs import workspace
from connector.runs.config import Config
from connector.runs.errors import INPUT, StopError
from connector.runs.health import look_at

_PARTS = ("polars", "fastexcel", "openpyxl", "yaml", "requests", "durable.lang", "django")
_LITTLE_ROOM_BYTES = 200_000_000
_BIND = "Bind it under 'books' in connector.yaml."
_MAP = "Mend the item's name in rules/, or map it in mappings/books-ENTITY.yaml."


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    good: bool
    told: str
    next_step: str = ""


def doctor(folder: Path, *, as_json: bool) -> None:
    """Look at everything; exit 1 when anything is not right."""
    found = [_program()]
    try:
        config = opening.config(folder)
    except StopError as stop:
        found.append(_stopped("settings", stop))
    else:
        found.append(Finding("settings", good=True, told=f"connector.yaml of {config.folder.resolve().name}"))
        found += [_rules(config), _ledger(config), _room(config)]
        found += [_tenant(tenant) for tenant in config.tenants.values()]
        found += [_export(export) for export in config.exports.values()]

    def render(to: Console) -> None:
        for one in found:
            to.print(Text(f"{'ok ' if one.good else 'BAD'} {one.what}: {one.told}", style="" if one.good else "red"))
            if one.next_step:
                to.print(Text(f"    {one.next_step}"))

    bad = any(not one.good for one in found)
    finish({"findings": [asdict(one) for one in found]}, INPUT if bad else 0, as_json=as_json, render=render)


def _program() -> Finding:
    missing = []
    for name in _PARTS:
        try:
            import_module(name)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        return Finding("program", good=False, told=f"cannot load {', '.join(missing)}", next_step="Install it again.")
    return Finding("program", good=True, told=f"Python {platform.python_version()}, every part loads")


def _rules(config: Config) -> Finding:
    try:
        files = workspace.open_files(config)
    except StopError as stop:
        return _stopped("rules and mappings", stop)
    unbound = sorted(set(files.rulebook.entities) - set(config.books))
    lacking = [
        f"{item} in the books of {entity}"
        for entity in files.rulebook.entities
        for item in sorted(files.rulebook.items)
        if entity not in files.books.by_entity or item not in files.books.by_entity[entity].items
    ]
    if unbound:
        return Finding("rules and mappings", good=False, told=f"no tenant for {', '.join(unbound)}", next_step=_BIND)
    if lacking:
        return Finding("rules and mappings", good=False, told=f"no account for {', '.join(lacking)}", next_step=_MAP)
    told = f"rulebook {files.rulebook.digest[:12]}, {files.rulebook.cell_count} cells decided"
    return Finding("rules and mappings", good=True, told=told)


def _ledger(config: Config) -> Finding:
    try:
        workspace.open_ledger(config)
    except (StopError, StoreError) as stop:
        return Finding("ledger", good=False, told=stop.message, next_step=stop.next_step)
    return Finding("ledger", good=True, told=f"{config.ledger.name} is whole: {described()}")


def _room(config: Config) -> Finding:
    free = shutil.disk_usage(config.ledger.parent if isinstance(config.ledger, Path) else config.folder).free
    told = f"{free // 1_000_000:,} MB free"
    if free < _LITTLE_ROOM_BYTES:
        return Finding("disk", good=False, told=told, next_step="Make room before the next run.")
    return Finding("disk", good=True, told=told)


def _tenant(settings: TenantSettings) -> Finding:
    what, found = f"tenant {settings.name}", look_at(settings, opening.clock())
    if found.catalogue is None:
        return Finding(what, good=False, told=found.fault, next_step=found.next_step)
    organisation = found.catalogue
    told = [f"{organisation.organisation}, {organisation.base_currency}, {len(organisation.accounts)} accounts"]
    told.append(found.consent)
    if found.budget is not None and found.budget.left_today is not None:
        told.append(f"{found.budget.left_today:,} calls left today")
    return Finding(what, good=True, told="; ".join(filter(None, told)))


def _export(export: Export) -> Finding:
    what, missing = f"export {export.name}", missing_variables(export, os.environ)
    if missing:
        told = f"the environment variable {missing[0]} is not set"
        return Finding(what, good=False, told=told, next_step="Set it before 'connector fetch'.")
    return Finding(what, good=True, told=f"{export.format} from {urlsplit(export.url).hostname}; nothing was asked")


def _stopped(what: str, stop: StopError) -> Finding:
    places = "; ".join(str(problem).partition("\n")[0] for problem in stop.problems)
    return Finding(what, good=False, told=f"{stop.message} {places}".strip(), next_step=stop.next_step)

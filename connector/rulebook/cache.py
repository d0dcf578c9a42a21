"""Keeping a proved rulebook between runs, as JSON under its digest.

It is only ever a shortcut: a kept file that is damaged, cut short or of another program version is not used but written
anew, and one that cannot be written is a warning.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from connector.domain.entities import Policies, SellingEntity
from connector.domain.places import Line
from connector.domain.problems import Problem
from connector.rulebook import kinds
from connector.rulebook.book import BundleSize, Frozen
from connector.rulebook.spec import Renewal, Term
from connector.rulebook.table import Change, Decision, Ladder, PriceRow, Prices, Stratum, Table

# Goes up whenever the table's form, the proof or what is refused changes: what an older program proved is proved again.
FORM = "5"


def read(folder: Path, digest: str, label: str) -> Frozen | None:
    """The rulebook kept under this digest and label, or None when there is none that is whole."""
    try:
        head, _, body = _file(folder, digest, label).read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):  # none is kept, or it is damaged: it is proved again
        return None
    if head != _seal(body, digest, label):
        return None
    try:
        return _frozen(json.loads(body))
    except (ValueError, TypeError, KeyError):  # sealed by us, but in another form
        return None


def write(folder: Path, digest: str, label: str, frozen: Frozen) -> tuple[Problem, ...]:
    """Keep a rulebook; the problem is a warning when that is not possible."""
    body = json.dumps(asdict(frozen), default=_plain, separators=(",", ":"))
    path = _file(folder, digest, label)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh.write_text(f"{_seal(body, digest, label)}\n{body}", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        kind = kinds.CACHE
        message = f"the checked rules could not be kept: {error.strerror}"
        return (Problem(kind.code, kind.severity, Line(label), message, kind.remedy),)
    return ()


def _file(folder: Path, digest: str, label: str) -> Path:
    name = hashlib.sha256(f"{digest} {label}".encode()).hexdigest()
    return folder / f"rulebook-{name[:32]}.json"


def _seal(body: str, digest: str, label: str) -> str:
    return hashlib.sha256(f"{FORM} {digest} {label}\n{body}".encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise AssertionError(value)


def _frozen(plain: Mapping[str, Any]) -> Frozen:
    entities = {
        name: SellingEntity(**{**entity, "bill_from": date.fromisoformat(entity["bill_from"])})
        for name, entity in plain["entities"].items()
    }
    return Frozen(
        entities=entities,
        policies=Policies(**plain["policies"]),
        items=frozenset(plain["items"]),
        metrics=plain["metrics"],
        terms={name: _term(term) for name, term in plain["terms"].items()},
        cell_count=plain["cell_count"],
        bundle_sizes=tuple(BundleSize(**size) for size in plain["bundle_sizes"]),
        table=_table(plain["table"]),
    )


def _table(plain: Mapping[str, Any]) -> Table:
    return Table(
        entities=tuple(plain["entities"]),
        partners=tuple(plain["partners"]),
        words={name: tuple(words) for name, words in plain["words"].items()},
        headcounts=tuple(plain["headcounts"]),
        days=tuple(plain["days"]),
        tags=tuple(plain["tags"]),
        counted={name: tuple(starts) for name, starts in plain["counted"].items()},
        combos=tuple(plain["combos"]),
        monthly_plans=tuple(plain["monthly_plans"]),
        band_first=plain["band_first"],
        gates=_stratum(plain["gates"]),
        charges=_stratum(plain["charges"]),
        changes=tuple(_change(change) for change in plain["changes"]),
        decisions=tuple(Decision(**decision) for decision in plain["decisions"]),
        prices=_prices(plain["prices"]),
    )


def _stratum(plain: Mapping[str, Any]) -> Stratum:
    return Stratum(
        slices=tuple(plain["slices"]),
        bases=tuple(plain["bases"]),
        offsets={name: tuple(steps) for name, steps in plain["offsets"].items()},
        decisions=tuple(plain["decisions"]),
        runs=tuple(plain["runs"]),
    )


def _prices(plain: Mapping[str, Any]) -> Prices:
    lists = {name: tuple(plain[name]) for name in ("currencies", "series", "versions", "schemes", "tiers", "cells")}
    ladders = tuple(Ladder(one["kind"], tuple(tuple(step) for step in one["steps"])) for one in plain["ladders"])
    rows = tuple(PriceRow(**row) for row in plain["rows"])
    return Prices(**lists, columns=plain["columns"], rows=rows, ladders=ladders)


def _term(plain: Mapping[str, Any]) -> Term:
    renewal = plain["renewal"]
    return Term(plain["length"], None if renewal is None else Renewal(**renewal), plain["proration"])


def _change(plain: Mapping[str, Any]) -> Change:
    return Change(**{**plain, "partners": tuple(plain["partners"]), "stratum": _stratum(plain["stratum"])})

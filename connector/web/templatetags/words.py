"""How values are shown on the page: the same words as on the command line."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.urls import reverse

from connector.domain.money import Money
from connector.printed.tables import Table, Value, text_of
from connector.runs.run_tables import Page
from connector.runs.views import Attention
from connector.runs.words import BUCKETS, PLANS

register = template.Library()
_RUN = re.compile(r"R-[0-9]+")
_DAYS = dict.fromkeys(("number", "dated", "due", "begins", "on"), "day")  # is not broken into two lines


@register.filter
def shown(value: Any) -> str:  # noqa: ANN401 - whatever a page shows
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, date):
        return value.isoformat()
    return text_of(value)


@register.filter
def cells(page: Page) -> list[tuple[str, list[tuple[Value, str]]]]:
    """The rows of a table: what names each, and its values with how they are aligned."""
    aligned = ["number" if at in page.numbers else _DAYS.get(name, "") for at, name in enumerate(page.columns)]
    return [(row.key, list(zip(row.values, aligned, strict=True))) for row in page.rows]


@register.filter
def printed(table: Table) -> list[list[tuple[Value, str]]]:
    """The values of a printed table with how they are aligned."""
    aligned = ["number" if name in table.numbers else "" for name in table.columns]
    return [list(zip(row, aligned, strict=True)) for row in table.rows]


@register.filter
def moneys(minor: Mapping[str, int]) -> str:
    """Amounts per currency, in one line."""
    return ", ".join(str(Money(amount, code)) for code, amount in minor.items()) or "nothing"


@register.filter
def bucket(word: str) -> str:
    """A bucket in words."""
    return BUCKETS.get(word, word.replace("_", " "))


@register.filter
def address(one: Attention) -> str:
    """The page of what needs a person: its run, its document or the books; empty where it has none of its own."""
    run = _RUN.match(one.where)
    if run is not None:
        return reverse("run", kwargs={"run_id": run[0]})
    if one.kind.startswith("rules-"):
        return reverse("rules-proposal", kwargs={"number": one.where.removeprefix("proposal ")})
    if one.kind == "document-foreign":  # it is none of ours, so it has no page
        return reverse("books")
    first = one.where.partition(" and ")[0]  # of several with one cause
    is_document = one.kind.startswith("document-") and " " not in first
    return reverse("document", kwargs={"number": first}) if is_document else ""


@register.filter
def plan(word: str) -> str:
    """A client's plan in words."""
    return PLANS[word]


@register.filter
def may(person: Any, right: str) -> bool:  # noqa: ANN401 - a person, or nobody
    """Whether a person has the right of this name."""
    return any(one.name == right for one in getattr(person, "rights", ()))


@register.filter
def sign(line: str) -> str:
    """What a line of a difference is, for its colour; its first letter says so too."""
    return {"+": "added", "-": "removed", "@": "soft"}.get(line[:1], "same")

"""What the settings name and documents carry: the class of lines, the department, and the terms of payment.

What a stranger would get wrong: a class or department within another may have the name of one elsewhere, so that only
its full name, such as `Partners:North`, tells which is meant.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.accounting.answers import RetryLater
from connector.accounting.quickbooks.documents import Labels, Style
from connector.net.errors import SetupError

CLASS, DEPARTMENT, TERM = "Class", "Department", "Term"
_SETTINGS = {CLASS: "class", DEPARTMENT: "department", TERM: "sales_terms"}
_STANDARD = "STANDARD"

Element = dict[str, Any]
Pages = Callable[[str], list[Element] | RetryLater]


def fetch(style: Style, pages: Pages) -> Labels | RetryLater:
    """What a company has of what the settings name; nothing is read of what they do not name.

    Args:
        style: the settings.
        pages: reads every object of a kind.

    Raises:
        SetupError: a name is of nothing there, or of more than one.
    """
    named = {CLASS: style.line_class, DEPARTMENT: style.department}
    ids = {CLASS: "", DEPARTMENT: ""}
    for entity, name in named.items():
        read = pages(entity) if name else []
        if isinstance(read, RetryLater):
            return read
        if name:
            ids[entity] = str(_the_one(entity, name, read).get("Id"))
    listed = pages(TERM) if style.sales_terms else []
    if isinstance(listed, RetryLater):
        return listed
    return Labels(ids[CLASS], ids[DEPARTMENT], _terms(style.sales_terms, listed))


def _the_one(entity: str, name: str, listed: Sequence[Element]) -> Element:
    """The active object of this id, full name or name.

    Raises:
        SetupError: there is none, or more than one.
    """
    active = [one for one in listed if one.get("Active") is not False]
    for field in ("Id", "FullyQualifiedName", "Name"):
        alike = [one for one in active if one.get(field) == name]
        if len(alike) == 1:
            return alike[0]
        if alike:
            message = f"QuickBooks has {len(alike)} entries of the kind {entity} that are called {name}"
            raise SetupError(
                message, f"Give the full name, such as Above:{name}, in {_SETTINGS[entity]} of the tenant."
            )
    message = f"QuickBooks has no active {entity} that is called {name}"
    raise SetupError(message, f"Correct {_SETTINGS[entity]} of the tenant.")


def _terms(names: Sequence[str], listed: Sequence[Element]) -> Mapping[int, str]:
    """The id of each term, by the days it gives.

    Raises:
        SetupError: a term is not there, gives no number of days, or two give as many.
    """
    found: dict[int, str] = {}
    for name in names:
        term = _the_one(TERM, name, listed)
        days = term.get("DueDays")
        if term.get("Type", _STANDARD) != _STANDARD or not isinstance(days, int):
            message = f"The term {name} of QuickBooks is not due a number of days after the invoice"
            raise SetupError(message, "Take it out of sales_terms of the tenant.")
        if days in found:
            message = f"Two of the terms in sales_terms are due after {days} days"
            raise SetupError(message, "Leave one of them: the days of an invoice tell its term.")
        found[days] = str(term.get("Id"))
    return found

"""A cell in words: the counter-example client that an error names."""

from collections.abc import Sequence
from datetime import date

from connector.domain.employees import band_label
from connector.domain.words import Plan
from connector.rulebook.axes import COUNTED, Value
from connector.rulebook.cells import COMBOS, Slice
from connector.rulebook.spec import DAY, EMPLOYEES, TAG, TAGGED

_NOUNS = {Plan.ASSESSMENT_ONLY: "an Assessment Only client", Plan.FULL_SPOKE: "a full feature client", None: "a bundle"}
_VERBS = {
    "created": "created",
    "upgraded": "upgraded",
    "bundle": "bought",
    "renewed": "renewed",
    "month": "in the month from",
}
_NO_DAY = {"month": "in any month"}


def client(
    where: Slice, cell: Sequence[Value], *, entity: str | None = None, day: int | None = None, size: str | None = None
) -> str:
    """The cell as one client or bundle: `a full feature client of entity uk created 2025-03-01 with 2-10 employees`.

    Args:
        where: the slice of the cell.
        cell: its values.
        entity: the selling entity, when the fault is about one.
        day: the ordinal of the event's day, when the fault is about one.
        size: a tier's label, when the fault is about tiers and the cell says no headcount.
    """
    event, plan = COMBOS[where.combo]
    said = {axis.attribute: value for axis, value in zip(where.axes, cell, strict=True)}
    of = [f"of partner {where.partner}"] if where.partner else []
    selling = said.get("selling_entity")
    entity = entity or (selling.word if selling else None)
    of += [f"of entity {entity}"] if entity else []
    shown = _day(said.get(DAY), day)
    verb = f"{_VERBS[event]} {shown}" if shown else _NO_DAY.get(event, _VERBS[event])
    rest = [_rest(name, value) for name, value in said.items() if name not in ("selling_entity", DAY)]
    if size and EMPLOYEES not in said:
        rest.append(_employees(size))
    return " ".join([_NOUNS[plan], *of, verb, *rest])


def _day(value: Value | None, day: int | None) -> str:
    if day is None and value is not None and value.span is not None:
        low, high = value.span
        day = low if low is not None else high
    return "" if day is None else date.fromordinal(day).isoformat()


def _employees(label: str) -> str:
    return f"with {label} employee" + ("" if label == "1" else "s")


def _counted(what: str, value: Value) -> str:
    shown = what.replace("_", " ")
    if value.span is None:
        return f"with unknown {shown}"
    low, high = value.span
    at_most = f"at most {high}" if low is None else band_label(low, high)
    return f"with {shown} {at_most}"


def _rest(name: str, value: Value) -> str:
    what = {"partner_kind": "partner kind"}.get(name, name)
    if name == EMPLOYEES:
        if value.span is None:
            return "with an unknown number of employees"
        low, high = value.span
        return _employees(band_label(low or 1, high))
    if name.startswith(TAG):
        return f"{'tagged' if value.word == TAGGED else 'not tagged'} {name.removeprefix(TAG)}"
    if name in COUNTED:
        return _counted(what, value)
    if value.word is not None:
        return f"with {what} {value.word}"
    return f"with another {what}" if value.other else f"without a {what}"

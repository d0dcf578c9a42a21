"""What differs between two rulebooks, as tables and as one sentence. Nothing is claimed that was not compared."""

from connector.printed.tables import NOTHING, Table, change_of
from connector.rulebook.views.comparing import Comparison

SAME = "The two rulebooks are the same."
SAME_MEANING = "The text differs, what it says does not."
_CHANGES = ("part", "name", "change", "value", "old", "new", "place")
_PRICES = ("price book", "what", "tier or quantity", "old", "new", "difference", "percent", "place")
_DECISIONS = ("for example", "cases", "old", "new")


def difference_tables(found: Comparison) -> tuple[Table, ...]:
    """The tables of a comparison; only those that have rows."""
    changes = [(one.part, one.name, one.change, one.field, one.old, one.new, one.place) for one in found.changes]
    prices = [
        (
            f"{one.version}, against {one.against}" if one.against else one.version,
            *(one.what, one.size, one.old or NOTHING, one.new or NOTHING),
            *change_of(one.old, one.new),
            one.place,
        )
        for one in found.prices
    ]
    decided = [(one.example, str(one.cases), one.old or NOTHING, one.new or NOTHING) for one in found.decisions.changed]
    tables = (
        Table("changes", "What is declared otherwise", _CHANGES, tuple(changes)),
        Table("prices", "What costs something else", _PRICES, tuple(prices)),
        Table("decisions", "What is decided otherwise", _DECISIONS, tuple(decided)),
    )
    return tuple(table for table in tables if table.rows)


def verdict(found: Comparison, *, same_text: bool) -> str:
    """The whole in one or two sentences."""
    if found.alike:
        return SAME if same_text else SAME_MEANING
    decisions = found.decisions
    if decisions.unknown:
        return f"Whether clients are decided otherwise was not compared: {decisions.unknown}."
    if decisions.changed:
        cases = sum(one.cases for one in decisions.changed)
        return f"{cases:,} of {decisions.cases:,} cases that the rules tell apart are decided otherwise."
    return f"No decision changes: each of the {decisions.cases:,} cases that the rules tell apart is decided as before."

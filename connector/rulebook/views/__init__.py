"""What people read of a rulebook: its tables as text, page and workbook, and what differs between two rulebooks.

Everything here is made from `spec.Declared`; nothing here decides or prices anything.
"""

from connector.rulebook.views.comparing import Comparison, compare
from connector.rulebook.views.differing import difference_tables, verdict
from connector.rulebook.views.page import page
from connector.rulebook.views.showing import tables_of
from connector.rulebook.views.tables import Difference, Percent, Table, Value, text_of, to_plain
from connector.rulebook.views.workbook import workbook

__all__ = [
    "Comparison",
    "Difference",
    "Percent",
    "Table",
    "Value",
    "compare",
    "difference_tables",
    "page",
    "tables_of",
    "text_of",
    "to_plain",
    "verdict",
    "workbook",
]

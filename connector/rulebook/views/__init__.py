"""What people read of a rulebook: its tables, and what differs between two rulebooks. `connector.printed` prints them.

Everything here is made from `spec.Declared`; nothing here decides or prices anything.
"""

from connector.rulebook.views.comparing import Comparison, compare
from connector.rulebook.views.differing import difference_tables, verdict
from connector.rulebook.views.showing import tables_of

__all__ = [
    "Comparison",
    "compare",
    "difference_tables",
    "tables_of",
    "verdict",
]

"""Tables for people, of whatever: printed as a page or as a workbook. Nothing here knows what a table is about."""

from connector.printed.page import page
from connector.printed.tables import Difference, Percent, Table, Value, text_of, to_plain
from connector.printed.text import text
from connector.printed.workbook import workbook

__all__ = ["Difference", "Percent", "Table", "Value", "page", "text", "text_of", "to_plain", "workbook"]

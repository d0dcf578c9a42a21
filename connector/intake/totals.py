"""Total rows: rows whose only text is a label such as "Total" beside numbers, in the words of several languages.

A client named "Total Fitness" is a record because its other cells are filled, and a needed value alone is never enough.
"""

from collections.abc import Mapping

import polars as pl

from connector.domain.words import RecordKind
from connector.intake.layout import Header
from connector.intake.marks import TOTALS
from connector.intake.rawsheet import RawSheet

_TOTAL = (
    r"(?:grand|over-?all)?\s*totals?|sub-?\s?totals?|sum|summe|gesamt(?:summe)?|zwischensumme|summe\s+gesamt|"
    r"totaal|(?:sub|eind)-?totaal|total\s+g[ée]n[ée]ral|sous-?\s?total|somme|totale|suma"
)
# Words that are names of companies too: they are labels only when nothing but a number stands beside them.
_COUNT = (
    r"count|average|avg\.?|anzahl|aantal|nombre|durchschnitt|mittelwert|gemiddelde|moyenne|[Σ∑]|"
    r"(?:total|number|no\.?|#|anzahl|aantal|nombre)\s*(?:of\s+|de\s+|der\s+)?"
    r"(?:clients?|spokes?|partners?|bundles?|templates?|records?|rows|kunden|klanten)"
)
_NUMBERED = r"\s*(?:[:=]\s*[0-9.,\s]*|\([0-9.,\s]*\)|[0-9][0-9.,\s]*)?$"
_LABEL = rf"(?i)^(?:(?:{_TOTAL})\s*(?::|=|\(.*\)|(?:for|of|für|voor|pour|de)\b.*|\d.*)?$|(?:{_COUNT}){_NUMBERED})"
_BARE_LABEL = rf"(?i)^(?:{_TOTAL}|{_COUNT}){_NUMBERED}"
# What spreadsheet programs write below a group ("P-1 Total", "P-1 Count", "Total P-1").
_GROUP = (
    r"total|sub-?total|count|average|max|min|sum|summe|ergebnis|anzahl|mittelwert|totaal|aantal|gemiddelde|somme|"
    r"nombre|moyenne"
)
_BEHIND = rf"(?i)\s+(?:{_GROUP})$"
_BEFORE = rf"(?i)^(?:{_GROUP})\s+"
_NUMBER = r"^([=#].*|[-+(]?\s*[$€£]?\s*[0-9][0-9.,\s'\u00a0\u202f]*\s*%?\)?)$"


def total_rows(lacking: pl.DataFrame, texts: pl.DataFrame, header: Header, raw: RawSheet) -> list[int]:
    """The numbers of the total rows.

    Args:
        lacking: the rows that lack something a record needs: their number as `row`, and all cells, cleaned.
        texts: the mapped fields of all rows, by field name.
        header: where the fields stand.
        raw: the sheet, for the tables that say which row is their total.
    """
    columns = [name for name in lacking.columns if name != "row"]
    partner = f"c{header.columns['partner_id']}" if "partner_id" in header.columns else columns[0]
    identity = f"c{header.columns.get('client_ref', 0)}"
    labels = {name: pl.col(name).str.contains(_LABEL).fill_null(value=False) for name in columns}
    for name, known in _groups(columns, texts, header, partner).items():
        for pattern in (_BEHIND, _BEFORE):
            group = pl.col(name).str.replace(pattern, "")
            told = (group != pl.col(name)) & group.is_in(known.implode())
            labels[name] = labels[name] | told.fill_null(value=False)
    number = {name: pl.col(name).is_null() | pl.col(name).str.contains(_NUMBER) for name in columns}
    only_numbers = pl.all_horizontal(
        number[name] | labels[name] | pl.lit(name == partner and header.rules.kind is not RecordKind.PARTNERS)
        for name in columns
    )
    nobody = pl.lit(value=True)
    if identity in columns:
        counted = number[identity] & _names_nobody(header, labels)
        nobody = pl.col(identity).is_null() | labels[identity] | counted
    by_table = raw.marks.filter(pl.col("what") == TOTALS)["row"]
    said = pl.col("row").is_in(by_table.implode())
    return lacking.filter((pl.any_horizontal(*labels.values()) & only_numbers & nobody) | said)["row"].to_list()


def _groups(columns: list[str], texts: pl.DataFrame, header: Header, partner: str) -> Mapping[str, pl.Series]:
    """Column → the values that its groups can have: the partners, wherever a label of theirs stands."""
    if "partner_id" not in texts.columns:
        return {}
    known = texts["partner_id"].drop_nulls().unique()
    name = f"c{header.columns.get('name', 0)}"
    return {column: known for column in columns if column == partner or column != name}


def _names_nobody(header: Header, labels: Mapping[str, pl.Expr]) -> pl.Expr:
    """Rows that give no partner, name or plan, so that a number under the client id is a count and nobody's id."""
    given = []
    for field in ("partner_id", "name", "plan", "template"):
        if field in header.columns:
            column = f"c{header.columns[field]}"
            label = pl.col(column).str.contains(_BARE_LABEL) if field == "name" else labels[column]
            given.append(pl.col(column).is_not_null() & ~label.fill_null(value=False))
    return ~pl.any_horizontal(given)

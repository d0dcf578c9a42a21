"""Tables as one page that needs nothing else: no script, no fonts, no pictures; light or dark as the reader has it.

Every text is escaped, and the page forbids itself to load or run anything, whatever a rule's reason says.
"""

from collections.abc import Iterable, Iterator
from html import escape

from connector.printed.tables import Table, text_of

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --text: #1c1e21; --back: #ffffff; --line: #c9ced6; --head: #eef1f5; --soft: #565d68; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e8eb; --back: #16181c; --line: #3c424b; --head: #22262c; --soft: #a4acb8; }
}
body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
body { color: var(--text); background: var(--back); }
h1 { font-size: 1.5rem; } .about, .notes { color: var(--soft); } .notes { margin: .5rem 0 0; padding-left: 1.2rem; }
.wide { overflow-x: auto; } section { margin: 2.5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; font-weight: 600; font-size: 1.15rem; padding: .3rem 0 .6rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--head); } tbody th { font-weight: 600; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
@media print { body { margin: 0; max-width: none; } section { break-inside: avoid; } .wide { overflow: visible; } }
"""


def page(title: str, about: Iterable[str], tables: Iterable[Table]) -> str:
    """The page.

    Args:
        title: its heading.
        about: sentences below it.
        tables: one section for each.
    """
    return "\n".join(_lines(title, about, tables)) + "\n"


def _lines(title: str, about: Iterable[str], tables: Iterable[Table]) -> Iterator[str]:
    yield from ("<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">')
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield from (f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>", "</head>", "<body>", "<main>")
    yield f"<h1>{escape(title)}</h1>"
    yield from (f'<p class="about">{escape(sentence)}</p>' for sentence in about)
    for table in tables:
        yield from _section(table)
    yield from ("</main>", "</body>", "</html>")


def _section(table: Table) -> Iterator[str]:
    numbers = [name in table.numbers for name in table.columns]
    # A region that scrolls must be reached by the keyboard, and needs a name for that.
    label = escape(table.title)
    yield from ("<section>", f'<div class="wide" role="region" tabindex="0" aria-label="{label}">', "<table>")
    yield f"<caption>{label}</caption>"
    heads = (
        f'<th scope="col"{_class(number=number)}>{escape(name)}</th>'
        for name, number in zip(table.columns, numbers, strict=True)
    )
    yield f"<thead><tr>{''.join(heads)}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        first, *rest = zip(row, numbers, strict=True)
        cells = "".join(f"<td{_class(number=number)}>{escape(text_of(value))}</td>" for value, number in rest)
        yield f'<tr><th scope="row"{_class(number=first[1])}>{escape(text_of(first[0]))}</th>{cells}</tr>'
    yield from ("</tbody>", "</table>", "</div>")
    if table.notes:
        yield f'<ul class="notes">{"".join(f"<li>{escape(note)}</li>" for note in table.notes)}</ul>'
    yield "</section>"


def _class(*, number: bool) -> str:
    return ' class="number"' if number else ""

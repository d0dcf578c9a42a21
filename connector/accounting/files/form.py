"""What sets one form of file apart from another, as a value; and a file of it as bytes."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connector.accounting.port import Submission, TaxRule
from connector.accounting.settings import FileSettings
from connector.domain.documents import Document, Line
from connector.domain.money import Money

_LONGEST_PART = 40  # of the name of a file; the digest behind it is what tells files apart


@dataclass(frozen=True)
class Form:
    """One form of file.

    Attributes:
        system: its name in settings, such as `xero-csv`.
        stems: what the name of a file begins with, by the kind of its documents; other kinds it does not take.
        header: the names of the columns, in order.
        row: the cells of a line of a document, by column; those not told are empty.
        most_documents: of one file.
        most_rows: of one file, without its header.
        rows_are_limited: a document of more rows is refused; else it gets a file of its own.
        number_max_length: characters of a document number.
        upload: what a person does with a file; `{kept}` stands for the folder that it is moved to.
        tax: how the tax is rounded that the import computes.
    """

    system: str
    stems: Mapping[str, str]
    header: tuple[str, ...]
    row: Callable[[Document, Line, FileSettings], Mapping[str, str]]
    most_documents: int
    most_rows: int
    rows_are_limited: bool
    number_max_length: int
    upload: str
    tax: TaxRule


def content(form: Form, batch: Sequence[Submission], settings: FileSettings) -> bytes:
    """The documents as one file: UTF-8, lines that end with CRLF, a cell in quotation marks where it needs them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, form.header, restval="", extrasaction="raise")
    writer.writeheader()
    for one in batch:
        writer.writerows(form.row(one.document, line, settings) for line in one.document.lines)
    return out.getvalue().encode()


def stem(form: Form, batch: Sequence[Submission]) -> str:
    """What the name of their file begins with: the form, the kind, the first number and the last."""
    numbers = dict.fromkeys((batch[0].document.number, batch[-1].document.number))
    parts = (form.stems[batch[0].document.kind], *numbers)
    return "-".join(re.sub(r"[^A-Za-z0-9-]", "_", part)[:_LONGEST_PART] for part in parts)


def amount(minor: int, currency: str) -> str:
    """An amount in plain digits with a point, with exactly the currency's decimals."""
    return f"{Money(minor, currency).amount:f}"


def day(when: date, settings: FileSettings) -> str:
    """A date as the import reads it: `06/20/2025` or `20/06/2025`."""
    return f"{when:%m/%d/%Y}" if settings.month_first else f"{when:%d/%m/%Y}"

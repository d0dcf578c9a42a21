"""One text to one value, or to what is wrong with it. Called once for each distinct text of a column, never per row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import idna

from connector.domain.currency import is_currency
from connector.domain.employees import BANDS, Refusal, Size, band_label, parse_size
from connector.domain.problems import Kind
from connector.intake import kinds
from connector.intake.fields import Field, Sort
from connector.intake.lostbands import lost_band
from connector.intake.words import same

LONGEST_TEXT = 255
_LONGEST_DOMAIN = 253
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TURNING = re.compile("[\u202d\u202e]")  # left and right overrides: what shows is another text than what is there
_MANGLED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
DATE_CELL = re.compile(r"[+-]?[0-9]{4,}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_ADDRESS = re.compile(r"\[|[0-9]{1,3}(?:\.[0-9]{1,3}){3}\.?(?:[:/?#]|$)|[0-9a-f]{0,4}:[0-9a-f]{0,4}:")
_EMAIL = re.compile(r"[^@\s,;<>()\"]{1,64}@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]{2,63}")
_DAYS = re.compile(r"(?:net\s*)?([0-9]+)(?:\s*days?)?(?:\s*net)?", re.IGNORECASE)
_SHOWN_LETTERS = 60
_TURNED = "which turns the order of reading around"


@dataclass(frozen=True)
class Wrong:
    """Why a text is no value of its field, and what to do."""

    kind: Kind
    message: str
    next_step: str = ""


NOTHING_SHOWN = Wrong(kinds.TEXT, "the text holds nothing that shows", "Type the text again, or clear the cell.")


def quoted(text: str) -> str:
    """The text in quotes, cut where it is long, without characters that upset a terminal."""
    plain = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return f"'{plain[:_SHOWN_LETTERS]}…'" if len(plain) > _SHOWN_LETTERS else f"'{plain}'"


def check_text(text: str) -> Wrong | None:
    """What is wrong with a name or another text that people read."""
    if len(text) > LONGEST_TEXT:
        return Wrong(kinds.TEXT, f"the text has {len(text)} characters; at most {LONGEST_TEXT} are kept", "Shorten it.")
    if found := _CONTROL.search(text):
        what = "a line break" if found[0] in "\r\n" else f"the control character U+{ord(found[0]):04X}"
        return Wrong(kinds.TEXT, f"the text holds {what}", "Type the text again, in one line.")
    return None


def check_identifier(text: str) -> Wrong | None:
    """What is wrong with an identifier: what a text can have, and what spreadsheet programs do to numbers."""
    if _MANGLED.fullmatch(text):
        message = f"{text} is a long number that the spreadsheet program has shortened, so its digits are lost"
        return Wrong(kinds.IDENTIFIER, message, "Format the column as text and enter the identifier again.")
    if DATE_CELL.fullmatch(text):
        message = "the spreadsheet program has turned this identifier into a date"
        return Wrong(kinds.IDENTIFIER, message, "Format the column as text and enter the identifier again.")
    if found := _TURNING.search(text):
        message = f"the text holds the character U+{ord(found[0]):04X}, {_TURNED}"
        return Wrong(kinds.TEXT, message, "Type the text again.")
    return check_text(text)


def read_domain(text: str) -> str | Wrong:
    """A website's domain from what people paste: lower case, without scheme, `www.`, port and path."""
    plain = re.sub(r"^(?:[a-z][a-z0-9+.-]*:)?//", "", text.strip().lower())
    if "@" in plain:
        return _no_domain(text, "an e-mail address has no place here")
    if _ADDRESS.match(plain):
        return _no_domain(text, "an IP address is none")
    host = re.sub(r":[0-9]+$", "", re.split(r"[/?#\\]", plain)[0]).rstrip(".")
    try:
        host = idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return _no_domain(text, "it cannot be a domain")
    bare = host.removeprefix("www.")
    host = bare if "." in bare else host
    if len(host) > _LONGEST_DOMAIN or not _HOST.fullmatch(host):
        return _no_domain(text, "it cannot be a domain")
    return host


def _no_domain(text: str, reason: str) -> Wrong:
    return Wrong(kinds.DOMAIN, f"{quoted(text)} is not a website domain: {reason}", "Write it as example.com.")


def kind_of_word(field: Field) -> Kind:
    """What a text is that is no word of this field."""
    return next(kind for kind in kinds.RECORD_KINDS if kind.code == field.code)


def read_word(text: str, field: Field, values: Mapping[str, str], place: str) -> str | Wrong:
    """One word of a closed list, through the mapping's synonyms."""
    value = values.get(same(text))
    if value is not None:
        return value
    kind = kind_of_word(field)
    message = f"{quoted(text)} is not a {field.title} the mapping knows"
    next_step = f"Write one of {', '.join(field.words)}, or add the word under values: {field.name}: in {place}."
    return Wrong(kind, message, next_step)


def read_size(text: str, sort: Sort, letters: str = "") -> Size | Wrong:
    """An employee count or a size band; a column of counts takes no bands, and the other way round.

    Args:
        text: as it stands.
        sort: SIZE, COUNT or BAND.
        letters: the letter map that the mapping names, "" for none.
    """
    band = lost_band(text)
    if band is not None:
        message = "the spreadsheet program has turned a size band such as 2-10 or 11-50 into a date"
        was = f"; it was {band} perhaps." if band else "."
        return Wrong(kinds.EMPLOYEES_DATE, message, f"Format the column as text and enter the band again{was}")
    size = parse_size(re.sub(r"^([0-9]+)\.0+$", r"\1", text), letters)
    if isinstance(size, Refusal):
        plainly = "not a whole number or a size band"
        message = f"{quoted(text)} is {plainly}" + ("" if size.reason == plainly else f": {size.reason}")
        return Wrong(kinds.EMPLOYEES, message, size.next_step)
    if sort is Sort.BAND and size == Size(1, 1, "count"):
        return Size(1, 1, "band")
    if sort is Sort.BAND and size.source != "band":
        labels = ", ".join(band_label(low, high) for low, high in BANDS)
        return Wrong(
            kinds.EMPLOYEES, f"{quoted(text)} is a number in a column of size bands", f"Write one of {labels}."
        )
    if sort is Sort.COUNT and size.source != "count":
        message = f"{quoted(text)} is a size band in a column of whole numbers"
        return Wrong(kinds.EMPLOYEES, message, "Write the number, or put the band into a column of bands.")
    return size


def read_whole(text: str, field: Field) -> int | Wrong:
    """A whole number in plain digits, `12.0` included; days also as `Net 30` or `30 days`."""
    plain = re.sub(r"^([0-9]+)\.0+$", r"\1", text)
    found = _DAYS.fullmatch(plain) if field.days else re.fullmatch("([0-9]+)", plain)
    if found is None or not found[1].isascii() or len(found[1]) > len(str(field.high)) + 20:
        message = f"{quoted(text)} is not a whole number, as the {field.title} must be"
        return Wrong(kinds.WHOLE, message, "Write it in plain digits, such as 30.")
    number = int(found[1])
    if not field.low <= number <= field.high:
        message = f"the {field.title} is {number}; it must lie between {field.low} and {field.high}"
        return Wrong(kinds.WHOLE, message, "Mend the number.")
    return number


def read_currency(text: str) -> str | Wrong:
    """An ISO 4217 code, in capitals."""
    code = text.upper()
    if is_currency(code):
        return code
    return Wrong(kinds.CURRENCY, f"{quoted(text)} is not a currency code", "Write its three letters, such as USD.")


def read_country(text: str) -> str | Wrong:
    """A two-letter country code, in capitals."""
    code = text.upper()
    if re.fullmatch("[A-Z]{2}", code):
        return code
    next_step = "Write its two letters, such as GB, or map the name under values: country: in the mapping."
    return Wrong(kinds.COUNTRY, f"{quoted(text)} is not a two-letter country code", next_step)


def read_email(text: str) -> str | Wrong:
    """One address that can be one: whether it is answered is not known here."""
    if _EMAIL.fullmatch(text):
        return text
    return Wrong(kinds.EMAIL, f"{quoted(text)} is not an e-mail address", "Write one address, such as a@example.com.")


def read_contact(text: str) -> str | Wrong:
    """The accounting system's contact id, a UUID in its usual form."""
    try:
        found = str(UUID(text))
    except ValueError:
        found = ""
    if found and found == text.lower():
        return found
    message = f"{quoted(text)} is not a contact id of the accounting system"
    return Wrong(kinds.CONTACT, message, "Copy it from the contact's address there, or leave the cell blank.")

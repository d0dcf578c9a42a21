"""Every problem that intake can report, as `docs/problems.md` lists them. Messages stand where the cases arise.

A problem of scope `file` blocks a file or a sheet; one of scope `row` blocks its row, unless it is a warning.
"""

from connector.domain.problems import Kind, Severity


def _file(code: str, title: str, remedy: str, severity: Severity = Severity.ERROR) -> Kind:
    return Kind(code, title, remedy, severity, "file")


def _row(code: str, title: str, remedy: str, severity: Severity = Severity.ERROR) -> Kind:
    return Kind(code, title, remedy, severity, "row")


def _mapping(code: str, title: str, remedy: str) -> Kind:
    return Kind(code, title, remedy, Severity.ERROR, "mapping")


FILE_MISSING = _file("file-missing", "There is no file of this name", "Check the name and the folder.")
FILE_FOLDER = _file("file-folder", "A folder stands where a file is expected", "Name the files in it, one by one.")
FILE_NO_PERMISSION = _file("file-no-permission", "The file may not be read", "Ask its owner for the right to read it.")
FILE_EMPTY = _file("file-empty", "The file holds nothing", "Export it again, or take it out of the list.")
FILE_TOO_LARGE = _file("file-too-large", "The file is larger than what is read", "Split it into smaller files.")
FILE_KIND = _file("file-kind", "A kind of file that is not read", "Save it as .xlsx or .csv.")
FILE_NOT_A_WORKBOOK = _file(
    "file-not-a-workbook", "The content is no workbook, whatever the name says", "Save it as .xlsx or .csv."
)
FILE_ENCRYPTED = _file(
    "file-encrypted", "The workbook is protected by a password", "Take the password off and save it again."
)
FILE_LOCK = _file("file-lock", "Excel's own lock file, not the workbook", "Name the workbook without the ~$ in front.")
FILE_UNSAFE = _file(
    "file-unsafe", "The archive is built in a way no spreadsheet program writes", "Open it in Excel and save it again."
)
FILE_DAMAGED = _file("file-damaged", "The file is damaged", "Open it in Excel, let it repair the file, and save it.")
FILE_ENCODING = _file(
    "file-encoding", "A text file that mixes UTF-8 with another encoding", "Save it again as CSV UTF-8."
)
FILE_TOO_COSTLY = _file(
    "file-too-costly", "Reading the file needs more memory or time than is allowed", "Split it, or save only values."
)
FILE_NO_ROWS = _file("file-no-rows", "No sheet of the workbook holds anything", "Check that it is the right file.")
FILE_KINDS: tuple[Kind, ...] = (
    FILE_MISSING,
    FILE_FOLDER,
    FILE_NO_PERMISSION,
    FILE_EMPTY,
    FILE_TOO_LARGE,
    FILE_KIND,
    FILE_NOT_A_WORKBOOK,
    FILE_ENCRYPTED,
    FILE_LOCK,
    FILE_UNSAFE,
    FILE_DAMAGED,
    FILE_ENCODING,
    FILE_TOO_COSTLY,
    FILE_NO_ROWS,
)

SHEET_NO_HEADER = _file(
    "sheet-no-header", "No row of the sheet is a header that a mapping knows", "Mend the headers, or ignore the sheet."
)
SHEET_HEADER_TWICE = _file(
    "sheet-header-twice", "Two columns mean the same field", "Rename or remove one of the two columns."
)
SHEET_TWO_MAPPINGS = _file(
    "sheet-two-mappings", "Two mappings fit the sheet equally well", "Make the headers of one mapping distinct."
)
SHEET_UNMAPPED = _file(
    "sheet-unmapped-columns", "Columns that nothing reads", "Nothing, if they are not needed.", Severity.WARNING
)
SHEET_BESIDE = _file(
    "sheet-beside", "Values of an export beside its records", "Nothing, if they are not needed.", Severity.WARNING
)
SHEET_MORE_PAGES = _file(
    "sheet-more-pages",
    "An export that is one page of several",
    "Fetch all pages with 'connector fetch', or name the other pages too.",
    Severity.WARNING,
)
SHEET_SECOND_TABLE = _file(
    "sheet-second-table", "A second table below the first one", "Move it to a sheet, or a file, of its own."
)
SHEET_HIDDEN = _file(
    "sheet-hidden",
    "A hidden sheet, which was read like the others",
    "Delete the sheet, or name it under ignore_sheets: in the mapping, if it is not meant.",
    Severity.WARNING,
)
ROWS_HIDDEN = _file(
    "rows-hidden",
    "Rows that are hidden or filtered away, which were read like the others",
    "Clear the filter and look at them; delete those that are not meant.",
    Severity.WARNING,
)
SHEET_KINDS: tuple[Kind, ...] = (
    SHEET_NO_HEADER,
    SHEET_HEADER_TWICE,
    SHEET_TWO_MAPPINGS,
    SHEET_UNMAPPED,
    SHEET_BESIDE,
    SHEET_MORE_PAGES,
    SHEET_SECOND_TABLE,
    SHEET_HIDDEN,
    ROWS_HIDDEN,
)

CELL_ERROR = _row("cell-error", "The cell shows an error of the spreadsheet program", "Mend the formula.")
CELL_FORMULA = _row(
    "cell-formula-without-value", "A formula that was saved without its value", "Open the file in Excel and save it."
)
CELL_NEVER_CALCULATED = _row(
    "cell-formula-never-calculated",
    "A formula whose value 0 looks like it was never calculated",
    "Open the file in Excel and save it.",
    Severity.WARNING,
)
CELL_DIGITS = _row(
    "cell-digits-lost",
    "A number of more than 15 digits, which spreadsheet programs round",
    "Write such identifiers as text.",
    Severity.WARNING,
)
CELL_MERGED = _file(
    "cell-merged",
    "One cell merged over several rows",
    "Nothing, if the value is meant for all of them; else take the merge apart.",
    Severity.WARNING,
)
ROW_RAGGED = _row("row-ragged", "The line has more or fewer fields than the header", "Mend its delimiters or quotes.")
ROW_BROKEN = _row("row-broken", "A line or item of an export that is no record", "Mend it, or export it again.")
CELL_TWICE = _row("cell-key-twice", "A key that stands twice in one record", "Keep one of the two.")
CELL_LIST = _row("cell-list", "A list where one value belongs", "Export one value, or map another key to the field.")
CELL_NOT_A_NUMBER = _row("cell-not-a-number", "NaN or Infinity, which is no value", "Export nothing (null) for it.")
CELL_KINDS: tuple[Kind, ...] = (
    CELL_ERROR,
    CELL_FORMULA,
    CELL_NEVER_CALCULATED,
    CELL_DIGITS,
    CELL_MERGED,
    ROW_RAGGED,
    ROW_BROKEN,
    CELL_TWICE,
    CELL_LIST,
    CELL_NOT_A_NUMBER,
)

MISSING = _row("record-missing", "A value that every record needs is blank", "Fill the cell in.")
NO_IDENTITY = _row("client-no-identity", "A client with neither an id nor a website", "Fill one of the two in.")
NO_REFERENCE = _row(
    "bundle-no-reference",
    "A bundle without its purchase reference, by which it is billed once",
    "Fill the reference in.",
)
IDENTIFIER = _row("record-identifier", "An identifier that the spreadsheet program has changed", "Enter it as text.")
TEXT = _row("record-text", "A text with control characters, or too long", "Type the text again.")
DOMAIN = _row("record-domain", "Not a website domain", "Write it as example.com.")
PLAN = _row("record-plan", "Not a plan the mapping knows", "Write a known plan, or map the word.")
STATUS = _row("record-status", "Not a status the mapping knows", "Write a known status, or map the word.")
CHOICE = _row("record-choice", "Not one of the words the mapping knows", "Write one of them, or map the word.")
DATE = _row("record-date", "Not a date that can be read", "Write it as 2025-03-01.")
DATE_AMBIGUOUS = _row(
    "record-date-ambiguous", "A date whose day and month could be swapped", "Declare date_order in the mapping."
)
DATE_ORDER = _row("record-date-order", "An upgrade before the client was created", "Mend one of the two dates.")
UPGRADE = _row(
    "record-upgrade", "An upgrade date on a client whose plan is still Assessment Only", "Mend the plan or the date."
)
EMPLOYEES = _row("record-employees", "Not a whole number or a size band", "Write 50, or 11-50.")
EMPLOYEES_DATE = _row(
    "record-employees-date", "A size band that the spreadsheet program has turned into a date", "Enter it as text."
)
WHOLE = _row("record-whole-number", "Not a whole number in its range", "Write a whole number.")
CURRENCY = _row("record-currency", "Not an ISO 4217 currency", "Write its three letters, such as USD.")
COUNTRY = _row("record-country", "Not a two-letter country code", "Write its two letters, such as GB.")
EMAIL = _row("record-email", "Not an e-mail address", "Write one address.")
CONTACT = _row("record-contact-id", "Not a contact id of the accounting system", "Copy it from there, or leave it out.")
RECORD_KINDS: tuple[Kind, ...] = (
    MISSING,
    NO_IDENTITY,
    NO_REFERENCE,
    IDENTIFIER,
    TEXT,
    DOMAIN,
    PLAN,
    STATUS,
    CHOICE,
    DATE,
    DATE_AMBIGUOUS,
    DATE_ORDER,
    UPGRADE,
    EMPLOYEES,
    EMPLOYEES_DATE,
    WHOLE,
    CURRENCY,
    COUNTRY,
    EMAIL,
    CONTACT,
)

MAPPING_NONE = _mapping("mapping-none", "The folder declares no mapping", "Put a file with mapping: in it.")
MAPPING_FIELD = _mapping("mapping-unknown-field", "Not a field of these records", "Mend its spelling.")
MAPPING_VALUE = _mapping("mapping-unknown-value", "Not a value this field can have", "Write one of those listed.")
MAPPING_TWICE = _mapping(
    "mapping-claimed-twice", "One spelling or fingerprint is claimed twice", "Leave it with one of the two."
)
MAPPING_REQUIRED = _mapping("mapping-no-column", "A needed field has no column and no constant", "Declare one.")
MAPPING_KINDS: tuple[Kind, ...] = (MAPPING_NONE, MAPPING_FIELD, MAPPING_VALUE, MAPPING_TWICE, MAPPING_REQUIRED)

KINDS: tuple[Kind, ...] = (*FILE_KINDS, *SHEET_KINDS, *CELL_KINDS, *RECORD_KINDS, *MAPPING_KINDS)

"""The same checks of the same workbook in frictionless and in pandera, as programs for their own environment.

Both check what ours checks cell by cell: needed values, closed lists, dates, domains, sizes, whole numbers in range.
pandera's program does the rest as well, as one would write it by hand with zipfile, re and polars: the file's digest;
error cells, formulas without a value, hidden rows and columns, numbers of more than 15 digits and identifiers shown by
a number format, all from the sheet's XML; control characters; an upgrade before the creation; rows by kind; typed
records. frictionless' program does none of these.

Ours alone does it in a process of its own under limits, checks the archive before it is unpacked, finds the header by
evidence, tells the place of each fault, titles, totals and headings apart from records, and bounds what it looks
through: pandera's program takes the first sheet, its first row as the header, and all the XML into memory.
"""

_SIZE = r"^([1-9][0-9]*|1|2-10|11-50|51-200|201-500|501-1000|1001-5000|5001-10000|10001\+)$"
_DOMAIN = r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"

FRICTIONLESS = f"""
import sys
from frictionless import Resource, Schema, formats, system
needed = {{"required": True}}
day = {{"type": "any"}}
schema = Schema.from_descriptor({{"fields": [
    {{"name": "Client ID", "type": "string", "constraints": needed}},
    {{"name": "Partner ID", "type": "string", "constraints": needed}},
    {{"name": "Client name", "type": "string", "constraints": {{"required": True, "maxLength": 255}}}},
    {{"name": "Website", "type": "string", "constraints": {{"pattern": {_DOMAIN!r}}}}},
    {{"name": "Plan", "type": "string",
      "constraints": {{"required": True, "enum": ["Full feature Spoke", "Assessment Only"]}}}},
    {{"name": "Created on", "type": "datetime", "constraints": needed}},
    {{"name": "Upgraded on", "type": "datetime"}},
    {{"name": "Employees", "type": "any", "constraints": needed}},
    {{"name": "Status", "type": "string", "constraints": {{"required": True, "enum": ["Active", "Archived"]}}}},
    {{"name": "Country", "type": "string", "constraints": {{"pattern": "^[A-Z]{{2}}$"}}}},
    {{"name": "Advisors", "type": "integer", "constraints": {{"minimum": 0, "maximum": 1000000}}}},
    {{"name": "Users", "type": "integer", "constraints": {{"minimum": 0, "maximum": 1000000}}}},
]}})
with system.use_context(trusted=True):
    report = Resource(path=sys.argv[1], schema=schema).validate()
assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])[:3]
"""

PANDERA = f"""
import hashlib, re, sys, zipfile
import pandera.polars as pa
import polars as pl
with open(sys.argv[1], "rb") as stream:
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
with zipfile.ZipFile(sys.argv[1]) as book:
    styles = book.read("xl/styles.xml")
    sheet = book.read("xl/worksheets/sheet1.xml")
forms = dict(re.findall(rb'<numFmt numFmtId="([0-9]+)" formatCode="([^"]*)"', styles))
cells = re.search(rb"<cellXfs.*?</cellXfs>", styles, re.DOTALL)
used = re.findall(rb'<xf [^>]*numFmtId="([0-9]+)"', cells[0])
telling = [b"%d" % number for number, form in enumerate(used) if re.search(rb"^0[0-]+|&quot;", forms.get(form, b""))]
hidden = [sign for sign in (b't="e"', b'hidden="1"', b'hidden="true"') if sign in sheet]
if b"<f" in sheet and re.search(rb"(?:</f>|<f[^>]*/>)\\s*(?:<v ?/>|<v></v>)?\\s*</c>", sheet):
    hidden.append(b"formula")
if re.search(rb"<v>-?[0-9](?:[0-9]{{15}}|(?:[.][0-9]+)?[eE][+]?(?:1[5-9]|[2-9][0-9]))", sheet):
    hidden.append(b"digits")
if telling and re.search(rb'<c [^>]*s="(?:' + b"|".join(telling) + rb')"', sheet):
    hidden.append(b"shown otherwise")
assert not hidden, hidden
del sheet
frame = pl.read_excel(sys.argv[1], engine="calamine", infer_schema_length=0)
text = lambda pattern, nullable=False: pa.Column(str, pa.Check.str_matches(pattern), nullable=nullable)
schema = pa.DataFrameSchema({{
    "Client ID": text("^.{{1,255}}$"),
    "Partner ID": text("^.{{1,255}}$"),
    "Client name": text("^.{{1,255}}$"),
    "Website": text({_DOMAIN!r}),
    "Plan": pa.Column(str, pa.Check.isin(["Full feature Spoke", "Assessment Only"])),
    "Created on": text("^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"),
    "Upgraded on": text("^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}", nullable=True),
    "Employees": text({_SIZE!r}),
    "Status": pa.Column(str, pa.Check.isin(["Active", "Archived"])),
    "Country": text("^[A-Z]{{2}}$"),
    "Advisors": text("^[0-9]{{1,7}}$"),
    "Users": text("^[0-9]{{1,7}}$"),
}})
schema.validate(frame, lazy=True)
plain = pl.all().str.strip_chars()
made = frame.with_columns(plain).with_columns(
    pl.col("Created on", "Upgraded on").str.slice(0, 10).str.to_date("%Y-%m-%d"),
    pl.col("Advisors", "Users").cast(pl.Int64),
    pl.col("Website").str.to_lowercase(),
    pl.col("Plan").replace_strict({{"Full feature Spoke": "full_spoke", "Assessment Only": "assessment_only"}}),
    pl.col("Status").str.to_lowercase(),
    count_low=pl.when(pl.col("Employees").str.contains("^[0-9]+$")).then(pl.col("Employees")).cast(pl.Int64),
    band_low=pl.col("Employees").str.extract("^([0-9]+)[-+]", 1).cast(pl.Int64),
    band_high=pl.col("Employees").str.extract("-([0-9]+)$", 1).cast(pl.Int64),
)
assert made["Created on"].null_count() == 0
assert not (made["Upgraded on"] < made["Created on"]).any()
texts = ("Client ID", "Partner ID", "Client name")
assert not made.select(pl.any_horizontal(pl.col(*texts).str.contains(r"[\\x00-\\x1f\\x7f-\\x9f]").any())).item()
blank = frame.select(pl.all_horizontal(pl.all().is_null()).sum()).item()
kinds = {{"header": 1, "blank": blank, "record": frame.height - blank}}
assert sum(kinds.values()) == frame.height + 1
"""

"""The same checks of the same workbook in frictionless and in pandera, as programs for their own environment.

Both check what ours checks cell by cell: needed values, closed lists, dates, domains, sizes, whole numbers in range.
Neither finds the header, types the records, or looks for what the reader hides.
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
import sys
import pandera.polars as pa
import polars as pl
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
dated = frame.with_columns(pl.col("Created on", "Upgraded on").str.slice(0, 10).str.to_date("%Y-%m-%d"))
assert dated["Created on"].null_count() == 0
"""

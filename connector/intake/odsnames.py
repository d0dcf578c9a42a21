"""Names of OpenDocument, each with its namespace before a `}` as the XML parser gives them."""

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"

VALUE_TYPE, VALUE, STRING_VALUE = OFFICE + "value-type", OFFICE + "value", OFFICE + "string-value"
DATE_VALUE, TIME_VALUE, BOOLEAN_VALUE = OFFICE + "date-value", OFFICE + "time-value", OFFICE + "boolean-value"
SHOWN_TYPE = CALC + "value-type"
FORMULA = TABLE + "formula"
COLUMNS_REPEATED, ROWS_REPEATED = TABLE + "number-columns-repeated", TABLE + "number-rows-repeated"
VISIBILITY = TABLE + "visibility"

# The attributes of rows and cells that are read, as nearly all documents write them.
AS_WRITTEN = {
    "office:value-type": VALUE_TYPE,
    "office:value": VALUE,
    "office:string-value": STRING_VALUE,
    "office:date-value": DATE_VALUE,
    "office:time-value": TIME_VALUE,
    "office:boolean-value": BOOLEAN_VALUE,
    "calcext:value-type": SHOWN_TYPE,
    "table:formula": FORMULA,
    "table:number-columns-repeated": COLUMNS_REPEATED,
    "table:number-rows-repeated": ROWS_REPEATED,
    "table:visibility": VISIBILITY,
}

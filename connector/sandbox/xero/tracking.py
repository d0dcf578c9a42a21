"""What a line is sorted under: tracking categories and their options.

What a stranger would get wrong: a category or option that does not exist is refused, not made.
"""

from connector.sandbox import jsontext
from connector.sandbox.jsontext import Record, text
from connector.sandbox.xero import organisation
from connector.sandbox.xero.context import Context

MOST_TRACKING = 2


def sorted_under(context: Context, line: Record) -> tuple[list[Record], list[str]]:
    """What a line is sorted under, and what is wrong with it: by ids, or by the names of category and option."""
    given = jsontext.records(line.get("Tracking"))
    if not given:
        return [], []
    known = [one for one in organisation.tracking_categories(context) if one["Status"] == "ACTIVE"]
    kept: list[Record] = []
    errors = ["A line item can have at most 2 tracking categories"] if len(given) > MOST_TRACKING else []
    for one in given:
        category = _named(known, one, "TrackingCategoryID", "Name")
        if category is None:
            errors.append(f"The tracking category '{text(one, 'Name')}' could not be found")
            continue
        option = _named(jsontext.records(category["Options"]), one, "TrackingOptionID", "Option")
        if option is None:
            errors.append(f"The tracking option '{text(one, 'Option')}' could not be found")
            continue
        kept.append(
            {
                "Name": category["Name"],
                "Option": option["Name"],
                "TrackingCategoryID": category["TrackingCategoryID"],
                "TrackingOptionID": option["TrackingOptionID"],
            }
        )
    return kept, errors


def _named(known: list[Record], asked: Record, id_field: str, name_field: str) -> Record | None:
    key, name = text(asked, id_field), text(asked, name_field)
    alike = [one for one in known if (one[id_field] == key if key else one["Name"] == name)]
    return alike[0] if alike else None

"""Reading what a test of the rules gives: one event of one client or bundle, as intake and billing would hand it over.

Nothing is assumed but a quantity of one for a client, and the currency, which the selling entity states.
"""

import re
from datetime import date

from connector.declared import MapNode, Node, Reader, ScalarNode
from connector.domain.employees import LARGEST_COUNT, Size, parse_size
from connector.domain.words import EventKind, PartnerKind, Plan
from connector.rulebook import kinds
from connector.rulebook.domains import normalised
from connector.rulebook.events import Event
from connector.rulebook.read_entities import known_currency
from connector.rulebook.spec import Declared

_COUNTS = ("quantity", "advisors", "users", "clients_this_year", "places_left", "term_days", "term_of")
_NEEDED = ("partner", "partner_kind", "selling_entity")
_CLIENT = ("plan", "country", "domain", "template", "tags", "employees", "band", "currency")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def read_given(node: Node | None, reader: Reader, declared: Declared) -> Event | None:
    """The event that a test gives; faults are noted."""
    said = node.entries if isinstance(node, MapNode) else {}
    events = [kind.value for kind in EventKind if kind.value in said]
    bundle = events == [EventKind.BUNDLE.value]
    needed = (*_NEEDED, "quantity" if bundle else "plan")
    entries = reader.mapping(node, "given", needed, (*map(str, EventKind), *_CLIENT, *_COUNTS))
    if node is None or entries is None:
        return None
    if len(events) != 1:
        found = " and ".join(events) or "none"
        step = f"Write one of {', '.join(EventKind)}, with its day."
        reader.fault(node, f"a test gives one event; this one gives {found}", step, kinds.TEST)
        return None
    event: dict[str, object] = {"event": events[0], "event_on": _day(said[events[0]], events[0], reader)}
    event["plan"] = reader.choice(said.get("plan"), "plan", Plan)
    event["partner_kind"] = reader.choice(said.get("partner_kind"), "partner_kind", PartnerKind)
    event |= {key: reader.text(said.get(key), key) for key in ("partner", "template")}
    entity = reader.choice(said.get("selling_entity"), "selling_entity", declared.entities, kinds.NAME_UNKNOWN)
    event |= {"selling_entity": entity, "currency": known_currency(said.get("currency"), "currency", reader)}
    if "currency" not in said and entity is not None:
        event["currency"] = declared.entities[entity].currency
    event |= {key: _carried(said.get(key), key, reader) for key in ("country", "domain")}
    event["count"] = reader.whole(said.get("employees"), "employees", 1, LARGEST_COUNT)
    event["band_low"], event["band_high"] = _band(said.get("band"), reader)
    event |= {key: reader.whole(said.get(key), key) for key in _COUNTS}
    event |= {"tags": _tags(said["tags"], reader)} if "tags" in said else {}
    event |= {} if "quantity" in said else {"quantity": 1}
    return {name: value for name, value in event.items() if value is not None}


def _day(node: Node, event: str, reader: Reader) -> date | None:
    if event == "month" and isinstance(node, ScalarNode) and _MONTH.fullmatch(node.text):
        node = ScalarNode(f"{node.text}-01", node.quoted, node.place)
    return reader.day(node, event)


def _carried(node: Node | None, key: str, reader: Reader) -> str | None:
    """A text in the spelling in which records carry it."""
    text = reader.text(node, key)
    if node is None or text is None:
        return None
    if key == "country" and not _COUNTRY.fullmatch(text):
        reader.fault(node, f"country cannot be {text!r}", "Write two capital letters, such as US.", kinds.TEST)
    if key == "domain" and normalised(text) != text:
        step = f"Write {normalised(text) or 'it as example.com'}: records carry it so."
        reader.fault(node, f"domain cannot be {text!r}", step, kinds.TEST)
    return text


def _tags(node: Node, reader: Reader) -> list[str]:
    tags = reader.choices(node, "tags")
    for tag in tags:
        plain = " ".join(tag.lower().split())
        if plain != tag:
            reader.fault(node, f"tags cannot be {tag!r}", f"Write {plain}: records carry tags so.", kinds.TEST)
    return list(tags)


def _band(node: Node | None, reader: Reader) -> tuple[int | None, int | None]:
    text = reader.text(node, "band")
    if node is None or text is None:
        return None, None
    size = parse_size(text)
    if isinstance(size, Size) and size.high == size.low and size.low > 1:
        reader.fault(node, f"band is {text!r}, a number", f"Write employees: {text}.", kinds.TEST)
    elif not isinstance(size, Size):
        reader.fault(node, f"band is {text!r}: {size.reason}", size.next_step, kinds.TEST)
    else:
        return size.low, size.high
    return None, None

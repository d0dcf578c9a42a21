"""Reading `entities:` and `policies:`, what nobody has published and so must be declared.

The prefixes of document numbers are unique, so that no two companies or kinds of document share a number.
"""

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.declared import MapNode, Node, Reader
from connector.domain.currency import is_currency
from connector.domain.entities import FIRST_OPEN_DAY, Policies, SellingEntity
from connector.domain.places import Line
from connector.rulebook import kinds
from connector.rulebook.sources import Section, Sources

LOCKED_PERIOD = ("refuse", FIRST_OPEN_DAY)
POLICIES: Mapping[str, tuple[str, ...]] = {
    "employee_size": ("count_first", "band_first"),
    "upgrade": ("keeps_bundle_place", "frees_bundle_place"),
    "archived_client": ("bill", "hold"),
    "archived_renewal": ("stop", "hold", "bill"),
    "undated_upgrade": ("hold", "upload_day"),
    "overdraw": ("hold", "charge_bundle", "allow"),
}
_FIELDS = ("name", "currency", "bill_from", "time_zone", "number_prefix", "locked_period")
_OPTIONAL = ("credit_note_prefix",)
_PREFIX = re.compile(r"[A-Z0-9-]{1,8}")


def read_entities(sources: Sources) -> dict[str, SellingEntity]:
    """The selling entities that are sound; faults of the others are noted."""
    entities: dict[str, SellingEntity] = {}
    prefixes: dict[str, str] = {}
    for section in sources.of("entities")[:1]:
        node = section.root.entries["entities"]
        listed = section.reader.mapping(node, "entities", open_keys=True)
        if listed is not None and not listed:
            section.reader.fault(node, "no selling entity is declared", "Declare at least one.", kinds.SECTION_MISSING)
        for name, body in (listed or {}).items():
            place = node.key_places[name] if isinstance(node, MapNode) else node.place
            entity = _entity(name, body, place, section, prefixes)
            if entity is not None:
                entities[name] = entity
    return entities


def read_policies(sources: Sources) -> Policies | None:
    """The declared policies; None when one is faulty, which is noted."""
    for section in sources.of("policies")[:1]:
        entries = section.reader.mapping(section.root.entries["policies"], "policies", required=POLICIES) or {}
        said = {
            name: section.reader.choice(entries.get(name), f"policy {name}", options)
            for name, options in POLICIES.items()
        }
        chosen = {name: option for name, option in said.items() if option is not None}
        if len(chosen) == len(POLICIES):
            return Policies(**chosen)
    return None


def known_currency(node: Node | None, what: str, reader: Reader) -> str | None:
    """A currency code of ISO 4217 that has minor units."""
    code = reader.text(node, what)
    if node is None or code is None or is_currency(code):
        return code
    reader.fault(node, f"{what} is {code!r}, which is no currency of ISO 4217", kinds.CURRENCY.remedy, kinds.CURRENCY)
    return None


def _entity(name: str, body: Node, place: Line, section: Section, prefixes: dict[str, str]) -> SellingEntity | None:
    reader = section.reader
    entries = reader.mapping(body, f"entity {name}", _FIELDS, _OPTIONAL)
    if entries is None:
        return None
    title = reader.text(entries.get("name"), "name")
    currency = known_currency(entries.get("currency"), "currency", reader)
    bill_from = reader.day(entries.get("bill_from"), "bill_from")
    zone = _zone(entries.get("time_zone"), reader)
    prefix = _prefix(entries, "number_prefix", name, reader, prefixes)
    of_credits = _prefix(entries, "credit_note_prefix", name, reader, prefixes)
    locked = reader.choice(entries.get("locked_period"), "locked_period", LOCKED_PERIOD)
    if not (title and currency and bill_from and zone and prefix and locked):
        return None
    at = f"{place.file}:{place.line}"
    return SellingEntity(name, title, currency, bill_from, zone, prefix, locked, at, of_credits)


def _zone(node: Node | None, reader: Reader) -> str | None:
    zone = reader.text(node, "time_zone")
    if node is None or zone is None:
        return None
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        step = "Write an IANA name such as America/New_York or Europe/London."
        reader.fault(node, f"time_zone is {zone!r}, which no clock knows", step, kinds.ENTITY)
        return None
    return zone


def _prefix(entries: Mapping[str, Node], key: str, name: str, reader: Reader, prefixes: dict[str, str]) -> str | None:
    """A prefix of document numbers, which no other kind or company has."""
    node = entries.get(key)
    prefix = reader.text(node, key)
    if node is None or prefix is None:
        return None
    if not _PREFIX.fullmatch(prefix):
        step = "Write at most 8 characters of A-Z, 0-9 and -, such as US-."
        reader.fault(node, f"{key} {prefix!r} cannot start a document number", step, kinds.ENTITY)
        return None
    if prefix in prefixes:
        message = f"{key} {prefix!r} is that of {prefixes[prefix]} already"
        reader.fault(node, message, "Give each entity and each kind of document a prefix of its own.", kinds.ENTITY)
        return None
    prefixes[prefix] = f"entity {name}" if key == "number_prefix" else f"the credit notes of {name}"
    return prefix

"""The tables of a rulebook: prices (tier × plan × currency), quotes beside the list price, rules, policies and more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from connector.printed.tables import NOTHING, Table, Value, change_of
from connector.rulebook.spec import FLAT, PER_UNIT, Charge, Declared, PriceVersion, Range, Rule
from connector.rulebook.views import words
from connector.rulebook.views.pricing import PriceLine, heading, ladders, lines_of, meeting, side_by_side, valid

_MOST_VERSIONS = 6  # side by side in one table; more are continued in the next
_RULES = ("rule", "outcome", "when", "days", "bills", "price", "term", "reason", "place")
_QUOTES = ("rule", "days", "what", "tier or quantity", "list price", "quoted price", "difference", "percent")


def tables_of(declared: Declared, on: date | None = None) -> tuple[Table, ...]:
    """The tables people read.

    Args:
        declared: what the files say.
        on: only what is valid on this day; None for everything.
    """
    shown, left_out = (declared, ()) if on is None else _on(declared, on)
    tables = [*_prices(shown), _quotes(shown), _rules(shown, on, left_out), _versions(shown), _tiers(shown)]
    return tuple(table for table in (*tables, _policies(shown), _entities(shown)) if table.rows or table.notes)


def _on(declared: Declared, on: date) -> tuple[Declared, tuple[str, ...]]:
    """What is valid on a day, and the ids of the rules that are not."""
    day = (on.toordinal(), on.toordinal())
    versions = tuple(version for version in declared.versions if meeting(valid(version), day))
    rules = tuple(rule for rule in declared.rules if meeting(words.days_of(rule.conditions), day))
    left_out = tuple(rule.id for rule in declared.rules if rule not in rules)
    return replace(declared, versions=versions, rules=rules), left_out


def _prices(declared: Declared) -> Iterator[Table]:
    for book in sorted({version.book for version in declared.versions}):
        own = [version for version in declared.versions if version.book == book]
        own.sort(key=lambda version: (version.currency, version.first, version.entities))
        for start in range(0, len(own), _MOST_VERSIONS):
            part = own[start : start + _MOST_VERSIONS]
            number = f" {start // _MOST_VERSIONS + 1}" if len(own) > _MOST_VERSIONS else ""
            yield _book(book, number, part, declared)


def _book(book: str, number: str, versions: list[PriceVersion], declared: Declared) -> Table:
    columns = [lines_of(version, declared.tiers) for version in versions]
    rows = [
        (*key, *(NOTHING if line is None else line.money for line in lines))
        for key, lines in side_by_side(columns).items()
    ]
    notes = ladders(line for lines in columns for line in lines)
    heads = ("what", "tier or quantity", *(heading(version) for version in versions))
    return Table(f"prices {book}{number}", f"Prices of book {book}{number}", heads, tuple(rows), notes)


def _quotes(declared: Declared) -> Table:
    rows: list[tuple[Value, ...]] = []
    notes: list[str] = []
    for rule in declared.rules:
        charge = rule.charge
        if charge is None or charge.overrides is None:
            continue
        books = _listed(declared, charge)
        rows += [row for book in books for row in _quote(rule, charge, book, declared)]
        reads = f"reads book {charge.book}" if charge.book not in books else "keeps the list price"
        instead = f" instead of {words.any_of(books)}" if books and charge.book not in books else ""
        where = words.place_of(rule.place)
        notes.append(f"{rule.id} ({where}) {reads}{instead}, for {words.when(rule.conditions)}.")
    return Table("quotes", "Quotes beside the list price", _QUOTES, tuple(rows), tuple(notes))


def _listed(declared: Declared, charge: Charge) -> tuple[str, ...]:
    """The books of the rules that a quote overrides."""
    plain = (rule.charge for rule in declared.rules if rule.charge is not None and rule.charge.overrides is None)
    return tuple(sorted({other.book for other in plain if other.metric == charge.overrides}))


def _quote(rule: Rule, charge: Charge, book: str, declared: Declared) -> Iterator[tuple[Value, ...]]:
    """The lines of a quote beside those of one list, for each stretch of days with one version of both."""
    asked = rule.conditions.words.get("selling_entity", ())
    for quoted in declared.versions:
        if quoted.book != charge.book:
            continue
        within = meeting(valid(quoted), words.days_of(rule.conditions))
        for listed in declared.versions:
            if listed.book != book or listed.currency != quoted.currency or within is None:
                continue
            both = meeting(within, valid(listed))
            if both is not None and _share(asked, quoted.entities, listed.entities):
                yield from _beside(rule, charge, both, quoted, (listed, declared))


def _beside(
    rule: Rule, charge: Charge, both: Range, quoted: PriceVersion, of: tuple[PriceVersion, Declared]
) -> Iterator[tuple[Value, ...]]:
    listed, declared = of
    columns = [
        [line for line in lines_of(version, declared.tiers) if _reads(charge, line)] for version in (listed, quoted)
    ]
    for key, lines in side_by_side(columns).items():
        old, new = (None if line is None else line.money for line in lines)
        difference = change_of(old, new)
        yield (rule.id, words.days(both), *key, old or NOTHING, new or NOTHING, *difference)


def _reads(charge: Charge, line: PriceLine) -> bool:
    return line.manner == charge.manner and (charge.manner not in (FLAT, PER_UNIT) or line.metric == charge.metric)


def _share(*entities: tuple[str, ...]) -> bool:
    """Whether one selling entity is in all of them; none named means every one."""
    named = [set(some) for some in entities if some]
    return not named or bool(set.intersection(*named))


def _rules(declared: Declared, on: date | None, left_out: tuple[str, ...]) -> Table:
    rows = [
        (
            rule.id,
            words.OUTCOMES[rule.outcome],
            words.when(rule.conditions),
            words.days(words.days_of(rule.conditions)),
            f"{rule.charge.metric}, item {rule.charge.item}" if rule.charge else "",
            words.price(rule.charge) if rule.charge else words.adjustment(rule.adjustment) if rule.adjustment else "",
            words.term(rule.charge.term) if rule.charge else "",
            rule.reason or "",
            words.place_of(rule.place),
        )
        for rule in declared.rules
    ]
    notes = [f"Not on {on}: {', '.join(left_out)}."] if left_out else []
    return Table("rules", "Rules, in the order in which they stand", _RULES, tuple(rows), tuple(notes))


def _versions(declared: Declared) -> Table:
    ordered = sorted(declared.versions, key=lambda one: (one.book, one.currency, one.first, one.entities))
    rows = [
        (
            one.book,
            one.currency,
            words.days(valid(one)),
            ", ".join(sorted(one.entities)) or "all",
            one.tiers or NOTHING,
            words.place_of(one.place),
        )
        for one in ordered
    ]
    columns = ("book", "currency", "valid", "selling entities", "tiers", "place")
    return Table("versions", "Versions of the price books", columns, tuple(rows))


def _tiers(declared: Declared) -> Table:
    rows = [
        (name, ", ".join(band.label for band in one.bands), words.place_of(one.place))
        for name, one in sorted(declared.tiers.items())
    ]
    return Table("tiers", "Employee tiers", ("list", "tiers", "place"), tuple(rows))


def _policies(declared: Declared) -> Table:
    said = words.policies(declared.policies)
    rows = [(name, value, words.POLICIES.get((name, value), "")) for name, value in said.items()]
    return Table("policies", "Policies", ("policy", "declared", "means"), tuple(rows))


def _entities(declared: Declared) -> Table:
    columns = (
        "entity",
        "name",
        "currency",
        "bills from",
        "time zone",
        "number prefix",
        "credit notes",
        "locked period",
        "place",
    )
    rows = [
        (
            *(one.id, one.name, one.currency, one.bill_from.isoformat()),
            *(one.time_zone, one.number_prefix, one.credit_note_prefix or NOTHING, one.locked_period, one.place),
        )
        for one in declared.entities.values()
    ]
    return Table("entities", "Selling entities", columns, tuple(rows))

"""A proposed mapping as the YAML a person edits: what is known stands live, what is asked stands as a comment.

Texts of the file go into quotes, and into comments without anything that could end a line: nothing in an uploaded file
can write a line of the mapping.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from connector.intake.fields import DATE_ORDERS, FIELDS, Field, Sort
from connector.intake.guess import HeaderScore, SheetGuess
from connector.intake.questions import ambiguous, dates_of, proved_order, sorted_out, worded
from connector.intake.words import same

_SHOWN = 60
_LONGEST_REASON = 160
_FEW = 12
_UNREAD_SHOWN = 3
_EXAMPLE = {Sort.COUNTRY: "GB", Sort.CURRENCY: "USD"}
_FIRST_LINE = "# yaml-language-server: $schema=mapping.schema.json"


Words = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Answers:
    """What a person answers to what is asked of a proposed mapping; empty for nothing.

    Attributes:
        orders: date field → `day_first` or `month_first`.
        words: field → a word of the file → the value that it means.
        constants: field without a column → the value of every record.
    """

    orders: Mapping[str, str] = field(default_factory=dict)
    words: Words = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


_NO_ANSWERS = Answers()


def yaml_text(
    source: str,
    name: str,
    namespace: str,
    sheets: Sequence[tuple[SheetGuess, Words]],
    answers: Answers = _NO_ANSWERS,
) -> str:
    """The mapping.

    Args:
        source: the file it is proposed for.
        name: the mapping's name.
        namespace: whose client ids these are, as other mappings say.
        sheets: the sheets, of one kind each, with the words the other mappings know: field → spelling → value.
        answers: what a person has said of it.
    """
    lines = [
        _FIRST_LINE,
        f"# Proposed for {plain(source)} by its headers and values, with a score in % for each column.",
        "# Look at every line, answer what is asked, and save it in mappings/. docs/mappings.md explains the keys.",
        f"mapping: {quoted(name)}",
        "",
        "# Whose client ids are these? It is a part of a client's identity, the same for every upload of one platform.",
        f"namespace: {quoted(namespace)}",
        "",
        *_date_orders(sheets, answers.orders),
        "records:",
    ]
    for guess, words in sheets:
        known = {**words, **{name: {**words.get(name, {}), **said} for name, said in _spelt(answers.words).items()}}
        lines += [*_sheet(guess, known, answers.constants), ""]
    return "\n".join(lines).rstrip() + "\n"


def _spelt(words: Words) -> Words:
    """Words by their matching spelling."""
    return {name: {same(text): value for text, value in said.items()} for name, said in words.items()}


def quoted(text: str) -> str:
    """A text in double quotes, as YAML reads it back."""
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def plain(text: str, longest: int = _SHOWN) -> str:
    """A text for a comment: in one line, cut where it is long."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"{shown[:longest]}…" if len(shown) > longest else shown


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    number = ord(letter)
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004  (the widths of YAML's escapes)


def _date_orders(sheets: Sequence[tuple[SheetGuess, object]], said: Mapping[str, str]) -> Iterator[str]:
    """What the columns prove, or a person says; and what has to be asked, since every day of a column is at most 12."""
    known: dict[str, str] = {}
    proved = True
    asked: list[str] = []
    for guess, _ in sheets:
        for column in dates_of(guess):
            order = proved_order(column)
            if order is None and column.field in said:
                order, proved = said[column.field], False
            if order is not None:
                known.setdefault(column.field, order)
            elif ambiguous(column):
                asked.append(f"{column.field} ({plain(column.title)}: {plain(', '.join(column.evidence.examples))})")
    for one in asked:
        yield f"# Question: what comes first in {one}? Write its order below."
    if known:
        orders = ", ".join(f"{name}: {order}" for name, order in known.items())
        yield f"date_order: {{{orders}}}{'  # proved by the days above 12' if proved else ''}"
    elif asked:
        yield f"# date_order: {DATE_ORDERS[0]}   # or {DATE_ORDERS[1]}"
    if known or asked:
        yield ""


def _sheet(guess: SheetGuess, words: Words, constants: Mapping[str, str]) -> Iterator[str]:
    where = f"the sheet {plain(guess.sheet)}" if guess.sheet else "the file"
    yield f"  # {where}: {_header(guess.header)}"
    for rejected in guess.rejected:
        yield f"  #   less likely: {_header(rejected)}"
    yield f"  {guess.kind.value}:"
    yield f'    fingerprints: ["{guess.fingerprint}"]  # a sheet with these headers is always read by this mapping'
    yield "    columns:"
    for column in guess.columns:
        if column.field:
            reason = plain(column.reason, _LONGEST_REASON)
            yield f"      {column.field}: [{quoted(column.title)}]  # {column.score} %: {reason}"
    for column in guess.columns:
        if not column.field:
            shown = plain(", ".join(column.evidence.texts[:_UNREAD_SHOWN]))
            yield f"      # not read: {plain(column.title)} ({shown or 'empty'})"
    yield from _values(guess, words)
    own = {name: value for group in guess.missing for name, value in constants.items() if name in group}
    if guess.missing:
        yield "    constants:" if own else "    # constants:"
    yield from (f"      {name}: {quoted(value)}" for name, value in own.items())
    for group in guess.missing:
        if own.keys().isdisjoint(group):
            yield from _question(guess, group)


def _header(score: HeaderScore) -> str:
    rows = f"row {score.first}" if score.first == score.last else f"rows {score.first} to {score.last}"
    parts = ", ".join(f"{name} {share}" for name, share in score.parts.items())
    return f"header in {rows}, {score.score} % ({parts})"


def _question(guess: SheetGuess, group: tuple[str, ...]) -> Iterator[str]:
    fields = FIELDS[guess.kind]
    names = " or ".join(fields[name].title for name in group)
    perhaps = ""
    if any(fields[name].words for name in group):
        few = [one for one in guess.columns if not one.field and 0 < one.evidence.distinct <= _FEW]
        perhaps = f", perhaps {' or '.join(plain(one.title) for one in few)}" if few else ""
    yield f"    # Question: no column seems to be the {names}. Name its header above{perhaps}, or take the # away here:"
    yield f"    #   {group[0]}: {' | '.join(fields[group[0]].words) or '…'}"


def _values(guess: SheetGuess, words: Words) -> Iterator[str]:
    """The words of the columns: those known, and as comments those that somebody must give a meaning."""
    live: list[str] = []
    asked: list[str] = []
    for column, own in worded(guess):
        meant, unknown = sorted_out(column, own, words.get(own.name, {}))
        questions = [_asked(text, own, words.get(own.name, {})) for text in unknown]
        if meant:
            live.append(f"      {own.name}:")
            live += [f"        {quoted(value)}: {_listed(said)}" for value, said in meant.items()]
            live += ["        # Not known yet; give each its meaning:"] if questions else []
            live += [f"        # {question}" for question in questions]
        elif questions:
            asked.append(f"      # {own.name}:  # not known yet; give each its meaning:")
            asked += [f"      #   {question}" for question in questions]
    if live or asked:
        yield "    values:" if live else "    # values:"
    yield from (*live, *asked)


def _asked(text: str, field: Field, words: Mapping[str, str]) -> str:
    """A line that gives a word the likeliest meaning, and names the others."""
    near = get_close_matches(same(text), words, 1)
    options = list(field.words) or [_EXAMPLE.get(field.sort, "11-50")]
    value = words[near[0]] if near else options[0]
    others = " | ".join(option for option in options if option != value) or "another"
    return f"{quoted(value)}: [{quoted(text)}]  # or {others}"


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, dict.fromkeys(texts)))}]"

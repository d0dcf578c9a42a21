"""A proposed mapping as a form, and what a person has filled in.

A stranger's trap: nothing of the form is named by the file's own texts, which can be anything: a column is named by its
number, a word by its place among the words of its column, and what comes back is looked up among what was asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.domain.places import column_letters
from connector.intake import Answers, Mappings, SheetGuess
from connector.intake.fields import DATE_ORDERS, FIELDS, Field, Sort
from connector.intake.guess import known_words
from connector.intake.questions import ambiguous, dates_of, proved_order, sorted_out, worded
from connector.intake.words import same
from connector.runs import suggested

Posted = Mapping[str, str]
_ORDERS = dict(zip(DATE_ORDERS, ("the day", "the month"), strict=True))


@dataclass(frozen=True)
class Choice:
    """One answer that can be chosen: as it is sent, as it is read, and whether it is chosen."""

    value: str
    told: str
    chosen: bool


@dataclass(frozen=True)
class Asked:
    """One question of the form.

    Attributes:
        name: of its field in the form.
        about: what is asked about.
        examples: values of the file that it is about.
        why: why the answer chosen was suggested; empty for none.
        choices: what can be answered.
    """

    name: str
    about: str
    examples: str
    why: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Filled:
    """A form as it is filled in: the sheet with its fields, the answers, and what is still asked of each kind.

    Attributes:
        guess: the sheet, its columns taken for what the person says.
        answers: the rest of what the person says.
        columns: one question for each column.
        constants: one for each needed field without a column that has a closed list of words.
        orders: one for each column of dates that can be read both ways.
        words: one for each word that has no meaning yet.
        missing: the needed fields that nothing says, in words.
    """

    guess: SheetGuess
    answers: Answers
    columns: tuple[Asked, ...]
    constants: tuple[Asked, ...]
    orders: tuple[Asked, ...]
    words: tuple[Asked, ...]
    missing: tuple[str, ...]


def filled(guess: SheetGuess, mappings: Mappings, posted: Posted) -> Filled:
    """The form of a sheet; with nothing posted, as it is proposed.

    Raises:
        StopError: two columns are taken for one field.
    """
    known = known_words(mappings, guess.kind)
    fields = FIELDS[guess.kind]
    said = {
        one.column: posted[_column(one.column)]
        for one in guess.columns
        if posted.get(_column(one.column), "") in ("", *fields) and _column(one.column) in posted
    }
    taken = suggested.taken_for(guess, said)
    answers = Answers(
        orders=_answered(_orders(taken, {}), posted),
        words={
            name: answered
            for name, own in _words_by_field(taken, known).items()
            if (answered := {text: posted[ask.name] for text, ask in own if _chosen(ask, posted)})
        },
        constants=_answered(_constants(taken, {}), posted),
    )
    return Filled(
        guess=taken,
        answers=answers,
        columns=tuple(_of_column(one.column, taken) for one in taken.columns),
        constants=tuple(ask for _, ask in _constants(taken, posted)),
        orders=tuple(ask for _, ask in _orders(taken, posted)),
        words=tuple(ask for own in _words_by_field(taken, known, posted).values() for _, ask in own),
        missing=tuple(
            " or ".join(fields[name].title for name in group)
            for group in taken.missing
            if answers.constants.keys().isdisjoint(group)
        ),
    )


def _column(number: int) -> str:
    return f"column-{number}"


def _of_column(number: int, guess: SheetGuess) -> Asked:
    column = next(one for one in guess.columns if one.column == number)
    fields = FIELDS[guess.kind].items()
    choices = [
        Choice("", "not used", not column.field),
        *(Choice(name, f"{field.title} ({name})", name == column.field) for name, field in fields),
    ]
    why = f"{column.reason} ({column.score} %)" if column.field else "nothing fits it well enough"
    title = f"{column_letters(number)}: {column.title}"
    return Asked(_column(number), title, ", ".join(column.evidence.examples), why, tuple(choices))


def _constants(guess: SheetGuess, posted: Posted) -> Iterator[tuple[str, Asked]]:
    """Needed fields that no column is taken for, where one word can hold for all rows."""
    fields = FIELDS[guess.kind]
    for name in (name for group in guess.missing for name in group if fields[name].words):
        yield name, _ask(f"constant-{name}", fields[name].title, "", _meanings(fields[name]), posted)


def _orders(guess: SheetGuess, posted: Posted) -> Iterator[tuple[str, Asked]]:
    for column in dates_of(guess):
        if proved_order(column) is None and ambiguous(column):
            examples = ", ".join(column.evidence.examples)
            yield column.field, _ask(f"order-{column.field}", column.title, examples, _ORDERS, posted)


def _words_by_field(
    guess: SheetGuess, known: Mapping[str, Mapping[str, str]], posted: Posted | None = None
) -> dict[str, list[tuple[str, Asked]]]:
    """By field, the words that have no meaning yet, each with its question."""
    asked = {}
    for column, field in worded(guess):
        _, unknown = sorted_out(column, field, known.get(field.name, {}))
        asked[field.name] = [
            (text, _ask(f"word-{column.column}-{at}", text, column.title, _meanings(field), posted or {}))
            for at, text in enumerate(column.evidence.texts)
            if field.sort is Sort.WORD and text in unknown
        ]
    return asked


def _meanings(field: Field) -> dict[str, str]:
    return {word: word.replace("_", " ") for word in field.words}


def _ask(name: str, about: str, examples: str, options: Mapping[str, str], posted: Posted) -> Asked:
    said = posted.get(name, "")
    nobody = Choice("", "not said", said not in options)
    choices = (Choice(value, told, value == said) for value, told in options.items())
    return Asked(name, about, examples, "", (nobody, *choices))


def _chosen(ask: Asked, posted: Posted) -> bool:
    """Whether one of the answers was given."""
    return posted.get(ask.name, "") in {one.value for one in ask.choices if one.value}


def _answered(asked: Iterator[tuple[str, Asked]], posted: Posted) -> dict[str, str]:
    return {name: posted[ask.name] for name, ask in asked if _chosen(ask, posted)}


def named(sheet: str, stem: str) -> str:
    """What a name for the mapping is made of: the file's, and the sheet's where it has one."""
    return f"{stem} {sheet}" if sheet and same(sheet) != same(stem) else stem

"""What is wrong, where, and what to do: wrong input is a value, never an exception.

A problem of severity `error` blocks what it stands on; a `warning` is told and blocks nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from connector.domain.places import Place


class Severity(StrEnum):
    """How far a problem reaches: an error blocks its row, file or document; a warning only tells."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Kind:
    """One sort of problem, as `docs/problems.md` lists it.

    Attributes:
        code: the stable name, `part-what`; also the name of its example folder in `tests/problems/`.
        title: what is wrong, in one line.
        remedy: what a person does about it.
        severity: whether it blocks.
        scope: what it stands on: `row`, `record`, `term`, `file`, `mapping`, `rulebook`, `document`.
    """

    code: str
    title: str
    remedy: str
    severity: Severity = Severity.ERROR
    scope: str = "row"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a person's input.

    Attributes:
        code: the code of its `Kind`.
        severity: error or warning.
        place: file and cell, or file, line and column.
        message: what is wrong with this very value.
        next_step: what to do now, for this very value.
        excerpt: the row or line as it stands in the file, cells parted by ` | `; may be empty.
        mark: start and length, in characters, of the faulty part of the excerpt; `(0, 0)` when none is marked.
    """

    code: str
    severity: Severity
    place: Place
    message: str
    next_step: str
    excerpt: str = ""
    mark: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        """The house form: place, severity, message and code; the excerpt with its mark; the next step."""
        lines = [f"{self.place}: {self.severity}: {self.message} [{self.code}]"]
        if self.excerpt:
            number = str(getattr(self.place, "row", 0) or getattr(self.place, "line", 0) or "")
            gutter = f"{number:>5} | "
            lines.append(gutter + self.excerpt)
            start, length = self.mark
            if length:
                lines.append(f"{'':>5} | {'':>{start}}{'^' * length}" if start else f"{'':>5} | {'^' * length}")
        lines.append(self.next_step)
        return "\n".join(lines)


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Only the problems that block."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)

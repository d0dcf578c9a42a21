"""What stops a command: a sentence, the next step, and the exit code of the command line's contract."""

from collections.abc import Sequence

from connector.domain.problems import Problem

INPUT = 1
USAGE = 2
REMAINS = 3


class StopError(Exception):
    """The command cannot go on.

    Args:
        message: what is wrong, one sentence.
        next_step: what the person does now.
        exit_code: 1 a check failed, 2 wrong usage or configuration, 3 something remains to be sent or decided.
        problems: the single faults, when there are several.
    """

    def __init__(self, message: str, next_step: str, exit_code: int = USAGE, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message, self.next_step, self.exit_code, self.problems = message, next_step, exit_code, tuple(problems)

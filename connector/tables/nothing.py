"""What a step makes of no rows, worked out once: most runs have no purchases, no templates, or no client that is new.

A stranger's trap: a frame without rows costs as much as one of a thousand. Only a step whose answer to no rows is no
rows, under columns that follow from those it was given, may be kept like this.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec

import polars as pl

_Given = ParamSpec("_Given")
_Step = Callable[_Given, pl.DataFrame]


def kept_for_nothing(position: int) -> Callable[[_Step[_Given]], _Step[_Given]]:
    """Ask the step only once what it makes of a frame without rows.

    Args:
        position: which of the step's arguments the frame is, from 0; it is given by position.
    """

    def kept(step: _Step[_Given]) -> _Step[_Given]:
        answers: dict[Hashable, pl.DataFrame] = {}

        @wraps(step)
        def asked(*args: _Given.args, **kwargs: _Given.kwargs) -> pl.DataFrame:
            frame = args[position]
            if not isinstance(frame, pl.DataFrame) or frame.height:
                return step(*args, **kwargs)
            columns = tuple(frame.schema.items())
            if columns not in answers:
                answers[columns] = step(*args, **kwargs)
            return answers[columns]

        return asked

    return kept

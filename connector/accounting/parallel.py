"""Questions asked side by side, as many as a tenant allows; each takes its own permit."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Answer = TypeVar("Answer")


def side_by_side(calls: Sequence[Callable[[], Answer]], most: int) -> list[Answer]:
    """The answers in the order of the calls.

    Args:
        calls: what is to be asked; one alone needs no thread.
        most: at most so many at a time.

    Raises:
        Exception: what the first of them raised that raised anything, once all have ended.
    """
    if len(calls) <= 1:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(most, len(calls))) as pool:
        asked = [pool.submit(call) for call in calls]
    return [one.result() for one in asked]

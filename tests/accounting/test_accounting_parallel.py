"""Questions asked side by side."""

import threading
from collections.abc import Callable

import pytest

from connector.accounting.parallel import side_by_side


def test_the_answers_come_in_the_order_of_the_calls_and_no_more_run_than_are_allowed() -> None:
    together, lock, most = [0], threading.Lock(), [0]
    met = threading.Barrier(2, timeout=10)

    def ask(number: int) -> Callable[[], int]:
        def call() -> int:
            with lock:
                together[0] += 1
                most[0] = max(most[0], together[0])
            met.wait()
            with lock:
                together[0] -= 1
            return number

        return call

    assert side_by_side([ask(number) for number in range(8)], 2) == list(range(8))
    assert most == [2]


def test_one_alone_is_asked_here() -> None:
    assert side_by_side([threading.get_ident], 5) == [threading.get_ident()]
    assert side_by_side([], 5) == []


def test_what_a_call_raises_is_raised_once_all_have_ended() -> None:
    ended: list[int] = []

    def wrong() -> int:
        message = "no"
        raise ValueError(message)

    def right() -> int:
        ended.append(1)
        return 1

    with pytest.raises(ValueError, match="no"):
        side_by_side([right, wrong, right], 3)
    assert ended == [1, 1]

"""Never more calls in any minute than allowed, never more at a time, and no sleep longer than a minute."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from accounting_kit import START, Time
from hypothesis import given
from hypothesis import strategies as st

from connector.accounting.answers import RetryLater
from connector.accounting.limits import WINDOW, Limit, Limiter


def limiter(time: Time, most: int = 3, in_flight: int = 5) -> Limiter:
    return Limiter(most, in_flight, time.clock, time.sleep)


@given(st.integers(1, 6), st.lists(st.floats(0, 40), max_size=40))
def test_no_minute_has_more_calls_than_allowed(most: int, pauses: list[float]) -> None:
    time = Time()
    made = limiter(time, most)
    sent = []
    for pause in pauses:
        time.now += timedelta(seconds=pause)
        with made.permit() as refused:
            assert refused is None
            sent.append(time.now)
    assert all(later - first >= WINDOW for first, later in zip(sent, sent[most:], strict=False))
    assert all(seconds <= 60 for seconds in time.slept)


def test_a_call_beyond_the_limit_waits_until_the_oldest_is_a_minute_old() -> None:
    time = Time()
    made = limiter(time, most=2)
    for seconds in (0, 10, 5):
        time.now += timedelta(seconds=seconds)
        with made.permit():
            pass
    assert time.slept == [45.0]


def test_an_answer_that_leaves_less_is_believed() -> None:
    time = Time()
    made = limiter(time, most=10)
    with made.permit():
        pass
    made.learn({"x-minlimit-remaining": "1"})
    made.learn({"x-minlimit-remaining": "many"})
    made.learn({})
    made.learn({"x-minlimit-remaining": "59"})
    for _ in range(2):
        with made.permit():
            pass
    assert time.slept == [60.0]


@pytest.mark.parametrize(
    ("headers", "seconds", "whole_tenant"),
    [
        ({"x-rate-limit-problem": "minute", "retry-after": "42"}, 42, True),
        ({"x-rate-limit-problem": "Minute"}, 60, True),
        ({"x-rate-limit-problem": "appminute", "retry-after": "7"}, 7, True),
        ({"x-rate-limit-problem": "day", "retry-after": "73451"}, 73451, True),
        ({"x-rate-limit-problem": "Daily"}, 15 * 3600, True),  # to midnight
        ({"x-rate-limit-problem": "day", "retry-after": "99999999"}, 2 * 86400, True),
        ({"x-rate-limit-problem": "concurrent"}, 2, False),
        ({}, 60, True),
    ],
)
def test_a_refusal_says_until_when(headers: dict[str, str], seconds: int, *, whole_tenant: bool) -> None:
    time = Time()
    made = limiter(time)
    got = made.refused(headers)
    assert (got.not_before, got.whole_tenant) == (START + timedelta(seconds=seconds), whole_tenant)
    with made.permit() as refused:
        assert refused == (got if whole_tenant else None)
    time.now += timedelta(seconds=seconds)
    with made.permit() as refused:
        assert refused is None
    assert time.slept == []


def test_a_clock_that_stands_still_is_not_waited_for_twice() -> None:
    time = Time()
    slept: list[float] = []
    made = Limiter(1, 1, time.clock, slept.append)
    with made.permit():
        pass
    with made.permit() as refused:
        assert isinstance(refused, RetryLater)
    assert slept == [60.0]


def test_a_clock_set_back_makes_nobody_wait_longer_than_a_minute() -> None:
    time = Time()
    made = limiter(time, most=1)
    with made.permit():
        pass
    time.now -= timedelta(hours=5)
    with made.permit() as refused:
        assert isinstance(refused, RetryLater)
    assert time.slept == [60.0]


def test_calls_at_a_time_are_bounded() -> None:
    made = limiter(Time(), most=100, in_flight=2)
    inside = 0
    most = 0
    barrier = Barrier(2, timeout=10)

    def call() -> None:
        nonlocal inside, most
        with made.permit():
            inside += 1
            most = max(most, inside)
            barrier.wait()
            inside -= 1
            barrier.wait()

    threads = [Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert most == 2


def test_further_limits_count_besides_the_minute_and_a_kind_counts_alone() -> None:
    time = Time()
    made = Limiter(100, 5, time.clock, time.sleep, [Limit(3, seconds=1), Limit(2, kind="batch")])
    sent = []
    for kind in ("", "", "batch", "", "batch", "", "batch"):
        with made.permit(kind) as refused:
            assert refused is None
            sent.append((time.now - START).total_seconds())
    assert sent == [0, 0, 0, 1, 1, 1, 60]


def test_a_place_that_was_kept_is_taken_by_the_next_call_of_its_kind_alone() -> None:
    time = Time()
    made = Limiter(3, 5, time.clock, time.sleep, [Limit(1, kind="batch")])
    assert made.keep("batch") == timedelta()
    assert made.keep("batch") == timedelta(minutes=1)
    for kind in ("batch", "", ""):
        with made.permit(kind) as refused:
            assert refused is None
    assert time.slept == []
    with made.permit("batch") as refused:
        assert refused is None
    assert time.slept == [60.0]


def test_a_place_that_was_not_used_at_once_is_lost() -> None:
    time = Time()
    made = limiter(time, most=2)
    assert made.keep("batch") == timedelta()
    time.now += timedelta(seconds=3)
    for _ in range(2):
        with made.permit("batch") as refused:
            assert refused is None
    assert time.slept == [57.0]


def test_a_call_counts_from_when_it_is_made_and_not_from_when_its_place_was_kept() -> None:
    time = Time()
    made = limiter(time, most=1)
    assert made.keep("batch") == timedelta()
    time.now += timedelta(seconds=2)
    with made.permit("batch") as refused:
        assert refused is None
    with made.permit("batch") as refused:
        assert refused is None
    assert time.slept == [60.0]


def test_a_place_that_was_kept_before_the_tenant_was_held_is_not_used() -> None:
    time = Time()
    made = limiter(time)
    assert made.keep("batch") == timedelta()
    held = RetryLater(START + timedelta(seconds=9), "not now", whole_tenant=True)
    made.hold(held)
    with made.permit("batch") as refused:
        assert refused == held


def test_a_place_of_a_second_that_is_over_is_taken_again_if_there_is_one() -> None:
    time = Time()
    made = Limiter(100, 5, time.clock, time.sleep, [Limit(1, seconds=1)])
    assert made.keep("batch") == timedelta()
    time.now += timedelta(seconds=1.5)
    with made.permit():
        pass
    with made.permit("batch") as refused:
        assert refused is None
    assert time.slept == [1.0]


def test_a_place_that_comes_too_late_is_neither_waited_for_nor_used_up() -> None:
    time = Time()
    made = limiter(time, most=1)
    with made.permit():
        pass
    with made.permit("", START + timedelta(seconds=59)) as refused:
        free = START + timedelta(seconds=60)
        assert refused == RetryLater(free, "The calls of this minute are used up.", whole_tenant=False)
    with made.permit("", START + timedelta(seconds=60)) as refused:
        assert refused is None
    assert time.slept == [60.0]


def test_nobody_calls_while_the_tenant_is_held() -> None:
    time = Time()
    made = limiter(time)
    held = RetryLater(START + timedelta(seconds=9), "not now", whole_tenant=True)
    made.hold(held)
    assert made.keep("") == held
    with made.permit() as refused:
        assert refused == held
    time.now += timedelta(seconds=9)
    with made.permit() as refused:
        assert refused is None

"""When a push makes its calls: each as soon as the limits have a place, and never on what was looked up long ago."""

from datetime import timedelta
from pathlib import Path

from push_kit import Sandbox, Time, approve, credit_note, document, settings, states

from connector.accounting.connect import connect
from connector.ledger import read
from connector.runs.crashpoints import arm
from connector.runs.push import push


def test_calls_beyond_the_limit_of_a_minute_wait_for_their_places(books: Sandbox, store: Path) -> None:
    approve([document(number) for number in range(1, 501)])
    made = Time()
    target = connect(settings(books.url, calls_per_minute=12), made.clock, made.sleep)
    done = push(target, store=store, clock=made.clock, sleep=made.sleep)
    assert (len(done.booked), done.waiting) == (500, ())
    assert 30 < sum(made.slept) <= 60  # 5 calls of the catalogue, 2 of the contact, 10 of documents
    assert books.books() == ({"AUTHORISED": 500}, {"ACTIVE": 1})
    assert read("document_event", "state = 'retry'").is_empty()


def test_what_has_waited_too_long_is_put_back_and_sent_by_the_next_round(books: Sandbox, store: Path) -> None:
    """Five calls go at a time; the sixth has waited for two minutes when one of them is settled."""
    approve([*(document(number) for number in range(1, 250)), credit_note(1, "US-999999")])
    made = Time()

    def two_minutes() -> None:
        made.ahead += timedelta(minutes=2)

    arm("push:settled", action=two_minutes)
    target = connect(settings(books.url), made.clock, made.sleep)
    done = push(target, store=store, clock=made.clock, sleep=made.sleep)
    assert len(done.booked) == 250
    told = read("document_event", "state = 'retry'").select("document_id", "detail").rows()
    words = "It waited for its turn too long; whether its number is free is looked up again."
    assert told == [("D-US-CN-000001", words)]
    assert set(states().values()) == {"done"}

"""Random rulebooks × 40 random clients each: the product agrees with a second, independent reading of the YAML.

`CONNECTOR_RANDOM_RULEBOOKS` says how many; `make soak` asks for 5,000.
"""

import json
import os
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st
from plain_reading import Said, read, say
from random_rulebooks import Book, client, rulebooks

from connector.rulebook import load
from connector.tables import EVENTS

RULEBOOKS = int(os.environ.get("CONNECTOR_RANDOM_RULEBOOKS", "250"))
PARTS = 10  # so that workers share them; coverage is measured in one
CLIENTS = 40


def told(row: dict[str, Any]) -> Said:
    changes = tuple(one["rule"] for one in json.loads(row["adjustments"] or "[]"))
    charged = row["outcome"] == "charge"
    return Said(
        outcome=row["outcome"],
        problem=row["problem"],
        rule=row["rule_id"],
        metric=row["metric"],
        tier=row["tier"],
        book=row["price_book"] if charged else None,
        quantity=row["quantity"],
        amount=row["amount_minor"],
        adjusted_by=changes,
    )


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.unmeasured) for part in range(1, PARTS))])
def test_random_rulebooks_agree_with_a_second_reading(part: int) -> None:
    phases = (
        Phase.explicit,
        Phase.generate,
    )  # a failure is told as it was drawn: shrinking proves a rulebook each time

    @seed(part)
    @settings(max_examples=RULEBOOKS // PARTS, deadline=None, database=None, phases=phases,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(rulebooks(), st.integers(0, 2**32))
    def agree(book: Book, start: int) -> None:
        chance = Random(start)
        clients = [client(chance) for _ in range(CLIENTS)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "rules"
            book.write(folder)
            rulebook, problems = load(folder)
            if [problem.code for problem in problems] == ["rules-too-many-cells"]:
                reject()  # refused for its size, not for what it says; another one is drawn
            assert rulebook is not None, "\n".join(map(str, problems))
            files = read(folder)
        occur = [one for one in clients if _occurs(book, one)]
        frame = pl.DataFrame([{"event_id": number, **one} for number, one in enumerate(occur)], schema=dict(EVENTS))
        found = [told(row) for row in rulebook.rate(frame).iter_rows(named=True)]
        assert found == [say(files, one) for one in occur]

    agree()


def _occurs(book: Book, event: dict[str, Any]) -> bool:
    """Whether such an event can occur: a renewal where terms renew, a month where a rule charges by it."""
    rules = book.files["billing.yaml"]["rules"]
    if event["event"] == "renewed":
        return any("renewal" in rule.get("charge", {}) for rule in rules)
    return event["event"] != "month" or any(rule["when"].get("event") == "month" for rule in rules)

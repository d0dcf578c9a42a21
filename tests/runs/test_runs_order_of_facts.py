"""Dated facts come to the same net charges in whatever order they arrive, split over uploads in whatever way.

A fact is a client as the platform showed it once: Assessment Only, or from a day on a full Spoke. Each history hears of
all of them, on days of its own, and ends on the same day.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from frames_kit import Office, source
from history_kit import MOST_CLIENTS, PARTNERS, Folder, on_postgresql, on_sqlite, record, renewing_folder, standing
from history_oracle import BANDS, Client, Oracle, net
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector import ledger
from connector.domain.words import RecordKind
from connector.ledger import Place

LAST_FACT, END = date(2025, 6, 30), date(2025, 9, 15)

days = st.dates(date(2025, 3, 1), LAST_FACT)
clients = st.builds(
    lambda partner, full, band, day, later: Client(0, partner, full, day, band, upgraded=None if full else later),
    st.sampled_from(["P-1", "P-2"]),
    st.booleans(),
    st.sampled_from(BANDS),
    days,
    st.none() | days,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return renewing_folder(tmp_path_factory.mktemp("order"))


def facts_of(number: int, one: Client) -> list[Client]:
    """What a platform showed of a client, one thing after the other."""
    first = replace(one, number=number, upgraded=None)
    if one.upgraded is None:
        return [first]
    upgraded = max(one.created, one.upgraded)
    return [first, replace(first, full=True, upgraded=upgraded)]


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    """Makes and opens a new ledger."""
    on_server = request.param == "postgresql"
    return on_postgresql(request.getfixturevalue("databases")) if on_server else on_sqlite(tmp_path)


def history(folder: Folder, place: Place, facts: Sequence[Client], random: Random) -> list[tuple[int, ...]]:
    """The net charges after all facts, in an order and in uploads of its own: each bills, and time passes between."""
    left = random.sample(facts, len(facts))
    office = Office(replace(folder.config, ledger=place), folder.after, LAST_FACT)
    upload = [PARTNERS]
    while left:
        now: dict[int, Client] = {}
        for fact in left[: random.randint(1, len(left))]:
            now.setdefault(fact.number, fact)
        left = [fact for fact in left if now.get(fact.number) is not fact]
        rows = [record(one) for one in random.sample(list(now.values()), len(now))]
        upload.append(source(f"{len(left)} left.csv", RecordKind.CLIENTS, rows))
        office.approve(office.plan(*upload).run_id)
        office.today = min(END, office.today + timedelta(random.randint(0, 40)))
        upload = []
    office.today = END
    # What is known of a client by then is its last fact; whatever else was asked is answered by it.
    last = {fact.number: fact for fact in facts}
    rows = [record(one) for one in last.values()]
    office.approve(office.plan(source("all.csv", RecordKind.CLIENTS, rows)).run_id)
    found = [(who, ordinal, amount - back) for who, _, ordinal, _, amount, back in standing()]
    ledger.close_store()
    return found


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(several=st.lists(clients, min_size=1, max_size=MOST_CLIENTS), seed=st.integers(0, 10_000))
def test_dated_facts_bill_the_same_in_any_order_of_arrival(
    folder: Folder, fresh: Callable[[], Place], several: list[Client], seed: int
) -> None:
    facts = [fact for number, one in enumerate(several) for fact in facts_of(number, one)]
    wanted = Oracle(changed=True)
    wanted.approve({fact.number: fact for fact in facts}.values(), END)
    told = sorted((who, ordinal, cents) for (who, ordinal), cents in net(wanted.terms).items())
    for one in (seed, seed + 1):
        assert history(folder, fresh(), facts, Random(one)) == told

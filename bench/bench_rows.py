"""Invented clients for the benches, the same every time: half with a count, half with a band, some upgraded."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

HEADER = (
    "Client ID",
    "Partner ID",
    "Client name",
    "Website",
    "Plan",
    "Created on",
    "Upgraded on",
    "Employees",
    "Status",
    "Country",
    "Advisors",
    "Users",
)
_FULL, _UPGRADED, _COUNTED = 0.6, 0.3, 0.5  # shares of the clients


def client_rows(number: int) -> Iterator[tuple[object, ...]]:
    """So many rows under `HEADER`."""
    chance = random.Random(20250301)  # noqa: S311  (the same rows every time, not a secret)
    for client in range(number):
        created = date(2021, 1, 1) + timedelta(days=chance.randrange(1500))
        full = chance.random() < _FULL
        upgraded = created + timedelta(days=chance.randrange(200)) if full and chance.random() < _UPGRADED else None
        size = chance.randrange(1, 4000) if chance.random() < _COUNTED else chance.choice(("2-10", "11-50", "51-200"))
        yield (
            f"C-{client:07d}",
            f"P-{chance.randrange(200):04d}",
            f"Client {client} Ltd",
            f"client{client}.example.com",
            "Full feature Spoke" if full else "Assessment Only",
            created,
            upgraded,
            size,
            "Active",
            chance.choice(("US", "GB", "AU")),
            chance.randrange(9),
            chance.randrange(50),
        )

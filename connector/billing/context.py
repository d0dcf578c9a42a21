"""What a billing run takes as given: entities, policies, days, and the master with the uploaded versions in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from connector.domain.entities import Policies, SellingEntity


@dataclass(frozen=True)
class Context:
    """The givens of one run.

    Attributes:
        run_id: the run.
        key: the ledger's digest key.
        entities: the selling entities of the rulebook.
        policies: what the rulebook declares of the unpublished.
        as_of: per selling entity, the run's day in the entity's time zone.
        partners: all versions of the partner master, the uploaded ones included: `partner_id`, `valid_from`, facts.
        templates: all template versions: `template`, `partner_id` ("" for every partner), `valid_from`, `plan`.
        rulebook_digest: the rulebook that rates the run.
        near_tiers: a price's place and tier, with a blank between → the tiers beside it, each with its price.
    """

    run_id: str
    key: bytes
    entities: Mapping[str, SellingEntity]
    policies: Policies
    as_of: Mapping[str, date]
    partners: pl.DataFrame
    templates: pl.DataFrame
    rulebook_digest: str
    near_tiers: Mapping[str, str] = field(default_factory=dict)

    @property
    def days(self) -> pl.DataFrame:
        """One row for each selling entity: `selling_entity`, `bill_from` and `as_of`, the run's day there."""
        return pl.DataFrame(
            {
                "selling_entity": list(self.entities),
                "bill_from": [entity.bill_from for entity in self.entities.values()],
                "as_of": [self.as_of[name] for name in self.entities],
            },
            schema={"selling_entity": pl.String, "bill_from": pl.Date, "as_of": pl.Date},
        )

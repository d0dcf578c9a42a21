"""What rules bill by time alone, months and renewals: no plan makes them yet, and to leave them out would be wrong.

A plan is refused only where something would be left out: rules with renewals bill first terms until one is due.
"""

from datetime import date

import polars as pl

from connector.billing.replay import next_terms
from connector.domain.words import EventKind
from connector.rulebook import Rulebook
from connector.runs.errors import StopError


def refuse_months(rulebook: Rulebook) -> None:
    """Refuse rules that bill clients by the month: no plan makes months yet.

    Raises:
        StopError: some rule bills them.
    """
    if EventKind.MONTH in rulebook.later_events:
        message = "the rules bill clients by the month, which a plan does not make yet"
        raise StopError(message, "Plan without those rules; 'connector rules test' and 'rules simulate' know them.")


def refuse_due_renewals(charges: pl.DataFrame, rulebook: Rulebook, as_of: date) -> None:
    """Refuse a plan on a day by which a term is to be renewed: no plan renews terms yet.

    Raises:
        StopError: a term has ended that the rules renew; the first ones are named.
    """
    renewing = [metric for metric, term in rulebook.terms.items() if term.renewal is not None]
    due = next_terms(charges.filter(pl.col("metric").is_in(renewing)), date.min).filter(pl.col("renews_on") <= as_of)
    if not due.is_empty():
        first = due.sort("renews_on", "subject_id").row(0, named=True)
        terms = "1 term is" if due.height == 1 else f"{due.height:,} terms are"
        which = f"the first is {first['metric']} of {first['subject_id']} on {first['renews_on']}"
        message = f"{terms} to be renewed by {as_of}, which a plan does not do yet: {which}"
        step = "Bill the renewals by hand, or plan for a day before; 'connector rules simulate' shows what each costs."
        raise StopError(message, step)

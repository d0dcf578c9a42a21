"""Clients made by the page: kept here with by whom and when, and written to a file that is a source like any other."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import Max, QuerySet

from connector.intake import Mappings
from connector.runs import one_client, workspace
from connector.runs.errors import INPUT, StopError
from connector.runs.made_here import Quote, Row
from connector.runs.one_client import Match
from connector.web import deeds, made_files
from connector.web.models import Made, MadeStep
from connector.web.settings import PEOPLE
from connector.web.site import site

MADE, UPGRADED, ARCHIVED, COUNTED, JOINED = "made", "upgraded", "archived", "counted users of", made_files.JOINED
_ONCE = (UPGRADED, ARCHIVED)
_NAMING = ("client_ref", "partner_id", "name", "domain")


def latest(partner_id: str = "") -> QuerySet[MadeStep]:
    """What each client made here is now, the newest first; of one partner, or of all."""
    newest = MadeStep.objects.order_by().values("made").annotate(last=Max("id")).values("last")
    found = MadeStep.objects.filter(pk__in=newest).select_related("made").order_by("-made_id")
    return found.filter(made__partner_id=partner_id) if partner_id else found


def billed(partner_id: str = "") -> QuerySet[MadeStep]:
    """Those of `latest` that stand in the file: without one that is joined, which is the export's, or erased."""
    return latest(partner_id).exclude(what=JOINED).exclude(made__name="")


def rows(partner_id: str, without: int = 0) -> list[Row]:
    """The rows of a partner's clients as they are now, but for the one of this number, the earliest first."""
    return [one.whole for one in billed(partner_id).exclude(made_id=without).order_by("made_id")]


def words(quote: Quote) -> str:
    """What a person is told that a client would be billed, in one line."""
    if quote.price is None:
        return f"nothing: {quote.why}" if quote.why else "nothing"
    return f"{quote.price} ({quote.tier})" if quote.tier else str(quote.price)


def refuse_twin(partner_id: str, domain: str) -> None:
    """Refuse a second client of one partner and domain.

    Raises:
        StopError: one was made here.
    """
    there = Made.objects.filter(partner_id=partner_id, domain=domain).first()
    if there is not None:
        step = "Look at that one; a client is made once."
        raise StopError(f"{there.reference} was made here with the domain {domain}", step, INPUT)


def make(wanted: Row, by: str, told: str) -> Made:
    """Make a client.

    Args:
        wanted: its row, the domain as it is compared; it has no id yet.
        by: who makes it.
        told: what the person was told that it would be billed.

    Raises:
        StopError: its partner has a client of that domain that was made here.
    """
    owner, domain = wanted["partner_id"], wanted["domain"]
    with transaction.atomic(using=PEOPLE):
        refuse_twin(owner, domain)
        made = Made.objects.create(partner_id=owner, name=wanted["name"], domain=domain)
        _note(made, MADE, wanted, by, told)
    write()
    return made


def change(made: Made, what: str, changed: Mapping[str, str], by: str, told: str) -> None:
    """Make something else of a client.

    Args:
        made: the client.
        what: `UPGRADED`, `ARCHIVED` or `COUNTED`.
        changed: the fields that are otherwise from now on.
        by: who says so.
        told: what the person was told that it would be billed; empty where nothing was.

    Raises:
        StopError: that was done before and happens once, it is archived, or joined with a client of an export.
    """
    with transaction.atomic(using=PEOPLE):
        done = set(made.steps.values_list("what", flat=True))
        ended = (JOINED,) if what == JOINED else (JOINED, ARCHIVED)
        there = next((one for one in (*ended, *_ONCE) if one in done and (one in ended or one == what)), "")
        if there:
            raise StopError(f"{made.reference} is {there} already", "Load its page again.", INPUT)
        _note(made, what, {**made.steps.latest("id").row, **changed}, by, told)
    write()


def join(step: MadeStep, match: Match, mappings: Mappings, by: str) -> None:
    """Make a client and one of an export one client, which is the export's from then on.

    Said again of the same two, it enters what is missing: a plan of before may have brought the client meanwhile.

    Raises:
        StopError: the ledger knows both as clients of their own, or it is joined with another.
    """
    told = f"{match.client_ref} of {match.namespace}"
    if step.what == JOINED and step.told != told:
        raise StopError(f"{step.made.reference} is joined with {step.told} already", "There is no way back.", INPUT)
    one_client.join(step.whole, match, mappings, now=site().now(), by=by)
    if step.what != JOINED:
        change(step.made, JOINED, {"status": JOINED}, by, told)


def write() -> tuple[Path, ...]:
    """Write the files of what was made here; their paths.

    Raises:
        StopError: one cannot be written, or the mappings have faults.
    """
    return made_files.write(site().folder, workspace.open_mappings(site().config()).made_here)


def _note(made: Made, what: str, row: Mapping[str, str], by: str, told: str) -> None:
    kept = {name: text for name, text in row.items() if name not in _NAMING and text}
    MadeStep.objects.create(made=made, what=what, by=by, at=site().now(), row=kept, told=told)
    deeds.note(by, f"{what} a client", f"{made.reference} of {made.partner_id}", told)


def quoted_rows(step: MadeStep, changed: Mapping[str, str]) -> Sequence[Row]:
    """The rows of a client's partner, it as the last and with these changes."""
    return [*rows(step.made.partner_id, step.made_id), {**step.whole, **changed}]

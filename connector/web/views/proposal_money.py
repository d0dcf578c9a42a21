"""What a proposal does to the money: asked for, shown as tables, and as a workbook."""

from datetime import date

import polars as pl
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from connector.runs import proposal_money, simulation_tables
from connector.runs.proposal_money import Kept
from connector.web import works
from connector.web.asked import PageRequest
from connector.web.grids import Grid
from connector.web.paging import MOST, Pager, wanted
from connector.web.site import site
from connector.web.uploading import XLSX, day_of
from connector.web.views.proposals import known


def simulate(request: PageRequest, number: int) -> HttpResponse:
    """Ask both rulebooks about everything the ledger knows, in a process of its own."""
    proposal = known(number)
    start = proposal.day or date.fromisoformat(day_of(request.POST.get("day", "")) or str(site().now().date()))
    given = {"proposal": number, "start": start.isoformat()}
    work = works.going(works.SIMULATE, **given) or works.start(works.SIMULATE, request.user.name, given)
    return redirect("work", number=work.pk)


def money(request: PageRequest, number: int) -> HttpResponse:
    """What changes line by line, and what each policy comes to: a part of the proposal's page for htmx, else a page."""
    proposal = known(number)
    kept = _kept(number)
    asked = wanted(request)
    found = _searched(kept.changed, asked.search)
    address = reverse("rules-money", kwargs={"number": number})
    told = {
        "proposal": proposal,
        "money": kept,
        "fits": kept.digest == proposal.digest and (proposal.day is None or proposal.day == kept.start),
        "lines": _lines(found.slice(asked.start, MOST).collect()),
        "changed": _count(kept.changed),
        "totals": _totals(kept),
        "asking": _asking(kept),
        "asking_count": _count(kept.asking),
        "asked": asked,
        "address": address,
        "pager": Pager(asked, _count(found), address),
    }
    return render(request, "web/parts/money.html" if request.htmx else "web/proposal_money.html", told)


def xlsx(_request: PageRequest, number: int) -> FileResponse:
    """The whole simulation as a workbook."""
    book = _kept(number).book
    name = f"proposal-{number}.xlsx"
    return FileResponse(book.open("rb"), as_attachment=True, filename=name, content_type=XLSX)


def _kept(number: int) -> Kept:
    kept = proposal_money.kept(known(number))
    if kept is None:
        raise Http404(number)
    return kept


def _lines(found: pl.DataFrame) -> Grid:
    rows = simulation_tables.line_rows(found)
    return Grid("What changes", simulation_tables.LINE_COLUMNS, rows, simulation_tables.LINE_NUMBERS)


def _totals(kept: Kept) -> Grid:
    title = f"What each policy comes to, from {kept.start}"
    rows = simulation_tables.total_rows(kept.totals)
    return Grid(title, simulation_tables.TOTAL_COLUMNS, rows, simulation_tables.TOTAL_NUMBERS)


def _asking(kept: Kept) -> Grid:
    rows = simulation_tables.asking_rows(kept.asking.head(MOST).collect())
    return Grid("Needs a person: no amount is assumed", simulation_tables.ASKING_COLUMNS, rows)


def _count(lines: pl.LazyFrame) -> int:
    return int(lines.select(pl.len()).collect().item())


def _searched(lines: pl.LazyFrame, text: str) -> pl.LazyFrame:
    """The lines in which a text stands: of a partner or a client."""
    if not text:
        return lines
    said = pl.concat_str(pl.col("partner_id", "label").fill_null(""), separator=" ").str.to_lowercase()
    return lines.filter(said.str.contains(text.lower(), literal=True))

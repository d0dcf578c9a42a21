"""Where everybody starts: what happened last, what needs a person, and whether the page is alive."""

from datetime import date

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from connector import __version__, ledger
from connector.rulebook import load as load_rulebook
from connector.runs import nights, store
from connector.runs import overview as runs_overview
from connector.runs.attention import attention
from connector.runs.config import Config
from connector.web import charts
from connector.web.asked import PageRequest
from connector.web.frame import ROOMS
from connector.web.paging import MOST, Pager, wanted
from connector.web.site import site

_LATEST = 5


def home(request: HttpRequest) -> HttpResponse:
    """To the first room that this person may enter."""
    if not request.user.is_authenticated:
        return redirect_to_login("/")
    return redirect(next(room.page for room in ROOMS if room.right in request.user.rights))


def overview(request: PageRequest) -> HttpResponse:
    """The last night, what needs a person, the money of the last months, bundles that run out, the latest runs."""
    config = site().config()
    found = attention(config, site().asked(request.user.name))
    today = site().now().date()
    told = {
        "attention": found[:_LATEST],
        "attention_count": len(found),
        "runs": store.run_states()[::-1][:_LATEST],
        "last": runs_overview.last_night(),
        "billed": [charts.months(one) for one in runs_overview.billed_by_month(today)],
        "places": _places(config, today),
        "low": {"percent": runs_overview.LOW_PERCENT, "places": runs_overview.LOW_PLACES},
        "alarm": nights.alarm(site().now(), config.sync.alarm_after) if config.exports else "",
        "heads": ledger.chain_heads(),
    }
    return render(request, "web/overview.html", told)


def _places(config: Config, today: date) -> charts.Places | None:
    """The bundle places that run out; None while the rules have faults, which say what a place is."""
    rulebook, _ = load_rulebook(config.rules, cache=config.cache)
    return None if rulebook is None else charts.places(runs_overview.low_balances(rulebook, today))


def exceptions(request: PageRequest) -> HttpResponse:
    """Everything that needs a person, each with its next step."""
    asked = wanted(request)
    text = asked.search.lower()
    every = attention(site().config(), site().asked(request.user.name))
    found = [one for one in every if text in f"{one.where} {one.what} {one.next_step} {one.kind}".lower()]
    told = {"found": found[asked.start : asked.start + MOST], "pager": Pager(asked, len(found), request.path)}
    return render(request, "web/exceptions.html", told)


def health(_request: PageRequest) -> HttpResponse:
    """For a proxy or a watchman: the page is alive and the ledger answers."""
    ledger.chain_heads()
    return JsonResponse({"ok": True, "version": __version__})

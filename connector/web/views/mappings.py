"""Accounts and tax codes: what each item is booked to, beside what the books have; another one is chosen from that.

What is chosen is shown as a difference of the file before it is written. The file on disk is the truth, and one that
was changed meanwhile is not written.
"""

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from connector.accounting.answers import Catalogue
from connector.runs import book_mappings
from connector.runs.book_mappings import Mapped
from connector.runs.errors import INPUT, StopError
from connector.runs.rule_checks import lacking
from connector.web import deeds, seen, works
from connector.web.asked import PageRequest
from connector.web.seen import Seen
from connector.web.site import site

_KEYS = ("account.", "item_code.", "tax.")
_LONGEST = 200


def listing(request: PageRequest) -> HttpResponse:
    """The mapping of every selling entity, with what the books would refuse of it and what the rules find lacking."""
    config, looked = site().config(), seen.last()
    told = {
        "every": book_mappings.mapped(config, _catalogues(looked)),
        "lacking": lacking(config.rules, config.mappings),
        "looked": looked,
        "going": works.going(works.LOOK),
        "back": "books-mapping",
    }
    return render(request, "web/mappings.html", told)


def one(request: PageRequest, entity: str) -> HttpResponse:
    """Choose other accounts and tax codes; what was chosen is shown as a difference, and written when that is sent.

    Raises:
        StopError: nobody has looked at the books yet, the file was changed meanwhile, or a choice is none.
    """
    config, looked = site().config(), seen.last()
    catalogues = _catalogues(looked)
    own = book_mappings.one(config, entity, catalogues)
    if own is None:
        raise Http404(entity)
    told = {"own": own, "looked": looked, "back": "books-mapping", "going": works.going(works.LOOK)}
    if request.method != "POST":
        return render(request, "web/mapping.html", told)
    if own.tenant not in catalogues:
        raise StopError(f"nobody has asked the books of {entity} yet", "Look at them first, then choose.", INPUT)
    chosen = {key: str(value)[:_LONGEST] for key, value in request.POST.items() if key.startswith(_KEYS) and value}
    made = book_mappings.change(own, catalogues[own.tenant], chosen, request.POST.get("digest", ""))
    if request.POST.get("save") and made.lines:
        book_mappings.save(config, own, made)
        deeds.note(request.user.name, "changed the mapping", own.file, _told(own, chosen))
        messages.success(request, f"{own.file} is saved.")
        return redirect("books-mapping")
    return render(request, "web/mapping_change.html", {**told, "made": made, "chosen": chosen})


def _catalogues(looked: Seen) -> dict[str, Catalogue]:
    """What each tenant has set up, as far as it was reached when somebody looked."""
    return {name: one.catalogue for name, one in looked.connections.items() if one.catalogue is not None}


def _told(own: Mapped, chosen: Mapping[str, str]) -> str:
    """What was chosen, for whoever reads of it later."""
    return f"{own.entity}: " + ", ".join(f"{key} = {value}" for key, value in chosen.items())

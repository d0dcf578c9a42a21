"""A request as the views take it: Django's, with whoever is signed in and what htmx asks for."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from connector.web.models import Person


class PageRequest(HttpRequest):
    """A request of somebody who is signed in, or of nobody where the page needs no right."""

    user: "Person"
    htmx: "HtmxDetails"

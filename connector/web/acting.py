"""What is written to the ledger during a request is written in the name of whoever is signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from connector import ledger

Respond = Callable[[HttpRequest], HttpResponse]


class Acting:
    """Django's middleware."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        name = request.user.name if request.user.is_authenticated else ""
        with ledger.acting(name):
            return self._respond(request)

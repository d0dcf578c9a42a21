"""What stands around every page: who is signed in, and the rooms this person may enter."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from connector.web.rights import Right


@dataclass(frozen=True)
class Room:
    """One entry of the navigation: its heading, the name of its page, and the right that it needs."""

    title: str
    page: str
    right: Right


ROOMS = (
    Room("Overview", "overview", Right.SEE),
    Room("Clients", "clients", Right.CLIENTS),
    Room("Partners", "partners", Right.CLIENTS),
    Room("Upload", "uploads", Right.UPLOAD),
    Room("Runs", "runs", Right.SEE),
    Room("Documents", "documents", Right.SEE),
    Room("Books", "books", Right.SEE),
    Room("Rules", "rules", Right.SEE),
    Room("Needs you", "exceptions", Right.SEE),
    Room("People", "people", Right.PEOPLE),
    Room("Changes", "deeds", Right.PEOPLE),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """For every template: the rooms of whoever is signed in, and the one they are in."""
    rights: frozenset[Right] = getattr(getattr(request, "user", None), "rights", frozenset())
    here = request.resolver_match.url_name if request.resolver_match else ""
    first = (here or "").partition("-")[0].rstrip("s")
    return {
        "rooms": [one for one in ROOMS if one.right in rights],
        "here": next((one.page for one in ROOMS if one.page.rstrip("s") == first), ""),
    }

"""What was done by whom: every change that somebody makes by the page is noted, and the note stays."""

from connector.web.models import Deed
from connector.web.site import site


def note(by: str, what: str, subject: str = "", detail: str = "") -> None:
    """Note a change."""
    Deed.objects.create(at=site().now(), by=by, what=what, subject=subject, detail=detail)

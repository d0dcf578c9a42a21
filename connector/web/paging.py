"""What every list asks of an address: a text, a choice, a page. Wrong numbers are the first page, never an error."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

MOST = 50
_LONGEST_SEARCH = 200
_MOST_PAGES = 10_000_000


@dataclass(frozen=True)
class Wanted:
    """What is asked of a list: see `run_tables.Asked`; pages count from 1."""

    search: str
    choice: str
    page: int

    @property
    def start(self) -> int:
        """The first row, from 0."""
        return (self.page - 1) * MOST


def wanted(request: HttpRequest) -> Wanted:
    """What a request asks of a list."""
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < len(str(_MOST_PAGES)) else 1
    return Wanted(request.GET.get("q", "").strip()[:_LONGEST_SEARCH], request.GET.get("choice", ""), max(page, 1))


@dataclass(frozen=True)
class Pager:
    """Where in a list a page is, for the template."""

    asked: Wanted
    total: int
    address: str

    @property
    def first(self) -> int:
        """The number of the first row shown, from 1; 0 for none."""
        return min(self.asked.start + 1, self.total)

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return min(self.asked.start + MOST, self.total)

    @property
    def before(self) -> str:
        """The address of the page before; empty for none."""
        return self._at(self.asked.page - 1) if self.asked.page > 1 else ""

    @property
    def after(self) -> str:
        """The address of the page after; empty for none."""
        return self._at(self.asked.page + 1) if self.last < self.total else ""

    def _at(self, page: int) -> str:
        parts = {"q": self.asked.search, "choice": self.asked.choice, "page": str(page)}
        return f"{self.address}?{urlencode({name: text for name, text in parts.items() if text})}"

"""Which database a table is in: the ledger's rooms are in the ledger, all else in the page's own file."""

from typing import Any

from connector.ledger.settings import INSTALLED_APPS
from connector.web.settings import PEOPLE

_LEDGER = {name.rpartition(".")[2] for name in INSTALLED_APPS}


class Rooms:
    """Django's router."""

    def db_for_read(self, model: Any, **_hints: Any) -> str:  # noqa: ANN401 - Django's own
        """Where a model is read from."""
        return "default" if model._meta.app_label in _LEDGER else PEOPLE  # noqa: SLF001 - Django's documented name

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **_hints: Any) -> bool:  # noqa: ANN401 - as above
        """Whether a key may lead from one to the other."""
        return self.db_for_read(one) == self.db_for_read(other)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:  # noqa: ANN401 - as above
        """Whether a room's tables are made there."""
        return (db == "default") == (app_label in _LEDGER)

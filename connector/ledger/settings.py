"""Django's settings for the ledger's database. The file is chosen by `open_store`, never here.

Nothing of this reaches above the ledger's floor: applications of other rooms are named as text, and only if they have
models.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

_UPPER_APPS = ("connector.runs", "connector.accounting")
BUSY_SECONDS = 30


def _with_models(package: str) -> bool:
    """Whether the package has models, found without importing it: Django imports it once its applications load."""
    spec = find_spec(package)
    places = (spec.submodule_search_locations or ()) if spec is not None else ()
    return any((Path(place) / name).exists() for place in places for name in ("models.py", "models/__init__.py"))


INSTALLED_APPS = ["connector.ledger", *(package for package in _UPPER_APPS if _with_models(package))]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGGING_CONFIG = None  # the program that opens the ledger decides about logging
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {
            "timeout": BUSY_SECONDS,
            "transaction_mode": "IMMEDIATE",
            # recursive_triggers: without it INSERT OR REPLACE deletes a guarded row unseen.
            # secure_delete: an erased name is overwritten in the file, not only unlinked.
            "init_command": (
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                " PRAGMA recursive_triggers = ON; PRAGMA secure_delete = ON"
            ),
        },
    },
}

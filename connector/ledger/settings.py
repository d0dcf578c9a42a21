"""Django's settings for the ledger's database. The file or server is chosen by `open_store`, never here.

Nothing of this reaches above the ledger's floor: applications of other rooms are named as text, and only if they have
models.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

_UPPER_APPS = ("connector.runs", "connector.accounting")


def _with_models(package: str) -> bool:
    """Whether the package has models, found without importing it: Django imports it once its applications load."""
    spec = find_spec(package)
    places = (spec.submodule_search_locations or ()) if spec is not None else ()
    return any((Path(place) / name).exists() for place in places for name in ("models.py", "models/__init__.py"))


INSTALLED_APPS = ["connector.ledger", *(package for package in _UPPER_APPS if _with_models(package))]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGGING_CONFIG = None  # the program that opens the ledger decides about logging
# Chosen by `open_store`; until then nothing is connected to.
DATABASES: dict[str, dict[str, Any]] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}

"""The file of people, sessions and works, and the secret that signs sessions: made at the first start, private."""

import os
import secrets
from pathlib import Path

from connector.runs.errors import StopError
from connector.web.settings import PEOPLE, people_entry

FILE, SECRET = "page.sqlite3", "page.secret"
SECRET_VARIABLE = "CONNECTOR_PAGE_SECRET"  # noqa: S105 - the name of a variable
_SECRET_BYTES = 48
_SHORTEST_SECRET = 40


def open_people(path: Path) -> None:
    """Open the file of people in this process, making or migrating it if needed.

    Raises:
        StopError: it cannot be made or read, or another version has written it.
    """
    from django.core.management import call_command  # noqa: PLC0415 - Django is configured by then, not at import
    from django.db import DatabaseError, connections  # noqa: PLC0415 - as above

    try:
        path.touch(mode=0o600)
        connections[PEOPLE].close()
        connections.settings[PEOPLE].update(people_entry(path))
        del connections[PEOPLE]
        call_command("migrate", database=PEOPLE, interactive=False, verbosity=0)
    except (OSError, DatabaseError) as error:
        step = "Check that it is a file of the page, and that this user may write to it and to its folder."
        raise StopError(f"{path} cannot be used: {error}", step) from error


def secret_of(folder: Path) -> str:
    """What sessions are signed with: of the environment, or of a private file that the first start makes.

    Raises:
        StopError: it is too short, its file is open to others, or cannot be read or written.
    """
    given = os.environ.get(SECRET_VARIABLE, "")
    path = folder / SECRET
    if given:
        return _long(given, SECRET_VARIABLE)
    try:
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(_SECRET_BYTES))
        except FileExistsError:
            if path.stat().st_mode & 0o077:
                raise StopError(f"{path} can be read by others", f"Run: chmod 600 {path}") from None
        return _long(path.read_text(encoding="utf-8").strip(), str(path))
    except OSError as error:
        raise StopError(f"{path} cannot be used: {error.strerror}", "Check the rights of the folder.") from error


def _long(secret: str, where: str) -> str:
    if len(secret) < _SHORTEST_SECRET:
        raise StopError(
            f"the secret in {where} has fewer than {_SHORTEST_SECRET} characters",
            "Give a random one, such as: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
        )
    return secret

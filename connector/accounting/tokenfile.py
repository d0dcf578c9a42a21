"""Where the tokens of one consent are kept: a file that only its owner can read, replaced as a whole and durably.

What a stranger would get wrong: the lock is another file, because this one is replaced; and whoever refreshes holds the
lock from before reading until after writing, or two processes would refresh with one token and the later would lose.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from connector.net.errors import SetupError

_OTHERS = 0o077
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600


@dataclass(frozen=True)
class Tokens:
    """What a consent has given. The two tokens are in no repr.

    Attributes:
        tenant_id: the system's id of the organisation that was chosen.
        access: the access token; good until `access_until`.
        refresh: the refresh token; good until `refresh_until`, and replaced by the remote from time to time.
        consent_until: the day on which the consent ends whatever is done; None where the remote has not said.
    """

    tenant_id: str
    access: str = field(repr=False)
    access_until: datetime
    refresh: str = field(repr=False)
    refresh_until: datetime | None = None
    consent_until: datetime | None = None


_TIMES = ("access_until", "refresh_until", "consent_until")


class TokenFile:
    """The tokens of one tenant. Processes and threads that use one file exclude each other by `locked`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who reads and writes; waits for as long as another holds it.

        Raises:
            SetupError: the folder cannot be written.
        """
        try:
            self._path.parent.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
            handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, _OWN_FILE)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self) -> Tokens | None:
        """The tokens; None when there are none yet.

        Raises:
            SetupError: the file can be read by others, or is not what was written.
        """
        try:
            if self._path.stat().st_mode & _OTHERS:
                message = f"{self._path.name}, which holds access to the books, can be read by others"
                raise SetupError(message, f"Run 'chmod 600 {self._path}', and connect again if others could read it.")
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None
        with suppress(ValueError, TypeError, AttributeError):
            plain = json.loads(text)
            times = {name: datetime.fromisoformat(plain[name]) for name in _TIMES if plain.get(name)}
            return Tokens(**{**plain, **times})
        # Without its cause: the parser's text can hold what it could not parse.
        raise SetupError(f"{self._path.name} is damaged", "Remove it, then connect again.")

    def write(self, tokens: Tokens) -> None:
        """Store the tokens so that neither a crash nor a power cut loses them.

        Raises:
            SetupError: they cannot be stored.
        """
        fresh = self._path.with_suffix(".new")
        try:
            with suppress(FileNotFoundError):
                fresh.unlink()
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN_FILE)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(asdict(tokens), out, default=datetime.isoformat)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> SetupError:
        message = f"{self._path} cannot be used ({error.strerror})"
        return SetupError(message, "Make its folder writable for this user and see that its disk has space.")

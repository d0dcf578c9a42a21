"""Where the tokens of one consent are kept: a sealed file, replaced as a whole and durably.

What a stranger would get wrong: the lock is another file, because this one is replaced; and whoever refreshes holds the
lock from before reading until after writing, or two processes would refresh with one token and the later would lose.
The tenant's name is sealed in with the tokens: the file of one tenant does not open in the place of another's.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connector.accounting.oauth.tokenkeys import OTHERS, VARIABLE, TokenKeys, sync_folder
from connector.net.errors import SetupError
from connector.sealed import UnsealError, seal, unseal

_OWN_FOLDER, _OWN_FILE = 0o700, 0o600
_FORMAT = "connector-tokens-1"
_BEFORE = {"access", "refresh"}  # what a file of plain tokens holds


@dataclass(frozen=True)
class Tokens:
    """What a consent has given. The two tokens are in no repr.

    Attributes:
        tenant_id: the system's id of the organisation that was chosen.
        access: the access token; good until `access_until`.
        refresh: the refresh token; good until `refresh_until`, and replaced by the remote from time to time.
        consent_until: the day on which the consent ends whatever is done; None where the remote has not said.
        scopes: what was agreed to, parted by spaces.
    """

    tenant_id: str
    access: str = field(repr=False)
    access_until: datetime
    refresh: str = field(repr=False)
    refresh_until: datetime | None = None
    consent_until: datetime | None = None
    scopes: str = ""


_TIMES = ("access_until", "refresh_until", "consent_until")


class TokenFile:
    """The tokens of one tenant. Processes and threads that use one file exclude each other by `locked`."""

    def __init__(self, path: Path, tenant: str, keys: TokenKeys, again: str) -> None:
        """Args: `tenant`, our name of whose tokens they are; `again`, the command that connects it anew."""
        self._path = path
        self._tenant = tenant
        self._keys = keys
        self._again = again

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
        """The tokens; None when there are none yet. Whoever calls holds the lock.

        What another than the first key has sealed is sealed anew, so that the other can be taken away.

        Raises:
            SetupError: the file can be read by others, is not what was written, or does not open.
        """
        envelope = self._envelope()
        if envelope is None:
            return None
        known = self._keys.known()
        key = next((one for one in known if one.id == envelope["key"]), None)
        if key is None:
            raise self._locked_up(has_keys=bool(known))
        with suppress(UnsealError, ValueError, TypeError, AttributeError):
            plain = json.loads(unseal(self._sealed_name, key.secret, base64.b64decode(envelope["sealed"])))
            times = {name: datetime.fromisoformat(plain[name]) for name in _TIMES if plain.get(name)}
            tokens = Tokens(**{**plain, **times})
            if key != known[0]:
                self.write(tokens)
            return tokens
        # Without its cause: the parser's text can hold what it could not parse.
        raise self._refused("was changed since it was written, or was written for another tenant")

    def write(self, tokens: Tokens) -> None:
        """Store the tokens so that neither a crash nor a power cut loses them.

        Raises:
            SetupError: they cannot be stored, or there is no key to seal them.
        """
        key = self._keys.sealing()
        plain = json.dumps(asdict(tokens), default=datetime.isoformat).encode()
        sealed = base64.b64encode(seal(self._sealed_name, key.secret, plain)).decode()
        envelope = {"format": _FORMAT, "tenant": self._tenant, "key": key.id, "sealed": sealed}
        fresh = self._path.with_suffix(".new")
        try:
            with suppress(FileNotFoundError):
                fresh.unlink()
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN_FILE)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(envelope, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise self._unusable(error) from None

    @property
    def _sealed_name(self) -> str:
        return f"{_FORMAT}\x1f{self._tenant}"

    def _envelope(self) -> Mapping[str, Any] | None:
        """What is around the sealed bytes, once it is known to be this tenant's."""
        try:
            handle = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None
        with os.fdopen(handle, encoding="utf-8", errors="replace") as held:
            if os.fstat(held.fileno()).st_mode & OTHERS:
                message = f"{self._path.name}, which holds access to the books, can be read by others"
                raise SetupError(message, f"Run 'chmod 600 {self._path}', and connect again if others could read it.")
            text = held.read()
        envelope: Any = None
        with suppress(ValueError, RecursionError):
            envelope = json.loads(text)
        if isinstance(envelope, dict) and set(envelope) >= _BEFORE:
            raise self._refused("holds tokens that are not sealed, as files from before were")
        names = ("format", "tenant", "key", "sealed")
        if not isinstance(envelope, dict) or not all(isinstance(envelope.get(name), str) for name in names):
            raise self._refused("is damaged")
        if envelope["format"] != _FORMAT:
            raise self._refused("was written by another version of the program")
        if envelope["tenant"] != self._tenant:
            raise self._refused("was written for another tenant")
        return envelope

    def _refused(self, reason: str) -> SetupError:
        return SetupError(f"{self._path.name} {reason}", f"Run '{self._again}': it writes the file anew.")

    def _locked_up(self, *, has_keys: bool) -> SetupError:
        where = self._keys.file.name if self._keys.given is None else VARIABLE
        message = f"{self._path.name} is sealed under another key than {where} holds"
        if not has_keys:
            message = f"{self._path.name} is sealed, and its key is neither in {VARIABLE} nor in {where}"
        return SetupError(message, f"Put the key back (docs/operations.md), or run '{self._again}'.")

    def _unusable(self, error: OSError) -> SetupError:
        message = f"{self._path} cannot be used ({error.strerror})"
        return SetupError(message, "Make its folder writable for this user and see that its disk has space.")

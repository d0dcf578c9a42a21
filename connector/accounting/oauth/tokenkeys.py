"""The keys that token files are sealed under: of the environment, else of a file that is made on first use.

What a stranger would get wrong: the first key seals, every key opens. So a key is replaced by writing the new one
before it, and taken away once everything was sealed anew. No key is in a message or a repr.
"""

import base64
import binascii
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from connector.net.errors import SetupError
from connector.sealed import KEY_BYTES, new_key

VARIABLE = "CONNECTOR_TOKEN_KEY"
OTHERS = 0o077
_MAKE = "A key is 32 random bytes in base64, as 'openssl rand -base64 32' prints them; several are parted by spaces."
_HEAD = "# Opens the tokens in .tokens. Keep it apart from them; docs/operations.md says how it is replaced.\n"
_ID_LENGTH = 12


@dataclass(frozen=True)
class Key:
    """One key. Its id says which one it is, and nothing of what it is.

    Attributes:
        id: the beginning of a digest.
        secret: the bytes.
    """

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class TokenKeys:
    """Where the keys are; they are read when they are needed.

    Attributes:
        given: the keys as the environment gives them; None where it gives none, and the file counts.
        file: the key file.
    """

    given: str | None = field(repr=False)
    file: Path

    def known(self) -> tuple[Key, ...]:
        """Every key, the one that seals first; none where neither the environment nor the file has one.

        Raises:
            SetupError: what is there is no key, or the file can be read by others.
        """
        if self.given is not None:
            return _keys(self.given, VARIABLE)
        try:
            handle = os.open(self.file, os.O_RDONLY)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unusable(error) from None
        with os.fdopen(handle, encoding="utf-8", errors="replace") as held:
            if os.fstat(held.fileno()).st_mode & OTHERS:
                message = f"{self.file.name}, the key of the tokens, can be read by others"
                step = f"Run 'chmod 600 {self.file}'; if others could read it, replace the key: docs/operations.md."
                raise SetupError(message, step)
            lines = held.read().splitlines()
        return _keys(" ".join(line for line in lines if not line.startswith("#")), self.file.name)

    def sealing(self) -> Key:
        """The key that seals. The file is made where there is none, by one process even if several try.

        Raises:
            SetupError: as `known` raises it; or the file cannot be written.
        """
        known = self.known()
        if not known:
            self._make()
            known = self.known()
        return known[0]

    def _make(self) -> None:
        text = _HEAD + base64.b64encode(new_key()).decode() + "\n"
        try:
            handle, name = tempfile.mkstemp(prefix=f"{self.file.name}.", dir=self.file.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as out:
                    out.write(text)
                    out.flush()
                    os.fsync(out.fileno())
                with suppress(FileExistsError):  # another process was first: its key is the one
                    os.link(name, self.file)
            finally:
                Path(name).unlink()
            sync_folder(self.file.parent)
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> SetupError:
        message = f"{self.file}, the key of the tokens, cannot be used ({error.strerror})"
        return SetupError(message, f"Make it readable and its folder writable for this user, or set {VARIABLE}.")


def sync_folder(folder: Path) -> None:
    """Make sure that the names of a folder's files outlast a power cut.

    Raises:
        OSError: the folder cannot be read, or the disk fails.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keys(text: str, where: str) -> tuple[Key, ...]:
    words = text.split()
    if not words:
        raise SetupError(f"{where} holds no key", _MAKE)
    return tuple(_key(word, f"{where} holds something that is no key", words) for word in words)


def _key(word: str, message: str, words: Sequence[str]) -> Key:
    try:
        secret = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        # Which one it is, and not what it is: a word that is no key may be a secret of something else.
        raise SetupError(f"{message} ({words.index(word) + 1} of {len(words)})", _MAKE)
    return Key(sha256(b"connector token key id" + secret).hexdigest()[:_ID_LENGTH], secret)

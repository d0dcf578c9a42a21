"""The folder of files that wait for a person: each is there whole or not at all, and no document is in two of them.

A file becomes real in three steps: its content is written aside, then its record, then the content gets its name. The
record is the point of no return: a content without one is thrown away, and one with a record gets its name by whoever
opens the outbox next. So a file that has a record and is nowhere was taken away by a person, and not by a crash.

What a stranger would get wrong: whoever looks holds the same lock as whoever writes. A writer that stalled holds it, or
finds that its time is over once it gets it; so what a look does not find will not come later.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from connector.accounting.answers import CHANGED, GONE, IMPORTED, WRITTEN
from connector.accounting.oauth.tokenkeys import sync_folder
from connector.ledger import process_lock
from connector.net.errors import SetupError

DONE = "imported"
_RECORDS, _PARTIAL, _RECORD, _NEW = ".records", ".partial", ".json", ".new"
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600
_WAIT_SECONDS = 30
_UNUSABLE = "Make its folder writable for this user and see that its disk has space."


@dataclass(frozen=True)
class Entry:
    """One document of a file as it was written; amounts are whole minor units. It holds no name of anybody.

    `epoch` is that of its submission: the same file asked for in another epoch is another wish, and not its repetition.
    """

    number: str
    epoch: int
    contact_id: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True)
class Record:
    """What a file holds: documents of one kind, under a name that its content decides.

    Attributes:
        name: the file's name.
        kind: the kind of its documents.
        digest: sha256 of its bytes.
        entries: its documents, in the file's order.
    """

    name: str
    kind: str
    digest: str
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, stem: str, kind: str, content: bytes, entries: Sequence[Entry]) -> "Record":
        """The record of this content; the same content always has the same name."""
        digest = sha256(content).hexdigest()
        return cls(f"{stem}-{digest[:12]}.csv", kind, digest, tuple(entries))


class Outbox:
    """The outbox of one tenant. Its methods are for whoever is inside `opened`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Record] = {}

    @property
    def is_there(self) -> bool:
        """Whether anything was ever written."""
        return self._folder.is_dir()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Be the only one who looks and writes, and finish what a crash has left.

        Raises:
            SetupError: the folder cannot be used.
            StoreError: another process holds the outbox, and does not let go.
        """
        try:
            for place in (self._folder.parent, self._folder, self._folder / _RECORDS, self._folder / DONE):
                place.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from None
        with process_lock(self._folder / ".outbox", "files", _WAIT_SECONDS):
            try:
                self._finish()
            except OSError as error:
                raise self._unusable(error) from None
            yield

    def records(self) -> list[Record]:
        """Every file that was ever written, by name."""
        found = sorted((self._folder / _RECORDS).glob(f"*{_RECORD}"))
        return [self._record(path) for path in found]

    def look(self, record: Record) -> tuple[str, str]:
        """The state of a file, and where it is: its path in the working folder.

        Raises:
            SetupError: it cannot be read.
        """
        waiting, moved = self._folder / record.name, self._folder / DONE / record.name
        here, there = self._bytes(waiting), self._bytes(moved)  # in this order, as a person may move it meanwhile
        state, path, held = (WRITTEN, waiting, here) if there is None else (IMPORTED, moved, there)
        if held is None:
            return GONE, self._shown(waiting)
        same = sha256(held).hexdigest() == record.digest
        return (state if same else CHANGED), self._shown(path)

    def put(self, record: Record, content: bytes) -> None:
        """Write a file, durably.

        Raises:
            SetupError: it cannot be written, and nothing of it is there.
            OSError: its record is there and the file is not, so that whoever opens the outbox next makes it.
        """
        place = self._folder / _RECORDS
        partial, kept = place / f"{record.name}{_PARTIAL}", place / f"{record.name}{_RECORD}"
        text = json.dumps(asdict(record), indent=1).encode()
        try:
            _write(partial, content)
            _write(kept.with_suffix(_NEW), text)
            kept.with_suffix(_NEW).replace(kept)
        except OSError as error:
            raise self._unusable(error) from None
        sync_folder(place)
        self._appear(partial)

    def _finish(self) -> None:
        """Give the contents that have a record their names, and throw the others away."""
        for torn in (self._folder / _RECORDS).glob(f"*{_NEW}"):
            torn.unlink()
        for partial in sorted((self._folder / _RECORDS).glob(f"*{_PARTIAL}")):
            if partial.with_suffix(_RECORD).exists():
                self._appear(partial)
            else:
                partial.unlink()

    def _appear(self, partial: Path) -> None:
        partial.replace(self._folder / partial.stem)
        sync_folder(self._folder)
        sync_folder(partial.parent)

    def _record(self, path: Path) -> Record:
        """One record; as they never change, each is read once."""
        if path.name not in self._known:
            try:
                plain = json.loads(path.read_bytes())
                entries = tuple(Entry(**entry) for entry in plain["entries"])
                self._known[path.name] = Record(**{**plain, "entries": entries})
            except (OSError, ValueError, TypeError, KeyError) as error:
                message = f"{self._shown(path)}, which says what a file of the outbox holds, cannot be read"
                raise SetupError(message, "Put it back from a backup of the working folder.") from error
        return self._known[path.name]

    def _bytes(self, path: Path) -> bytes | None:
        """What a file holds; None where there is none."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._folder.parent.parent).as_posix()

    def _unusable(self, error: OSError) -> SetupError:
        return SetupError(f"the outbox {self._folder} cannot be used ({error.strerror})", _UNUSABLE)


def _write(path: Path, content: bytes) -> None:
    """Write a file so that neither a crash nor a power cut loses it."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN_FILE)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())

"""The files of a rules folder as something that is changed: copied, written one by one, compared, put in place.

All visible files count, the tests beside the rules among them; hidden ones are nobody's business here.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

from connector.runs.crashpoints import reached
from connector.runs.errors import INPUT, StopError
from connector.runs.wholefile import replace_whole

MOST_BYTES = 500_000
_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,79}/){0,3}[A-Za-z0-9_][A-Za-z0-9._-]{0,79}\.ya?ml")
_AROUND = 3

State = Mapping[str, str]  # the SHA-256 of each file, by its name


@dataclass(frozen=True)
class FileChange:
    """A file that differs.

    Attributes:
        name: the file.
        change: `added`, `removed` or `changed`.
        lines: what differs, as `diff -u` writes it, without its head.
    """

    name: str
    change: str
    lines: tuple[str, ...]


def state_of(folder: Path) -> State:
    """What a folder holds: the digest of each visible file, by its name."""
    return {name: sha256((folder / name).read_bytes()).hexdigest() for name in _names(folder)}


def digest_of(state: State) -> str:
    """One word for all of it."""
    return sha256("".join(f"{name}\0{digest}\n" for name, digest in sorted(state.items())).encode()).hexdigest()


def copy(folder: Path, to: Path) -> None:
    """A copy of every visible file in a new folder."""
    to.mkdir(parents=True)
    for name in _names(folder):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, to / name)


def texts(folder: Path) -> Mapping[str, str]:
    """The names of the files that a person edits, with what they hold."""
    return {name: _text(folder / name) for name in _names(folder) if _NAME.fullmatch(name)}


def write(folder: Path, name: str, text: str) -> None:
    """Give a file this text, or make it. Line ends become those of one line after another.

    Raises:
        StopError: the name is none that a file of rules can have, or it is too large.
    """
    if not _NAME.fullmatch(name):
        step = "Write letters, digits, '-', '_' and '.', ending with .yaml; folders are parted by '/'."
        raise StopError(f"{name!r} cannot be the name of a file of rules", step, INPUT)
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    if len(data) > MOST_BYTES:
        raise StopError(f"{name} is larger than {MOST_BYTES // 1000} kB", "Split it into several files.", INPUT)
    _replace(folder / name, data)


def remove(folder: Path, name: str) -> None:
    """Take a file away.

    Raises:
        StopError: there is none of this name.
    """
    if name not in texts(folder):
        raise StopError(f"there is no file {name}", "Choose one of those listed.", INPUT)
    (folder / name).unlink()


def differences(old: Path, new: Path) -> tuple[FileChange, ...]:
    """What differs between two folders, file by file."""
    before, after = state_of(old), state_of(new)
    return tuple(_differences(old, new, before, after))


def changed_otherwise(before: State, after: State, now: State) -> tuple[str, ...]:
    """The files that are neither as they were nor as they shall be: somebody else has changed them meanwhile."""
    names = sorted({*before, *after, *now})
    return tuple(name for name in names if now.get(name) not in (before.get(name), after.get(name)))


def put(new: Path, to: Path) -> None:
    """Make a folder hold the visible files of another. Stopped half way, it is gone on with by doing it again."""
    wanted, there = state_of(new), state_of(to)
    for name, digest in wanted.items():
        if there.get(name) != digest:
            _replace(to / name, (new / name).read_bytes())
            reached("rules:file")
    for name in sorted({*there} - {*wanted}):
        (to / name).unlink()


def merged(before: Path, ours: Path, theirs: Path) -> tuple[str, ...]:
    """Take over into `ours` what has changed in `theirs` since `before`; the files that both changed, if there are any.

    Where there are some, nothing is taken over.
    """
    was, own, other = (state_of(one) for one in (before, ours, theirs))
    moved = sorted(name for name in {*was, *other} if was.get(name) != other.get(name))
    both = tuple(name for name in moved if own.get(name) not in (was.get(name), other.get(name)))
    if not both:
        for name in moved:
            if name in other:
                _replace(ours / name, (theirs / name).read_bytes())
            else:
                (ours / name).unlink(missing_ok=True)
    return both


def _names(folder: Path) -> Iterator[str]:
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    yield from sorted(one.as_posix() for one in found if not any(part.startswith(".") for part in one.parts))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _differences(old: Path, new: Path, before: State, after: State) -> Iterator[FileChange]:
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        change = "added" if name not in before else "removed" if name not in after else "changed"
        old_text = _text(old / name).splitlines() if name in before else []
        new_text = _text(new / name).splitlines() if name in after else []
        lines = list(unified_diff(old_text, new_text, n=_AROUND, lineterm=""))[2:]
        yield FileChange(name, change, tuple(lines))


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(path, data)

"""Taking files from a browser: their names made harmless, their size limited, each upload in a private folder.

A stranger's trap: a file's name is shown and is how the next upload is recognised, so it is kept as far as it can be;
what could leave the folder, hide, or start something is taken out of it.
"""

import os
import re
import shutil
import unicodedata
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path, PurePath
from tempfile import mkdtemp

from django.core.files.uploadedfile import UploadedFile

from connector.intake import Limits
from connector.runs.errors import INPUT, StopError
from connector.web.models import Upload
from connector.web.site import site

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"  # what browsers call a workbook
KINDS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".txt", ".json", ".ndjson", ".parquet")
MOST_FILES = 20
_LONGEST = 120
_KEPT = re.compile(r"[^\w .,()+&@-]")


def take(files: Sequence["UploadedFile[bytes]"], by: str, limits: Limits) -> Upload:
    """Keep uploaded files in a folder of their own.

    Raises:
        StopError: none is given, or one is too large, of no kind that is read, or named as another.
    """
    if not files:
        raise StopError("no file was chosen", "Choose one or more workbooks, then upload.", INPUT)
    named = [(harmless(one.name or ""), one) for one in files[:MOST_FILES]]
    faults = [
        *_twice([name for name, _ in named]),
        *(told for name, one in named for told in _faults(name, one, limits)),
    ]
    if len(files) > MOST_FILES:
        faults.append(f"more than {MOST_FILES} files at once")
    if faults:
        raise StopError("; ".join(faults), "Mend that, and upload again. Nothing was kept.", INPUT)
    upload = Upload.objects.create(by=by, at=site().now(), files=[])
    folder = site().uploads(upload.pk)
    folder.mkdir(mode=0o700, parents=True)
    upload.files = [_kept(folder / name, one) for name, one in named]
    upload.save()
    return upload


def harmless(name: str) -> str:
    """A file's name without folders, and without what is no letter, digit or plain sign; it starts with a letter."""
    own = unicodedata.normalize("NFC", PurePath(name.replace("\\", "/")).name)
    own = _KEPT.sub("_", own).strip(" .")
    stem, dot, kind = own.rpartition(".")
    stem = (stem if dot else kind).lstrip("-_. ")[:_LONGEST] or "file"
    return f"{stem}{dot}{kind.lower()}" if dot else stem


def _twice(names: Sequence[str]) -> list[str]:
    return [f"two files are named {name}" for name in sorted({one for one in names if names.count(one) > 1})]


def _faults(name: str, file: "UploadedFile[bytes]", limits: Limits) -> list[str]:
    if PurePath(name).suffix not in KINDS:
        return [f"of no kind that is read ({', '.join(KINDS)}): {name}"]
    if (file.size or 0) > limits.file_bytes:
        return [f"larger than {limits.file_bytes // 1_000_000} MB: {name}"]
    return []


def _kept(path: Path, file: "UploadedFile[bytes]") -> dict[str, object]:
    digest = sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
        for part in file.chunks():
            digest.update(part)
            to.write(part)
    return {"name": path.name, "bytes": file.size, "sha256": digest.hexdigest()}


def day_of(text: str) -> str:
    """A day of a form as it is given on; empty for today.

    Raises:
        StopError: it is no day.
    """
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise StopError(f"{text!r} is no day", "Write it as 2025-06-30.", INPUT) from error


def scratch(name: str) -> Path:
    """A path of this name in a new private folder."""
    return Path(mkdtemp(prefix="connector-page-")) / name


def drop(path: Path) -> None:
    """Remove what `scratch` made."""
    shutil.rmtree(path.parent)

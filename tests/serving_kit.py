"""The page, served by the command that people type, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STOP_SECONDS = 20


@contextmanager
def served(folder: Path, *more: str) -> Iterator[tuple[str, str]]:
    """The page of a working folder, in a process of its own: its address, and the link of the first admin."""
    with process_of(folder, *more) as (_, url, first):
        yield url, first


@contextmanager
def process_of(
    folder: Path, *more: str, complaints: int | None = None
) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """The process that serves a working folder, its address, and the link of the first admin.

    Args:
        folder: the working folder.
        more: further words of the command.
        complaints: where its standard error goes, as `subprocess` says it.
    """
    command = [sys.executable, "-m", "connector", "serve", "--port", "0", "--folder", str(folder), "--json", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:
        assert process.stdout is not None
        text = ""
        while "}" not in text:
            line = process.stdout.readline()
            assert line, "the page did not start"
            text += line
        told = json.loads(text)
        try:
            yield process, told["url"].rstrip("/"), told["first_admin"]
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)

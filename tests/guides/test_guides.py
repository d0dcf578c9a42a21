"""The guides, followed by the letter: every command of their console blocks, from an empty folder, as a new user would.

A block marked `another terminal` goes on in the background. What a guide prints stands in what the command prints, line
after line; `…` is anything. The addresses of this machine that the guides name are moved to free ones.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = ("finance", "accountants", "operations")
PORT = "8765"
TIME_OUT_SECONDS = 120
_BLOCK = re.compile(r"^```console(?P<where>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"\[(\d+)\]")


@dataclass
class Command:
    """A command of a guide, what it prints, the code it ends with, and whether it goes on meanwhile."""

    text: str
    background: bool
    printed: list[str] = field(default_factory=list)
    code: int = 0


def commands(guide: str) -> list[Command]:
    """The commands of a guide in their order."""
    found: list[Command] = []
    for block in _BLOCK.finditer((DOCS / f"{guide}.md").read_text(encoding="utf-8")):
        for line in block["body"].splitlines():
            if line.startswith("$ "):
                found.append(Command(line.removeprefix("$ "), bool(block["where"].strip())))
            elif code := _CODE.fullmatch(line):
                found[-1].code = int(code[1])
            else:
                found[-1].printed.append(line)
    return found


def lacking(printed: Sequence[str], said: str) -> str:
    """The first line of a guide that does not come in what was said, after those before it; empty where all come."""
    lines = iter(" ".join(line.split()) for line in said.splitlines())
    for wanted in printed:
        parts = [re.escape(" ".join(part.split())) for part in wanted.split("…")]
        pattern = re.compile(r"\s*.*\s*".join(parts))
        if wanted.strip() != "…" and not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return ""


class Shell:
    """A terminal: its folder, and what goes on in another one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONNECTOR_", "COV"))}
        self.environment = {**kept, "PATH": path, "COLUMNS": "200", "NO_COLOR": "1"}

    def run(self, command: Command) -> None:
        """Do a command, and compare."""
        script = f"{self._moved(command.text)}\ncode=$?\npwd >&3\nexit $code"
        there = self.folder.parent / "where"
        with there.open("w") as where:
            done = subprocess.run(
                ["bash", "-c", f"exec 3>&{where.fileno()}\n{script}"],
                check=False, cwd=self.folder, env=self.environment, pass_fds=[where.fileno()],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIME_OUT_SECONDS,
            )  # fmt: skip
        assert done.returncode == command.code, f"{command.text} ended with {done.returncode}:\n{done.stdout}"
        missing = lacking(command.printed, done.stdout.replace(str(self.port), PORT))
        assert not missing, f"{command.text} does not print {missing!r}:\n{done.stdout}"
        self.folder = Path(there.read_text().strip())
        self._move_settings()

    @contextmanager
    def background(self, command: Command) -> Iterator[None]:
        """Let a command go on, once it has said what the guide says."""
        log = self.folder.parent / "background"
        with log.open("w") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {self._moved(command.text)}"],
                cwd=self.folder, env=self.environment, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            end = time.monotonic() + TIME_OUT_SECONDS
            while missing := lacking(command.printed, log.read_text().replace(str(self.port), PORT)):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, f"{command.text} does not print {missing!r}:\n{log.read_text()}"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(TIME_OUT_SECONDS)

    def _moved(self, text: str) -> str:
        return re.sub(r"^connector sandbox\b", f"connector sandbox --port {self.port}", text)

    def _move_settings(self) -> None:
        settings = self.folder / "connector.yaml"
        if settings.is_file():
            settings.write_text(settings.read_text(encoding="utf-8").replace(PORT, str(self.port)), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_does_what_it_says(guide: str, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    shell = Shell(folder)
    todo = commands(guide)
    assert len(todo) > len(GUIDES), "the guide has no commands"
    _follow(shell, todo)


def _follow(shell: Shell, todo: Sequence[Command]) -> None:
    for at, command in enumerate(todo):
        if command.background:
            with shell.background(command):
                _follow(shell, todo[at + 1 :])
            return
        shell.run(command)


def test_what_a_guide_prints_is_compared_line_by_line() -> None:
    assert lacking(["a … c", "…", "d"], "a  b c\nx\nd") == ""
    assert lacking(["d", "a"], "a\nd") == "a"
    assert lacking(["a b"], "a bc") == "a b"


@pytest.mark.parametrize("guide", [*GUIDES, "mappings", "glossary", "decisions"])
def test_what_a_guide_points_at_is_there(guide: str) -> None:
    text = (DOCS / f"{guide}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (DOCS / target).exists(), target

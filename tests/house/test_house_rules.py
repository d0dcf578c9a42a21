"""Rules of the house that no linter knows: no float near money, generated pages are fresh, set-up tells what lacks."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from connector import ledger

ROOT = Path(__file__).parents[2]
MONEY_ROOMS = ("domain", "tables", "billing", "rulebook", "ledger", "accounting", "runs")


def floats(path: Path) -> list[str]:
    """Every use of float in a module: the name, a literal, or the built-in round, which rounds half to even."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("float", "round"):
            found.append(f"{path.name}:{node.lineno} {node.func.id}()")
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{path.name}:{node.lineno} {node.value}")
    return found


def test_no_float_is_made_or_rounded_where_money_is() -> None:
    found = [use for room in MONEY_ROOMS for path in (ROOT / "connector" / room).rglob("*.py") for use in floats(path)]
    allowed = {"asking.py", "http.py", "locks.py"}  # seconds of waiting, not money
    assert [use for use in found if use.partition(":")[0] not in allowed] == []


def test_the_floor_of_money_is_watched() -> None:
    source = ROOT / "tests" / "house" / "sample_with_float.txt"
    assert [use.partition(" ")[2] for use in floats(source)] == ["float()", "0.5", "round()"]


def test_the_problem_reference_is_fresh() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from problem_reference import OUT, reference  # noqa: PLC0415  # a script, found only now
    finally:
        sys.path.pop(0)
    assert OUT.read_text(encoding="utf-8") == reference()


def test_every_model_has_its_migration(tmp_path: Path) -> None:
    ledger.open_store(tmp_path / "ledger.sqlite3")
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    finally:
        ledger.close_store()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"CC": "no-such-compiler"}, "A C compiler is missing"),
        ({"PATH": "/nowhere"}, "Python 3.11 or 3.12 is missing."),
    ],
)
def test_set_up_names_what_is_missing_and_the_command_that_mends_it(
    tmp_path: Path, environment: dict[str, str], told: str
) -> None:
    for name in ("tools/setup.sh", "pyproject.toml", "requirements/build.txt"):
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    shell = ["/bin/bash", str(tmp_path / "tools" / "setup.sh")]
    if "PATH" in environment:
        tools = tmp_path / "bin"
        tools.mkdir()
        (tools / "dirname").symlink_to("/usr/bin/dirname")
        environment = {"PATH": str(tools)}
    where = {**os.environ, "PYTHON": "" if "PATH" in environment else sys.executable, **environment}
    done = subprocess.run(shell, capture_output=True, text=True, check=False, env=where)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Mend it with: apt-get install" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(("required", "code"), [("", 0), ("required", 2)])
def test_a_tryton_that_cannot_be_had_is_told_in_one_line_and_fails_where_it_is_required(
    tmp_path: Path, required: str, code: int
) -> None:
    for name in ("tools/tryton.sh", "tools/tryton_books.py", "requirements/tryton.txt"):
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # Makes an environment whose own Python cannot install anything.
    python.write_text(
        '#!/bin/sh\nmkdir -p "$3/bin"\nprintf "#!/bin/sh\\nexit 1\\n" > "$3/bin/python"\nchmod +x "$3/bin/python"\n'
    )
    python.chmod(0o755)
    where = {**os.environ, "CONNECTOR_TRYTON": required}
    done = subprocess.run(
        ["/bin/bash", str(tmp_path / "tools" / "tryton.sh")], capture_output=True, text=True, check=False, env=where
    )
    begun, told = done.stderr.splitlines()
    assert (done.returncode, begun) == (code, "Setting up Tryton in .venv-tryton (once; a minute) …")
    assert told == (
        "There is no Tryton, and it could not be made (its packages cannot be installed: .venv-tryton/log):"
        " nothing is tested against a real ledger."
    )
    assert not (tmp_path / ".venv-tryton" / ".ready").exists()

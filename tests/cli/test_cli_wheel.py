"""An installed wheel makes a working folder that runs as it is: rules, mappings and samples travel in it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_init_works_from_an_installed_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    work = tmp_path / "work"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "connector", *arguments, "--json"]
        where = {**os.environ, "PYTHONPATH": str(installed)}
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=where, cwd=tmp_path, timeout=120
        )

    made = run("init", str(work))
    assert made.returncode == 0, made.stdout + made.stderr
    names = ["connector.yaml", "rules", "mappings", "samples", "clients-template.xlsx"]
    assert json.loads(made.stdout)["made"] == names
    planned = run("plan", str(work / "samples" / "partners.xlsx"), str(work / "samples" / "clients.xlsx"),
                  "--folder", str(work), "--as-of", "2025-06-20")  # fmt: skip
    assert planned.returncode == 1, planned.stdout + planned.stderr  # the samples have faults on purpose
    assert json.loads(planned.stdout)["buckets"]["clients"]["billed"] > 0

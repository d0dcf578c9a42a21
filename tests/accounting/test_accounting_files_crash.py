"""Killed at random moments while files are written: every file is whole, and each document is in one of them."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from files_kit import Person

pytestmark = pytest.mark.unmeasured
ROUNDS = int(os.environ.get("CONNECTOR_FILE_KILLS", "4"))
SEED = int(os.environ.get("CONNECTOR_SEED", "26"))
DOCUMENTS = 100 * ROUNDS
LONGEST_SECONDS = 60


def start(folder: Path, epoch: int) -> "subprocess.Popen[str]":
    here = Path(__file__).parent
    program = [sys.executable, str(here / "files_driver.py"), str(folder), str(DOCUMENTS), str(epoch)]
    where = {**os.environ, "PYTHONPATH": str(here.parent)}
    return subprocess.Popen(program, env=where, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_files_are_whole_and_share_no_document_whenever_the_writer_is_killed(tmp_path: Path) -> None:
    chance, person = random.Random(SEED), Person(tmp_path)
    for epoch in range(ROUNDS):
        with start(tmp_path, epoch) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.1))
            writer.send_signal(signal.SIGKILL)
            assert writer.wait(LONGEST_SECONDS) == -signal.SIGKILL
        assert all(path.read_bytes().endswith(b"\r\n") for path in person.files())
        numbers = person.numbers()
        assert len(numbers) == len(set(numbers)) < DOCUMENTS
    with start(tmp_path, ROUNDS) as writer:
        _, errors = writer.communicate(timeout=LONGEST_SECONDS)
    assert writer.returncode == 0, errors
    assert person.numbers() == [f"US-{number:06d}" for number in range(1, DOCUMENTS + 1)]

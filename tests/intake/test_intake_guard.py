"""What a read leaves behind and never opens: paths that are no files, interrupted and killed reads."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import pytest
from intake_kit import CLIENT, CLIENT_HEADER, codes, read, write_csv, write_xlsx

from connector.intake import Limits
from connector.intake.guard import open_source

PATIENCE = 20


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


def bound_socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(folder / "socket.csv"))
    return folder / "socket.csv"


def device(_: Path) -> Path:
    return Path("/dev/zero")


def link_to_a_device(folder: Path) -> Path:
    (folder / "clients.csv").symlink_to("/dev/zero")
    return folder / "clients.csv"


@pytest.mark.parametrize("make", [fifo, bound_socket, device, link_to_a_device])
def test_what_is_no_regular_file_is_never_opened(make: Callable[[Path], Path]) -> None:
    with TemporaryDirectory(dir="/tmp") as name:  # the path of a socket must be short
        path = make(Path(name))
        before = time.monotonic()
        (problem,) = open_source(path, "clients.csv", Limits()).problems
    assert time.monotonic() - before < 2
    assert str(problem) == (
        "clients.csv: error: this is no regular file, but a device, a pipe or a socket; read are .xlsx, .xlsm, .xlsb, "
        ".xls, .ods, .csv, .json, .ndjson and .parquet [file-kind]\nSave it as .xlsx or .csv."
    )


def test_a_file_that_grows_while_it_is_read_is_cut_by_the_limit() -> None:
    path = Path("/proc/self/maps")  # says it has no byte, and has many
    if not path.exists():
        pytest.skip("no /proc here: a file that is longer than it says is not tried")
    (problem,) = open_source(path, "maps.csv", Limits(file_bytes=100)).problems
    assert (problem.code, problem.message) == (
        "file-too-large",
        "the file has more than 100 bytes; at most 100 are read",
    )


def started(tmp_path: Path) -> tuple[subprocess.Popen[bytes], Path, int]:
    """A program that reads a large workbook, its temporary folder, and the reading process it has started."""
    path = write_xlsx(tmp_path / "clients.xlsx", {"Clients": [CLIENT_HEADER, *[CLIENT] * 20_000]})
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = (
        f"from connector.intake import *; read_sources([__import__('pathlib').Path({str(path)!r})], Mappings((), ''))"
    )
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + PATIENCE
    reader: list[str] = []
    while not (reader and b"intake.child" in Path(f"/proc/{reader[0]}/cmdline").read_bytes()):
        assert time.monotonic() < deadline
        assert process.poll() is None
        reader = children.read_text().split()
    assert list(temporary.glob(f"intake-{process.pid}-*"))
    return process, temporary, int(reader[0])


def ended(pid: int) -> bool:
    """Whether the process ends soon; one that only waits to be counted by its parent has ended."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here: processes cannot be seen")


@needs_proc
def test_an_interrupt_ends_the_reading_process_and_leaves_nothing(tmp_path: Path) -> None:
    process, temporary, reader = started(tmp_path)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) != 0
    assert ended(reader)
    assert list(temporary.iterdir()) == []


@needs_proc
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_program_takes_its_reader_along_and_the_next_read_sweeps_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals
) -> None:
    process, temporary, reader = started(tmp_path)
    process.send_signal(sent)
    assert process.wait(PATIENCE) == -sent
    assert ended(reader)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    assert read(write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, CLIENT])).problems == ()
    assert list(temporary.iterdir()) == []


def test_a_reader_whose_parent_has_already_ended_does_nothing(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [sys.executable, "-m", "connector.intake.child", str(tmp_path), "csv", "{}", str(gone.pid)]
    done = subprocess.run(command, input=b"a,b\n", capture_output=True, check=False)
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])


def test_only_folders_of_ended_reads_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert gettempdir() == str(tmp_path)
    target = tmp_path / "precious"
    kept = [
        target,
        tmp_path / f"intake-{os.getpid()}-abcd1234",
        tmp_path / f"intake-{gone.pid}",
        tmp_path / f"intake-{gone.pid}-abcd1234.bak",
        tmp_path / f"my-intake-{gone.pid}-abcd1234",
        tmp_path / "intake-0-abcd1234",
        tmp_path / f"intake-{2**70}-abcd1234",
    ]
    swept = tmp_path / f"intake-{gone.pid}-abcd1234"
    for folder in [*kept, swept]:
        folder.mkdir()
        (folder / "source").write_text("x")
    link, file = tmp_path / f"intake-{gone.pid}-linklink", tmp_path / f"intake-{gone.pid}-filefile"
    link.symlink_to(target)
    file.write_text("x")
    missing = read(write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, CLIENT]))
    assert codes(missing.problems) == []
    assert set(tmp_path.iterdir()) == {*kept, link, file, tmp_path / "clients.csv"}
    assert (target / "source").exists()


def test_folders_of_other_users_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away: the folder of another user is not tried")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folder = tmp_path / f"intake-{gone.pid}-abcd1234"
    folder.mkdir()
    os.chown(folder, 12_345, 12_345)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert codes(read(write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, CLIENT])).problems) == []
    assert folder.exists()

"""Opening the ledger: every way in which the file can refuse is told with its next step."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from ledger_rows import ROWS, fill, frame

from connector.ledger import (
    TABLES,
    Place,
    StoreError,
    alias_key,
    append,
    checked,
    close_store,
    database,
    hold,
    open_store,
    outbox,
    process_lock,
    read,
    transaction,
)
from connector.ledger.integrity import FileCheck

SMALL_BUSY = "PRAGMA busy_timeout = 20"


def _run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_importing_the_ledger_does_not_load_django() -> None:
    done = _run("import sys, connector.ledger, connector.ledger.outbox; print('django' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_new_ledger_has_every_table_empty_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "ledger.db"
    open_store(path)
    assert {table: read(table).height for table in TABLES if table != "ledger_key"} == dict.fromkeys(
        (table for table in TABLES if table != "ledger_key"), 0
    )
    assert path.stat().st_mode & 0o777 == 0o600
    close_store()


def test_the_connection_has_the_options_that_keep_it_safe(ledger_file: Path) -> None:
    assert ledger_file.exists()
    names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "secure_delete", "busy_timeout")
    got = {name: database.fetch(f"PRAGMA {name}")[0][0] for name in names}
    assert got == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }


def test_several_ledgers_can_be_opened_one_after_the_other(tmp_path: Path) -> None:
    open_store(tmp_path / "one.db")
    fill()
    first = alias_key()
    open_store(tmp_path / "two.db")
    assert read("charge").height == 0
    second = alias_key()
    open_store(tmp_path / "one.db")
    assert (read("charge").height, alias_key()) == (1, first)
    assert (len(first), first == second) == (32, False)
    close_store()


def test_nothing_is_read_or_written_while_no_ledger_is_open(ledger: Place) -> None:
    assert ledger.exists()
    close_store()
    for step in (lambda: read("charge"), lambda: append("client", frame("client")), alias_key):
        with pytest.raises(RuntimeError, match="no ledger is open"):
            step()


def test_before_the_first_open_too() -> None:
    done = _run(
        "from connector.ledger import close_store, read\nclose_store()\ntry: read('charge')\n"
        "except RuntimeError as error: print(error)"
    )
    assert (done.stdout, done.stderr) == ("no ledger is open: open_store comes first\n", "")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are my notes about partners\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        open_store(path)
    assert caught.value.message == f"{path} is not a ledger: it is no SQLite database"
    assert caught.value.next_step == "Name another file; nothing was changed in this one."
    assert path.read_bytes() == before


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"other.db is a database of another program, not a ledger"):
        open_store(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    open_store(path)
    assert read("charge").height == 0
    close_store()


def test_a_new_ledger_on_a_full_disk(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk here."""
    program = (
        "import resource, signal, sys\nfrom pathlib import Path\nfrom connector.ledger import StoreError, open_store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "usual = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))\n"
        "try: open_store(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error.next_step)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, usual)"
    )
    done = _run(program, tmp_path / "ledger.db")
    assert done.stdout.startswith(("Free space on its disk", "Check the disk and its free space")), done.stderr


def test_a_ledger_of_a_newer_program(ledger_file: Path) -> None:
    other = sqlite3.connect(ledger_file, isolation_level=None)
    other.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '0999_credits', '2030-01-01')")
    other.close()
    with pytest.raises(StoreError) as caught:
        open_store(ledger_file)
    assert (caught.value.message, caught.value.next_step) == (
        "the ledger was written by a newer version of this program (unknown: ledger 0999_credits)",
        "Use the newer version, or restore a backup made with this one.",
    )


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened \(Is a directory\)") as caught:
        open_store(tmp_path)
    assert caught.value.next_step == "Name a file in a folder that this user may write to."


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError, match=r"ledger.db cannot be opened \((Not a directory|File exists)\)") as caught:
        open_store(tmp_path / "taken" / "ledger.db")
    assert caught.value.next_step == "Name a file in a folder that this user may write to."


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555)], ids=["file", "folder"])
def test_a_file_or_folder_that_may_not_be_written(tmp_path: Path, file_mode: int, folder_mode: int) -> None:
    """As an ordinary user: the tests may run as one whom permissions do not bind, so a child gives that up."""
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom connector.ledger import StoreError, open_store\n"
        "open_store(Path(sys.argv[2]))\n"  # loads all there is to load while it may still be read
        "root = os.getuid() == 0\nif root: os.setresuid(65534, 65534, 0)\n"
        "try: open_store(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error.message); print(error.next_step)\n"
        "if root: os.setresuid(0, 0, 0)"
    )
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer) / "shared"
        Path(outer).chmod(0o755)
        open_store(folder / "ledger.db")
        close_store()
        (folder / "ledger.db").chmod(file_mode)
        folder.chmod(folder_mode)
        done = _run(program, folder / "ledger.db", tmp_path / "loaded.db")
        folder.chmod(0o755)
    assert (done.stdout.splitlines(), done.stderr) == (
        [
            f"the ledger {folder / 'ledger.db'} cannot be written",
            "Make the file and its folder writable for this user.",
        ],
        "",
    )


def _damage(path: Path, table: str) -> None:
    """Overwrite the page at which a table begins."""
    other = sqlite3.connect(path)
    [(page,)] = other.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    other.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 64)


@pytest.mark.parametrize("table", ["client", "django_migrations"], ids=["an entry", "what opening itself reads"])
def test_a_damaged_file(ledger_file: Path, table: str) -> None:
    with transaction():
        append("client", frame("client", *({"client_id": f"CL-{n}"} for n in range(5000))))
    close_store()
    _damage(ledger_file, table)
    with pytest.raises(StoreError, match="is damaged") as caught:
        open_store(ledger_file)
    assert caught.value.next_step == ("Stop using this ledger; restore the latest backup, then run `connector doctor`.")


def test_a_file_whose_parts_do_not_agree(ledger_file: Path) -> None:
    """Nothing that is read on the way shows this; only looking for it does."""
    close_store()
    with ledger_file.open("r+b") as file:
        file.seek(36)  # how many pages are free, says the header
        file.write((7).to_bytes(4, "big"))
    with pytest.raises(StoreError, match=r"ledger.db is damaged: .*[Ff]reelist"):
        open_store(ledger_file)


def test_the_check_of_a_locked_file_says_so(ledger_file: Path) -> None:
    close_store()
    with closing(sqlite3.connect(ledger_file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE another (a)")
        with pytest.raises(StoreError, match="locked") as caught:
            FileCheck(ledger_file, patience_seconds=0.1).wait()
    assert "restore" not in caught.value.next_step


def test_the_check_of_a_file_whose_folder_is_no_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xff"))
    folder.mkdir()
    with closing(sqlite3.connect(folder / "ledger.db")) as made:
        made.execute("CREATE TABLE a (b)")
    FileCheck(folder / "ledger.db").wait()
    check = FileCheck(folder / "ledger.db")
    check.stop()
    check.stop()


def test_a_file_that_is_checked_beside_other_work(ledger_file: Path) -> None:
    with transaction():
        append("client", frame("client", *({"client_id": f"CL-{n}"} for n in range(5000))))
    open_store(ledger_file, beside=True)
    checked()
    close_store()
    _damage(ledger_file, "client")
    open_store(ledger_file, beside=True)
    with pytest.raises(StoreError, match="is damaged"):
        checked()
    close_store()
    open_store(ledger_file, beside=True)
    close_store()  # whatever the check would have found
    checked()


def _full() -> None:
    [(pages,)] = database.fetch("PRAGMA page_count")
    database.fetch(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_writes_nothing_of_the_step(ledger_file: Path) -> None:
    assert ledger_file.exists()
    fill()
    _full()

    def much() -> None:
        with transaction():
            append("client", frame("client", {"client_id": "CL-2"}))
            append("client", frame("client", *({"client_id": f"CL-more-{n}"} for n in range(50_000))))

    with pytest.raises(StoreError, match="there is no space left for the ledger") as caught:
        much()
    assert "Free space" in caught.value.next_step
    assert read("client").height == 1


def test_a_full_disk_that_is_passed_over_commits_nothing_on_its_own(ledger_file: Path) -> None:
    """SQLite has ended the transaction by itself then: the next statement must not be committed alone."""
    assert ledger_file.exists()
    fill()
    _full()

    def careless() -> None:
        with transaction():
            with pytest.raises(StoreError):
                append("client", frame("client", *({"client_id": f"CL-more-{n}"} for n in range(50_000))))
            database.execute("INSERT INTO tenant_hold (tenant, not_before, reason) VALUES ('a', 'b', 'c')")

    with pytest.raises(Exception, match="until the end of the 'atomic' block"):
        careless()
    assert (read("client").height, database.fetch("SELECT count(*) FROM tenant_hold")) == (1, [(0,)])


def test_a_ledger_that_became_read_only(ledger_file: Path) -> None:
    assert ledger_file.exists()
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="the ledger cannot be written"):
        append("client", frame("client"))


def test_a_ledger_that_another_program_keeps_locked(ledger_file: Path) -> None:
    fill()
    database.execute(SMALL_BUSY)
    other = sqlite3.connect(ledger_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for step in (
        lambda: append("client", frame("client", {"client_id": "CL-2"})),
        lambda: outbox.release_dead("US-BOOKS"),
    ):
        with pytest.raises(StoreError, match="another program has kept the ledger locked for too long"):
            step()
    assert read("client").height == 1
    other.execute("ROLLBACK")
    append("client", frame("client", {"client_id": "CL-2"}))
    other.close()
    assert read("client").height == 2


def test_names_are_held_only_within_a_transaction(ledger: Place) -> None:
    assert ledger.exists()
    with pytest.raises(RuntimeError, match="holding names belongs into the transaction"):
        hold(["partner P-1"])
    with transaction():
        hold([])
        hold(["partner P-1", "partner P-1"])
        hold(["partner P-1"])


def test_transactions_are_not_nested(ledger: Place) -> None:
    assert ledger.exists()

    def nested() -> None:
        with transaction(), transaction():
            pass

    with pytest.raises(RuntimeError, match="they are not nested"):
        nested()


def test_an_error_of_the_caller_writes_nothing_and_passes_unchanged(ledger: Place) -> None:
    assert ledger.exists()

    def broken() -> None:
        with transaction():
            append("client", frame("client"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert read("client").height == 0


def test_a_statement_with_a_fault_of_the_program_passes_as_it_is(ledger: Place) -> None:
    from django.db import DatabaseError  # noqa: PLC0415 - set up by opening the ledger

    assert ledger.exists()
    with pytest.raises(DatabaseError, match=r"no such column: absent|column \"absent\" does not exist"):
        read("client", "absent = 1")


def test_a_process_killed_within_a_transaction_leaves_nothing_half_written(ledger: Place) -> None:
    fill()
    close_store()
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nsys.path.insert(0, sys.argv[2])\n"
        "from connector.ledger import is_url, server_of\n"
        "where = server_of(sys.argv[1]) if is_url(sys.argv[1]) else Path(sys.argv[1])\n"
        "from connector.ledger import append, open_store, transaction\nfrom ledger_rows import frame\n"
        "open_store(where)\n"
        "with transaction():\n"
        "    append('client', frame('client', {'client_id': 'CL-2'}))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = _run(program, ledger, Path(__file__).parent)
    assert (done.returncode, done.stderr) == (-9, "")
    open_store(ledger)
    assert {table: read(table).height for table in ROWS} == {**dict.fromkeys(ROWS, 1), "chain_link": 3}


def test_two_processes_may_make_the_ledger_at_once(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom connector.ledger import alias_key, open_store\n"
        "open_store(Path(sys.argv[1]))\nprint(alias_key().hex())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "ledger.db")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (one.communicate(timeout=60)[0] for one in started)
    assert (first == second, len(first), [one.returncode for one in started]) == (True, 65, [0, 0])


def test_a_named_lock_has_one_holder_and_says_which_process(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with process_lock(path, "US BOOKS/é"), process_lock(path, "UK-BOOKS"):
        with pytest.raises(StoreError) as caught, process_lock(path, "US BOOKS/é"):
            pass
        assert caught.value.message == f"another process (number {os.getpid()}) holds the lock 'US BOOKS/é'"
        assert sorted(one.name for one in tmp_path.iterdir()) == [
            "ledger.db.UK-BOOKS.lock",
            "ledger.db.US_20_BOOKS_2f__e9_.lock",
        ]
    with process_lock(path, "US BOOKS/é"):
        pass


def test_a_lock_ends_with_its_process_however_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom connector.ledger import process_lock\n"
        "with process_lock(Path(sys.argv[1]), 'US'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert _run(program, path).returncode == -9
    with process_lock(path, "US"):
        assert (tmp_path / "ledger.db.US.lock").read_text() == str(os.getpid())


def test_a_lock_can_be_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom connector.ledger import process_lock\n"
        "with process_lock(Path(sys.argv[1]), 'US'):\n    print('held', flush=True)\n    time.sleep(0.3)"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with process_lock(path, "US", wait_seconds=30):
        assert other.wait(timeout=30) == 0
    other.stdout.close()


def test_a_lock_that_cannot_be_signed(tmp_path: Path) -> None:
    """The lock's file is there, but the disk takes nothing."""
    (tmp_path / "ledger.db.US.lock").symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"the lock .* cannot be written"):
        process_lock(tmp_path / "ledger.db", "US").__enter__()


def test_a_lock_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be written \(No such file or directory\)"):
        process_lock(tmp_path / "nowhere" / "ledger.db", "US").__enter__()

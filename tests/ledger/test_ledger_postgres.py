"""PostgreSQL alone: who may do what, what stands against opening, and what a server can do to its ledger."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import polars as pl
import psycopg
import pytest
from ledger_rows import ROWS, fill, frame
from postgres_server import URL, WITH_PASSWORD, Databases, PostgresServer, binaries

from connector.ledger import (
    RefusedError,
    Server,
    StoreError,
    append,
    chain_heads,
    close_store,
    database,
    described,
    hold,
    insert_schema,
    open_store,
    process_lock,
    put,
    read,
    server_of,
    transaction,
    verify,
)
from connector.ledger.schemas import APPEND_ONLY, SEALED, UNIQUE

TABLES = sorted(APPEND_ONLY)
_AGAIN = "INSERT INTO {} SELECT {} FROM {}"
Login = Callable[..., Server]


@pytest.fixture
def login(databases: Databases, ledger_server: Server) -> Iterator[Login]:
    """Makes a login of the server, with what it is allowed, and gives the ledger's place as it would write it."""
    made = []

    def make(name: str, options: str = "", *grants: str) -> Server:
        full = f"{name}_{os.getpid()}"
        databases.run(f"CREATE ROLE {full} LOGIN {options}")
        made.append(full)
        for grant in grants:
            databases.run(grant.format(login=full), url=str(ledger_server))
        return replace(ledger_server, user=full)

    yield make
    close_store()
    for one in made:
        databases.run(f"DROP OWNED BY {one}", url=str(ledger_server))
        databases.run(f"DROP ROLE {one}")


def _as_owner(server: Server) -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the tables' owner, who is a superuser here, beside the program."""
    return psycopg.connect(str(server), autocommit=True, options="-c search_path=connector")


@pytest.mark.parametrize("table", TABLES)
def test_the_owner_cannot_change_append_only_rows_either(ledger_server: Server, table: str) -> None:
    """Not even in a session that switches triggers off as replication does."""
    fill()
    before = read(table)
    column = next(iter(APPEND_ONLY[table]))
    key = ", ".join(UNIQUE[table][0]) if UNIQUE[table] else "id"
    statements = [
        "UPDATE {t} SET {c} = {c}",
        "DELETE FROM {t}",
        "TRUNCATE {t} CASCADE",
        "INSERT INTO {t} SELECT * FROM {t} ON CONFLICT ({k}) DO UPDATE SET {c} = {t}.{c}",
        "MERGE INTO {t} AS old USING (SELECT 1) AS new ON true WHEN MATCHED THEN UPDATE SET {c} = old.{c}",
    ]
    with _as_owner(ledger_server) as other:
        for session in ("origin", "replica"):
            other.execute(f"SET session_replication_role = {session}".encode())
            for statement in statements:
                with pytest.raises(psycopg.errors.RaiseException, match="is append-only"):
                    other.execute(statement.format(t=table, c=column, k=key).encode())
        # The guard of adjustments, which are counted, is asked before the key.
        again = psycopg.errors.RaiseException if table == "adjustment" else psycopg.errors.UniqueViolation
        with pytest.raises(again):
            other.execute(_AGAIN.format(table, "*", table).encode())
    assert read(table).equals(before)


@pytest.mark.parametrize("table", TABLES)
def test_the_program_has_not_even_the_right(ledger_server: Server, table: str) -> None:
    assert ledger_server.exists()
    fill()
    column = next(iter(APPEND_ONLY[table]))
    for statement in ("UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t}"):
        with pytest.raises(RefusedError, match=f"permission denied for table {table}"):
            database.execute(statement.format(t=table, c=column))
    names = ", ".join(APPEND_ONLY[table])
    again = _AGAIN.format(f"{table} ({names})", names, table)
    taken = f"{table} holds a row with this .* already"
    told = "an adjustment is the next one" if table == "adjustment" else taken  # its guard is asked before its key
    with pytest.raises(RefusedError, match=told):
        database.execute(again)


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("DROP TRIGGER guard_charge_delete ON charge", "guard_charge_delete"),
        ("ALTER TABLE charge DISABLE TRIGGER guard_charge_update", "guard_charge_update"),
        ("ALTER TABLE charge DISABLE TRIGGER ALL", "guard_charge_update, guard_charge_delete, guard_charge_truncate"),
        ("ALTER TABLE charge ENABLE TRIGGER guard_charge_update", "guard_charge_update"),
        (
            "CREATE OR REPLACE FUNCTION guard_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "guard_refuse",
        ),
        (
            "CREATE OR REPLACE TRIGGER guard_receipt_update BEFORE DELETE ON receipt EXECUTE FUNCTION guard_refuse('')",
            "guard_receipt_update",
        ),
    ],
)
def test_a_guard_that_is_gone_or_without_teeth_is_found_at_open(
    ledger_server: Server, tampering: str, told: str
) -> None:
    with _as_owner(ledger_server) as other:
        other.execute(tampering.encode())
    with pytest.raises(StoreError, match=f"lacks what makes it append-only: {told}"):
        open_store(ledger_server)


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        ("GRANT UPDATE ON charge TO connector_app", "UPDATE on charge"),
        ("GRANT UPDATE (amount_minor) ON charge TO connector_app", "UPDATE on charge"),
        ("GRANT DELETE, TRUNCATE ON receipt TO PUBLIC", "DELETE on receipt, TRUNCATE on receipt"),
    ],
)
def test_a_right_too_many_is_found_at_open(ledger_server: Server, grant: str, told: str) -> None:
    with _as_owner(ledger_server) as other:
        other.execute(grant.encode())
    with pytest.raises(StoreError) as caught:
        open_store(ledger_server)
    assert caught.value.message == (
        f"{ledger_server} lets the role connector_app do what makes it no longer append-only: {told}"
    )


@pytest.mark.parametrize("table", SEALED)
def test_what_a_superuser_changed_behind_the_guards_is_found_by_verify(ledger_server: Server, table: str) -> None:
    fill()
    with _as_owner(ledger_server) as other:  # the kit's own row of this table is no real link
        other.execute("ALTER TABLE chain_link DISABLE TRIGGER ALL")
        other.execute("DELETE FROM chain_link WHERE batch IS NULL")
    assert verify(chain_heads()).faults == ()
    column = next(name for name, kind in insert_schema(table).items() if kind == pl.String and name != "currency")
    with _as_owner(ledger_server) as other:
        other.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        free = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
        for (name,) in other.execute(free, (table,)).fetchall():
            other.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
        other.execute(f"UPDATE {table} SET {column} = {column} || 'x'".encode())  # noqa: S608 - our own names
    first = str(verify(chain_heads()).faults[0])
    assert first.startswith(f"{table} ")
    assert "it was changed after it was written (link 1 of " in first


@pytest.mark.parametrize("applied", ["zero", "0001_parties", "0002_billing", "0003_registers"])
def test_guards_are_complete_after_a_migration_from_any_version(ledger_server: Server, applied: str) -> None:
    from django.db import connection  # noqa: PLC0415 - set up by opening the ledger
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    from connector.ledger import store  # noqa: PLC0415
    from connector.ledger.dialects import postgres  # noqa: PLC0415

    every = "SELECT tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
    with _as_owner(ledger_server) as other:
        before = other.execute(every.encode()).fetchall()
        store._point_at(postgres.entry(ledger_server, as_login=True))  # noqa: SLF001 - as the owner, to go back in time
        MigrationExecutor(connection).migrate([("ledger", None if applied == "zero" else applied)])
        open_store(ledger_server)
        assert other.execute(every.encode()).fetchall() == before
    assert len(before) == 3 * len(TABLES) + 3  # a charge's revision, a credit's amount, an adjustment's charge
    fill()
    assert read("charge").height == 1


def test_an_interrupted_migration_is_finished_at_the_next_open(ledger_server: Server) -> None:
    with _as_owner(ledger_server) as other:
        other.execute("COMMENT ON SCHEMA connector IS 'partner billing ledger, guards 0'")
        other.execute("DROP FUNCTION guard_refuse CASCADE")
        other.execute("REVOKE ALL ON ALL TABLES IN SCHEMA connector FROM connector_app")
    open_store(ledger_server)
    fill()
    with pytest.raises(RefusedError):
        database.execute("DELETE FROM charge")


def test_a_login_that_only_has_the_role_works_and_cannot_get_out_of_it(login: Login) -> None:
    member = login("member", "", "GRANT connector_app TO {login}")
    open_store(member)
    fill()
    assert read("charge").height == 1
    assert described().endswith(f"as connector_app for the login {member.user}, which may not migrate")
    database.execute("RESET ROLE")
    for statement in ("DELETE FROM charge", "UPDATE charge SET amount_minor = 0", "DROP TABLE receipt"):
        with pytest.raises((RefusedError, StoreError), match=r"permission denied|must be owner"):
            database.execute(statement)


def test_a_login_that_may_not_migrate_says_who_has_to(login: Login, ledger_server: Server) -> None:
    member = login("member", "", "GRANT connector_app TO {login}")
    with _as_owner(ledger_server) as other:
        other.execute("DELETE FROM django_migrations WHERE name = (SELECT max(name) FROM django_migrations)")
    with pytest.raises(StoreError) as caught:
        open_store(member)
    assert (caught.value.message, caught.value.next_step) == (
        f"{member} is of an older version of this program, and {member.user} may not migrate it",
        "Let the ledger's owner run `connector doctor` with this version.",
    )


def test_a_login_without_the_role_is_told_what_to_ask_for(login: Login) -> None:
    stranger = login("stranger")
    with pytest.raises(StoreError) as caught:
        open_store(stranger)
    assert (caught.value.message, caught.value.next_step) == (
        f"{stranger}: {stranger.user} may not act as the role connector_app, as which the program works",
        f"Let an administrator run: GRANT connector_app TO {stranger.user};",
    )


def test_a_plain_owner_of_the_database_makes_its_ledger(databases: Databases, login: Login) -> None:
    """No superuser and no maker of roles: it is given the role, and owns its database."""
    owner = login("plain_owner", "", "GRANT connector_app TO {login}")
    url = databases.make(ledger=False)
    databases.run(f"ALTER DATABASE {server_of(url).database} OWNER TO {owner.user}")
    own = replace(owner, database=server_of(url).database)
    assert own.exists() is False
    open_store(own)
    fill()
    assert own.exists() is True
    assert described().endswith(f"for the login {own.user}, which owns the tables and may migrate them")
    close_store()
    databases.drop(url)


def test_a_database_without_a_ledger_in_which_none_may_be_made(databases: Databases, login: Login) -> None:
    url = databases.make(ledger=False)
    other = replace(login("guest"), database=server_of(url).database)
    with pytest.raises(StoreError, match=r"holds no ledger yet, and guest_\d+ may not make one"):
        open_store(other)
    databases.drop(url)


def test_a_schema_of_another_program_stays_as_it_is(databases: Databases) -> None:
    url = databases.make(ledger=False)
    databases.run("CREATE SCHEMA connector", url=url)
    with pytest.raises(StoreError, match="has a schema 'connector' of another program"):
        open_store(server_of(url))
    assert databases.run("SELECT count(*) FROM pg_class WHERE relnamespace = 'connector'::regnamespace", url) == [(0,)]
    databases.drop(url)


def test_a_ledger_of_a_newer_program(ledger_server: Server) -> None:
    with _as_owner(ledger_server) as other:
        other.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '0999_x', '2030-01-01')")
    with pytest.raises(StoreError, match=r"written by a newer version of this program \(unknown: ledger 0999_x\)"):
        open_store(ledger_server)


def test_what_stands_against_reaching_it_is_told_without_the_password(
    databases: Databases, ledger_server: Server
) -> None:
    if URL in os.environ:
        pytest.skip("a server that others run has its own rules of who may come in")
    databases.run(f"CREATE ROLE {WITH_PASSWORD} LOGIN PASSWORD 'right'")
    secret = replace(ledger_server, user=WITH_PASSWORD, password="hunter2-wrong")  # noqa: S106 - opens nothing
    cases = [
        (replace(ledger_server, port=1), "the ledger's server cannot be reached", "See that the server runs"),
        (replace(ledger_server, host="no-such-host.invalid"), "the ledger's server cannot be reached", "See that"),
        (replace(ledger_server, database="nowhere"), "the ledger's database is not there", "Let an administrator"),
        (replace(ledger_server, user="nobody_known"), "does not let this login in", "Give the password in PGPASSWORD"),
        (secret, "does not let this login in", "Give the password in PGPASSWORD"),
        (replace(secret, password=""), "does not let this login in", "Give the password in PGPASSWORD"),
    ]
    for place, told, step in cases:
        with pytest.raises(StoreError) as caught:
            open_store(place)
        assert told in caught.value.message
        assert caught.value.next_step.startswith(step)
        assert "hunter2" not in f"{caught.value} {place} {place!r}"
    databases.run(f"DROP ROLE {WITH_PASSWORD}")


def test_a_text_that_the_server_cannot_hold_is_refused(ledger_server: Server) -> None:
    """The character of the code 0; intake refuses it in a cell, as it does every control character."""
    assert ledger_server.exists()
    row = frame("personal", {"owner_type": "client", "owner_id": "CL-1", "field": "name", "value": "a\x00b"})
    for step in (append, put):
        with pytest.raises(RefusedError, match=r"the ledger refuses the entry: .*0x00"):
            step("personal", row)
    assert read("personal").height == 0


def test_a_server_that_may_only_be_read(ledger_server: Server) -> None:
    assert ledger_server.exists()
    database.execute("SET default_transaction_read_only = on")
    with pytest.raises(StoreError, match="the server only lets it be read"):
        append("client", frame("client"))


def test_a_row_that_another_program_keeps_locked(ledger_server: Server) -> None:
    from connector.ledger import outbox  # noqa: PLC0415

    with _as_owner(ledger_server) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE tenant_hold IN EXCLUSIVE MODE")
        database.execute("SET lock_timeout = '100ms'")
        with pytest.raises(StoreError, match="another program has kept the ledger locked for too long"):
            outbox.hold_tenant("US", ROWS["chain_link"]["at"], "day limit")
        other.execute("ROLLBACK")
    outbox.hold_tenant("US", ROWS["chain_link"]["at"], "day limit")
    assert read("tenant_hold").height == 1


def test_a_step_that_takes_too_long(ledger_server: Server) -> None:
    assert ledger_server.exists()
    database.execute("SET statement_timeout = '50ms'")
    with pytest.raises(StoreError, match="stopped a step that took too long"):
        database.fetch("SELECT pg_sleep(5)")


def test_two_transactions_that_wait_for_each_other(ledger_server: Server) -> None:
    append(
        "contact_link",
        frame("contact_link", *({"tenant": t, "partner_id": "P", "contact_id": "C", "how": "h"} for t in "ab")),
    )
    step = (
        "import sys\nfrom connector.ledger import StoreError, database, open_store, server_of, transaction\n"
        "open_store(server_of(sys.argv[1]))\n"
        "def take(one): database.execute('UPDATE contact_link SET how = ? WHERE tenant = ?', ('x', one))\n"
        "try:\n"
        "    with transaction():\n"
        "        take(sys.argv[2]); print('has', flush=True); sys.stdin.readline(); take(sys.argv[3])\n"
        "    print('done')\n"
        "except StoreError as error: print(error.message.partition(' (')[0])"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", step, str(ledger_server), *order],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for order in ("ab", "ba")
    ]
    for one in workers:
        assert one.stdout is not None
        assert one.stdout.readline() == "has\n"
    for one in workers:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    got = sorted(one.communicate(timeout=60)[0] for one in workers)
    assert got == ["another process wrote to the ledger at the same moment\n", "done\n"]


_HOLDER = (
    "import sys\nfrom connector.ledger import hold, open_store, server_of, transaction\n"
    "open_store(server_of(sys.argv[1]))\n"
    "with transaction():\n"
    "    hold([sys.argv[2]]); print('held', flush=True); sys.stdin.readline()\n"
)


def test_a_name_is_held_by_one_transaction_and_others_go_on(ledger_server: Server) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(ledger_server), "partner P-1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    database.execute("SET lock_timeout = '200ms'")
    with transaction():
        hold(["partner P-2", "client C-1"])
        hold(["partner P-1"], "another group")
    with pytest.raises(StoreError, match="kept the ledger locked for too long"), transaction():
        hold(["partner P-2", "partner P-1"])
    other.communicate("go\n", timeout=60)
    with transaction():
        hold(["partner P-2", "partner P-1"])


def test_any_number_of_names_fits_into_the_locks_of_a_server(ledger_server: Server) -> None:
    assert ledger_server.exists()
    with transaction():
        hold(f"client {n}" for n in range(200_000))
        [(held,)] = database.fetch(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
    assert held == 1024


def test_two_processes_may_make_the_ledger_at_once(databases: Databases) -> None:
    url = databases.make(ledger=False)
    program = (
        "import sys\nfrom connector.ledger import alias_key, open_store, server_of\n"
        "open_store(server_of(sys.argv[1]))\nprint(alias_key().hex())"
    )
    command = [sys.executable, "-c", program, url]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (one.communicate(timeout=60)[0] for one in started)
    assert (first == second, len(first), [one.returncode for one in started]) == (True, 65, [0, 0])
    databases.drop(url)


def test_a_named_lock_has_one_holder_and_says_which_process(ledger_server: Server) -> None:
    with process_lock(ledger_server, "US BOOKS/é"), process_lock(ledger_server, "UK-BOOKS"):
        with pytest.raises(StoreError) as caught, process_lock(ledger_server, "US BOOKS/é"):
            pass
        assert caught.value.message.startswith(f"another process (number {os.getpid()} on ")
        assert caught.value.message.endswith(") holds the lock 'US BOOKS/é'")
    with process_lock(ledger_server, "US BOOKS/é"):
        pass


def test_a_lock_ends_with_its_process_however_it_ends(ledger_server: Server) -> None:
    program = (
        "import os, signal, sys\nfrom connector.ledger import process_lock, server_of\n"
        "with process_lock(server_of(sys.argv[1]), 'US'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(ledger_server)], check=False, timeout=60)
    assert done.returncode == -9
    with process_lock(ledger_server, "US", wait_seconds=10):
        pass


def test_a_lost_connection_is_told_and_the_next_step_connects_again(ledger_server: Server) -> None:
    fill()

    def cut() -> None:
        [(process,)] = database.fetch("SELECT pg_backend_pid()")
        with _as_owner(ledger_server) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (process,))

    def within() -> None:
        with transaction():
            append("client", frame("client", {"client_id": "CL-2"}))
            cut()
            append("client", frame("client", {"client_id": "CL-3"}))

    cut()
    for step in (lambda: read("client"), within):
        with pytest.raises(StoreError, match="the ledger's server"):
            step()
        assert read("client").height == 1


def test_a_server_without_the_role_says_what_an_administrator_has_to_do() -> None:
    server = PostgresServer(binaries())
    server.start()
    try:
        databases = Databases(server.url("postgres"))
        for name, options in (("plain", ""), ("maker", "CREATEROLE")):
            databases.run(f"CREATE ROLE {name} LOGIN {options}")
            databases.run(f"CREATE DATABASE of_{name} OWNER {name}")
        plain, maker = (server_of(server.url(f"of_{name}", name)) for name in ("plain", "maker"))
        with pytest.raises(StoreError) as caught:
            open_store(plain)
        assert (caught.value.message, caught.value.next_step) == (
            f"{plain}: there is no role connector_app to work as, and plain may not make it",
            "Let an administrator run: CREATE ROLE connector_app NOLOGIN; GRANT connector_app TO plain;",
        )
        open_store(maker)  # makes the role, and gives it to itself
        fill()
        with pytest.raises(StoreError, match="plain may not act as the role connector_app"):
            open_store(plain)
        databases.run("GRANT connector_app TO plain")
        open_store(plain)
        fill()
        assert read("charge").height == 1
    finally:
        close_store()
        server.stop()


def test_a_crash_of_the_server_keeps_what_was_committed_and_nothing_else() -> None:
    server = PostgresServer(binaries(), durable=True)
    server.start()
    try:
        databases = Databases(server.url("postgres"))
        place = server_of(databases.make(ledger=False))
        open_store(place)
        fill()

        def cut_short() -> None:
            with transaction():
                append("client", frame("client", *({"client_id": f"CL-{n}"} for n in range(2, 20_000))))
                server.crash()
                append("client", frame("client", {"client_id": "CL-last"}))

        with pytest.raises(StoreError, match="the ledger's server"):
            cut_short()
        with pytest.raises(StoreError, match="the ledger's server cannot be reached"):
            read("client")
        server.start()
        open_store(place)
        assert {table: read(table).height for table in SEALED} == dict.fromkeys(SEALED, 1)
        append("client", frame("client", {"client_id": "CL-2"}))
        assert read("client").height == 2
    finally:
        close_store()
        server.stop()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://host", "it names no database"),
        ("postgresql://host:99999/x", "its port is not a number from 1 to 65535"),
        ("postgresql://host/x?options=-c", "it has the option options; known are connect_timeout"),
        ("postgresql://host/x/y", "it does not end with the name of a database"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        server_of(url)


def test_a_url_is_read_as_it_is_meant_and_never_shows_its_password() -> None:
    full = server_of("postgres://an%40n:s%3Acret@[::1]:5433/billing%20books?sslmode=require")
    assert full == Server("::1", 5433, "an@n", "billing books", "s:cret", {"sslmode": "require"})
    assert (str(full), full.name) == ("postgresql://an@n@[::1]:5433/billing books", "billing books")
    assert "cret" not in repr(full)
    assert server_of("postgresql:///?service=books").parameters() == {"service": "books"}
    assert str(server_of("postgresql://db/x")) == "postgresql://db/x"

"""Bad input and bad surroundings: one clear message, the next step, the designed exit code, no traceback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from world import Answer, World, client, command

from connector.runs.config import FILE


def told(answer: Answer) -> tuple[int, str, str]:
    assert "Traceback" not in answer.err + answer.out
    return answer.code, answer.plain["error"], answer.plain["next_step"]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_no_working_folder(tmp_path: Path) -> None:
    code, message, step = told(command("plan", "x.csv", "--folder", str(tmp_path), "--json"))
    assert (code, message) == (2, f"{tmp_path} has no connector.yaml")
    assert step == "Run 'connector init' here, or name the folder with --folder."


def test_wrong_usage_is_exit_2_in_json_and_for_people() -> None:
    assert told(command("plan", "--json"))[0] == 2
    said = command("no-such-command")
    assert (said.code, said.out) == (2, "")
    assert "no-such-command" in said.err


def test_a_bad_date(alone: World) -> None:
    answer = alone.run("plan", alone.partners(), "--as-of", "30.6.2025")
    assert told(answer) == (2, "--as-of '30.6.2025' is no date", "Write it as 2025-06-30.")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("missing.xlsx", None, "file-missing"),
        ("text.xlsx", b"this is no workbook", "file-not-a-workbook"),
        ("empty.xlsx", b"", "file-empty"),
        ("headers.csv", b"colour,shape\nred,round\n", "sheet-no-header"),
    ],
)
def test_files_that_cannot_be_read(alone: World, name: str, data: bytes | None, code: str) -> None:
    path = alone.folder / name
    if data is not None:
        path.write_bytes(data)
    checked = alone.run("check", str(path))
    assert (checked.code, [one["code"] for one in checked.plain["problems"]]) == (1, [code])
    planned = alone.run("plan", str(path))
    assert (planned.code, [one["code"] for one in planned.plain["problems"]]) == (1, [code])


def test_one_bad_file_does_not_stop_the_others(alone: World) -> None:
    planned = alone.plan(alone.partners(), alone.clients(client("A")), str(alone.folder / "missing.xlsx"))
    assert planned.code == 1
    assert planned.plain["buckets"]["clients"] == {"billed": 1}


def test_no_rules(alone: World) -> None:
    shutil.rmtree(alone.folder / "rules")
    code, _, step = told(alone.plan(alone.partners()))
    assert code == 2
    assert step == "Mend each at the place named; nothing is billed until then."
    assert "rules" in alone.plan(alone.partners()).plain["problems"][0]["where"]


def test_whoever_only_reads_does_not_depend_on_the_rules(alone: World, tmp_path: Path) -> None:
    """A broken rule stops planning, and neither checking a workbook nor the template nor explaining."""
    edit(alone.folder / "rules" / "billing.yaml", "policies:", "polices:")
    assert alone.run("check", alone.clients(client("A"))).code == 0
    assert alone.run("template", str(tmp_path / "t.xlsx")).code == 0
    assert alone.run("explain", "nobody").plain["error"] == "nothing is known of nobody"
    assert alone.plan(alone.clients(client("A"))).code == 2
    edit(alone.folder / "mappings" / "workbook.yaml", "namespace:", "namspace:")
    broken = alone.run("check", alone.clients(client("A")))
    assert (broken.code, broken.plain["error"]) == (2, "the mappings have faults")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_plan_that_is_interrupted_ends_with_130_and_leaves_nothing(alone: World, sent: signal.Signals) -> None:
    files = [alone.partners(), alone.clients(*(client(f"C{number}") for number in range(60_000)))]
    temporary = alone.folder / "temporary"
    temporary.mkdir()
    started = subprocess.Popen(
        [sys.executable, "-m", "connector", "plan", *files, "--folder", str(alone.folder), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    deadline = time.monotonic() + 30
    # The folder of the reading process; a file would be the standard library trying whether it may write here.
    while not any(found.is_dir() for found in temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    started.send_signal(sent)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, json.loads(out)["error"]) == (130, "interrupted"), err
    assert list(temporary.iterdir()) == []
    assert alone.run("runs").plain["runs"] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "line"),
    [
        ("rules/tiers/linkedin.yaml", '"11-50"', '"12-50"', "tiers-gap", None),
        ("rules/tiers/linkedin.yaml", '"11-50"', '"10-50"', "tiers-overlap", None),
        ("rules/billing.yaml", "item: SPOKE-FULL, price", "itme: SPOKE-FULL, price", "yaml-unknown-key", 16),
        ("rules/billing.yaml", "policies:", "policies: {}\npolicies:", "yaml-duplicate-key", 6),
        ("mappings/books-us.yaml", "country: other,", "", "books-tax-overlap", None),
    ],
)  # fmt: skip
def test_faults_of_the_accountants_files_are_found_at_their_line(
    alone: World, file: str, old: str, new: str, code: str, line: int | None
) -> None:
    edit(alone.folder / file, old, new)
    if code == "books-tax-overlap":
        edit(alone.folder / file, "tax_status: exempt, code", "tax_status: [exempt, export], code")
    answer = alone.plan(alone.partners())
    found = [one for one in answer.plain["problems"] if one["code"] == code]
    assert answer.code == 2
    assert found, answer.plain["problems"]
    assert found[0]["place"]["file"] == file
    assert line is None or found[0]["place"]["line"] == line
    assert found[0]["place"]["column"] > 0


def test_every_fault_of_the_settings_comes_at_once(alone: World) -> None:
    edit(alone.folder / FILE, "invoice_status: AUTHORISED   # or DRAFT", "invoice_status: PAID")
    edit(alone.folder / FILE, "  uk: uk-books", "  uk: uk-boks")
    edit(alone.folder / FILE, "ledger: ledger.sqlite3", "leger: ledger.sqlite3")
    answer = alone.run("runs")
    assert answer.code == 2
    assert sorted(one["code"] for one in answer.plain["problems"]) == [
        "yaml-missing-key", "yaml-unknown-key", "yaml-value", "yaml-value",
    ]  # fmt: skip


def test_plain_http_to_another_machine_is_refused(alone: World) -> None:
    edit(alone.folder / FILE, "token_url: http://127.0.0.1:9/connect/token", "token_url: http://books.example/token")
    answer = alone.run("runs")
    assert answer.code == 2
    assert {one["message"] for one in answer.plain["problems"]} == {"token_url must begin with https://"}


def test_an_unreachable_api_leaves_the_documents_waiting(alone: World) -> None:
    planned = alone.plan(alone.partners(), alone.clients(client("A")))
    alone.run("approve", planned.plain["run"])
    sent = alone.run("push", planned.plain["run"])
    assert sent.code == 3
    waiting = sent.plain["tenants"]["us-books"]["waiting"]
    assert [one["number"] for one in waiting] == ["US-000001"]
    assert "Traceback" not in sent.out


def test_wrong_credentials_are_named_with_the_next_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = world.plan(world.partners(), world.clients(client("A")))
    world.run("approve", planned.plain["run"])
    credentials = "credentials: {client_id_from: WRONG_ID, client_secret_from: WRONG_SECRET}"
    edit(world.folder / FILE, "credentials: sandbox", credentials)
    unset = world.run("push")
    assert unset.code == 2
    assert "client id or the client secret is missing" in unset.plain["setup_faults"]["us-books"]["message"]
    monkeypatch.setenv("WRONG_ID", "canary-id")
    monkeypatch.setenv("WRONG_SECRET", "canary-secret")
    refused = world.run("push")
    assert refused.code == 2
    assert "canary-secret" not in refused.out + refused.err
    edit(world.folder / FILE, credentials, "credentials: sandbox")
    assert world.run("push").code == 0


def test_a_ledger_that_is_none(alone: World) -> None:
    (alone.folder / "ledger.sqlite3").write_bytes(b"this is no database at all, whatever its name says" * 99)
    code, _, _ = told(alone.run("runs"))
    assert code == 2


def test_a_read_only_folder() -> None:
    """As an unprivileged user, since root may write everywhere; what is imported late is loaded before."""
    with TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        warm, closed = Path(open_to_all) / "warm", Path(open_to_all) / "closed"
        for folder in (warm, closed):
            command("init", str(folder))
        script = (
            "import os, sys, tempfile, traceback\n"
            "from connector.cli.failing import guarded\n"
            "from connector.cli.main import app\n"
            f"guarded(app, ['runs', '--folder', {str(warm)!r}])\n"
            "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            f"sys.exit(guarded(app, ['runs', '--folder', {str(closed)!r}]))\n"
        )
        closed.chmod(0o555)
        # Not measured: the unprivileged user could not write what was measured.
        where = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=where)
        closed.chmod(0o755)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "ledger.sqlite3" in done.stderr


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    assert command("init", str(tmp_path / "new"), "--json").code == 0
    code, message, _ = told(command("init", str(tmp_path / "new"), "--json"))
    assert code == 2
    assert message.endswith("already, and nothing is overwritten")


def test_unknown_runs_documents_and_partners(alone: World) -> None:
    alone.plan(alone.partners(), alone.clients(client("A")))
    for arguments in (("show", "R-9999"), ("approve", "R-9999"), ("push", "R-9999")):
        code, message, _ = told(alone.run(*arguments))
        assert (code, message) == (2, "there is no run R-9999")
    assert told(alone.run("explain", "US-000009"))[:2] == (1, "nothing is known of US-000009")
    assert told(alone.run("balance", "P-77"))[:2] == (1, "partner P-77 is not in the partner master")
    assert told(alone.run("push", "R-0001"))[:2] == (2, "R-0001 is not approved")

"""fetch and limits, through the command line: from a server to a plan, and what is said when it cannot be."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from export_kit import SECRET, page, send, serving
from world import World, command

RECORD = {
    "clientId": "C-1",
    "partnerId": "P-1",
    "clientName": "Acme",
    "website": "acme.example",
    "plan": "Full",
    "createdOn": "2025-04-01",
    "employees": 50,
    "status": "Active",
}


def declare(world: World, text: str) -> None:
    path = world.folder / "connector.yaml"
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8")


def exports(url: str, more: str = "") -> str:
    return (
        f"exports:\n  platform:\n    url: {url}\n    format: json\n    records: items\n    allow_http: true\n"
        f"    allow_private: true\n    auth: {{bearer_from: PLATFORM_TOKEN}}\n{more}"
    )


def test_what_is_fetched_can_be_checked(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORM_TOKEN", SECRET)
    with serving(lambda to: send(to, page([RECORD], None))) as url:
        declare(alone, exports(url))
        got = command("fetch", "--folder", str(alone.folder))
    assert (got.code, got.err) == (0, "")
    (path,) = (alone.folder / "exports").iterdir()
    assert got.out == (
        f"platform: 1 records, {path.stat().st_size} bytes in 1 page: {path}\nNext: connector plan {path}\n"
    )
    checked = command("check", str(path), "--json", "--folder", str(alone.folder))
    assert (checked.code, [(one["kind"], one["rows"]) for one in checked.plain["rows"]]) == (
        0,
        [("header", 1), ("record", 1)],
    )


def test_a_limit_ends_with_three_and_says_when(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORM_TOKEN", SECRET)

    def answer(to: BaseHTTPRequestHandler) -> None:
        send(to, {}, 429, Retry_After="3600")

    with serving(answer) as url:
        declare(alone, exports(url))
        got = command("fetch", "platform", "--folder", str(alone.folder))
    assert got.code == 3
    first, second = got.out.splitlines()
    assert first == "platform: not whole yet: the platform answered 429."
    assert second.startswith("  Run 'connector fetch platform' again after 20")
    assert command("fetch", "--json", "--folder", str(alone.folder)).plain["exports"]["platform"]["state"] == "later"


def test_a_missing_variable_ends_with_two_and_the_doctor_knows(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLATFORM_TOKEN", raising=False)
    declare(alone, exports("https://platform.example/x"))
    got = command("fetch", "--json", "--folder", str(alone.folder))
    told = {
        "state": "rejected",
        "reason": "the environment variable PLATFORM_TOKEN is not set",
        "next_step": "Set it, then fetch again.",
    }
    assert (got.code, got.plain["exports"]) == (2, {"platform": told})
    plain = command("fetch", "--folder", str(alone.folder))
    assert plain.out == (
        "platform: not fetched: the environment variable PLATFORM_TOKEN is not set.\n  Set it, then fetch again.\n"
    )
    findings = {
        one["what"]: one for one in command("doctor", "--json", "--folder", str(alone.folder)).plain["findings"]
    }
    assert findings["export platform"]["told"] == "the environment variable PLATFORM_TOKEN is not set"
    monkeypatch.setenv("PLATFORM_TOKEN", SECRET)
    findings = {
        one["what"]: one for one in command("doctor", "--json", "--folder", str(alone.folder)).plain["findings"]
    }
    assert findings["export platform"]["told"] == "json from platform.example; nothing was asked"


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ("", (), "connector.yaml declares no export"),
        ("exports: {p: {url: 'https://a.example', format: csv}}\n", ("q",), "connector.yaml declares no export q"),
        ("exports: {p: {url: 'https://a.example'}}\n", (), "connector.yaml cannot be used"),
    ],
)
def test_wrong_usage_ends_with_two(alone: World, text: str, arguments: tuple[str, ...], told: str) -> None:
    declare(alone, text)
    got = command("fetch", *arguments, "--json", "--folder", str(alone.folder))
    assert (got.code, got.plain["error"]) == (2, told)


def test_limits_are_settings(alone: World, tmp_path: Path) -> None:
    path = tmp_path / "clients.json"
    path.write_text(json.dumps([RECORD] * 200), encoding="utf-8")
    assert command("check", str(path), "--folder", str(alone.folder)).code == 0
    declare(alone, "limits: {rows: 100, file_mb: 5}\n")
    (problem,) = command("check", str(path), "--json", "--folder", str(alone.folder)).plain["problems"]
    assert (problem["code"], problem["message"]) == ("file-too-costly", "the records have more than 100 rows")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("limits: {file_md: 5}\n", "limits has no key 'file_md'"),
        ("limits: {rows: 5}\n", "rows must lie between 100 and 10000000"),
        ("limits: {memory_mb: lots}\n", "memory_mb is 'lots'"),
    ],
)
def test_a_limit_out_of_bounds_is_told(alone: World, text: str, told: str) -> None:
    declare(alone, text)
    (problem,) = command("doctor", "--json", "--folder", str(alone.folder)).plain["findings"][1:2]
    assert told in problem["told"]

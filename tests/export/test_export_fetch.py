"""Pages, tokens and refusals, at the HTTP edge: what is asked, what is kept, what is said."""

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from export_kit import SECRET, START, URL, Time, export, get, page
from responses import matchers

from connector.export import Export, Fetched, Rejected, RetryLater

TOKEN_URL = "https://login.example/token"  # noqa: S105  # an address
KEYED = f"auth: {{api_key_from: PLATFORM_KEY, token_url: '{TOKEN_URL}', key_header: X-Key, token: data.jwt}}"
BEARER = "auth: {bearer_from: PLATFORM_TOKEN}"


def give(records: list[Any], following: str | None, cursor: str | None = None, **more: Any) -> None:
    query = {"limit": "2"} | ({"cursor": cursor} if cursor is not None else {})
    responses.get(URL, json=page(records, following), match=[matchers.query_param_matcher(query)], **more)


def lines(outcome: object) -> list[Any]:
    assert isinstance(outcome, Fetched), outcome
    return [json.loads(line) for line in outcome.path.read_text("utf-8").splitlines()]


@responses.activate
def test_pages_become_one_file_of_lines(tmp_path: Path) -> None:
    give([{"id": 1}, {"id": 2}], "a b&c")
    give([{"id": 3}], None, cursor="a b&c")
    got = get(export(), tmp_path / "exports")
    path = tmp_path / "exports" / "platform-20261125T090000Z.ndjson"
    assert got == Fetched(path, 3, 2, 30)
    assert path.read_bytes() == b'{"id": 1}\n{"id": 2}\n{"id": 3}\n'
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@responses.activate
def test_records_are_kept_digit_by_digit(tmp_path: Path) -> None:
    body = (
        '{"meta":{"next":null},"items":[{"n": 1.10, "big": 12345678901234567890,\r\n "n": 1e3, "t": "a\\nb\\u00e9"}]}'
    )
    responses.get(URL, body=body)
    got = get(export(), tmp_path)
    assert isinstance(got, Fetched)
    want = '{"n": 1.10, "big": 12345678901234567890,   "n": 1e3, "t": "a\\nb\\u00e9"}\n'
    assert got.path.read_text() == want


@responses.activate
def test_pages_can_hold_the_link_to_the_next(tmp_path: Path) -> None:
    for query, number, links in (({}, 1, {"next": "/api/v1/clients?page=2"}), ({"page": "2"}, 2, {})):
        match = [matchers.query_param_matcher(query)]
        responses.get(URL, json={"data": [{"id": number}], "links": links}, match=match)
    assert lines(get(export(paging="{next_link: links.next}"), tmp_path)) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "http://platform.example/api",
        "https://platform.example:444/x",
        "//evil.example/x",
        "https://user@platform.example/x",
        "https://[bad/x",
        "ftp://platform.example/",
    ],
)
@responses.activate
def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path, link: str) -> None:
    responses.get(URL, json={"data": [{"id": 1}], "links": {"next": link}})
    got = get(export(BEARER, paging="{next_link: links.next}"), tmp_path)
    assert got == Rejected("page 1 leads to another host", "Only pages of the host declared are fetched.")
    assert len(responses.calls) == 1


@responses.activate
def test_a_cursor_that_was_there_before_is_refused(tmp_path: Path) -> None:
    give([{"id": 1}], "a")
    give([{"id": 2}], "b", cursor="a")
    give([{"id": 3}], "a", cursor="b")
    got = get(export(), tmp_path)
    assert isinstance(got, Rejected)
    assert got.reason == "page 3 leads back to a page that was there before"


@responses.activate
def test_a_full_page_without_a_cursor_is_refused(tmp_path: Path) -> None:
    responses.get(URL, json={"items": [{"id": 1}, {"id": 2}], "meta": {}})
    got = get(export(), tmp_path)
    assert isinstance(got, Rejected)
    assert got.reason == "page 1 is full (2 records), but has nothing at meta.next: the rest would be missing"


@responses.activate
def test_pages_without_end_stop_at_the_number_declared(tmp_path: Path) -> None:
    give([{"id": 1}], "a")
    give([{"id": 2}], "b", cursor="a")
    got = get(export("most_pages: 2"), tmp_path)
    assert isinstance(got, Rejected)
    assert got.reason == "there are more than 2 pages"


@responses.activate
def test_all_pages_together_have_a_largest_size(tmp_path: Path) -> None:
    big = [{"x": "x" * 600_000}]
    give(big, "a")
    give(big, None, cursor="a")
    got = get(export("largest_mb: 1"), tmp_path)
    assert got == Rejected(
        "the export is larger than 1 MB", "Raise largest_mb in connector.yaml if that size is expected."
    )


PAGES: list[tuple[str, str, str]] = [
    ("{", "", "it is no JSON from line 1, column 2 on: expecting a key in double quotes"),
    ('{"items":[{"a":1},]}', "", "it is no JSON from line 1, column 19 on: expecting value"),
    ('{"a":1}', "", "it holds no list of records"),
    ('{"items":[]}', "records: data.items", "it has no list at data.items"),
    ('{"a":[{"x":1}],"b":[{"x":1}]}', "", "it has several lists (a, b), so records: must name one"),
    ('{"items":[],"meta":{"next":{"x":1}}}', "", "what leads to the next page is no single text"),
    ('{"items":[],"meta":{"next":["x"]}}', "", "what leads to the next page is no single text"),
    ("[" * 100_000, "", "it is no JSON from line 1, column 2 on: nested too deeply"),
]


@pytest.mark.parametrize(("body", "settings", "reason"), PAGES)
@responses.activate
def test_a_page_that_cannot_be_used_says_why(tmp_path: Path, body: str, settings: str, reason: str) -> None:
    responses.get(URL, body=body)
    got = get(export(settings), tmp_path)
    assert isinstance(got, Rejected)
    assert got.reason == f"page 1 cannot be used: {reason}"


@responses.activate
def test_the_sheet_named_chooses_among_lists(tmp_path: Path) -> None:
    responses.get(URL, json={"clients": [{"id": 1}], "partners": [{"id": "P"}], "meta": {"next": None}})
    assert lines(get(export("sheet: clients"), tmp_path)) == [{"id": 1}]


@pytest.mark.parametrize(
    ("form", "body", "kind"),
    [("csv", b"a,b\n1,2\n", "text/csv"), ("ndjson", b'{"a":1}\n', "application/x-ndjson"), ("json", b"[1]", "x/y")],
)
@responses.activate
def test_an_export_of_one_answer_is_kept_as_it_came(tmp_path: Path, form: str, body: bytes, kind: str) -> None:
    responses.get(URL, body=body, content_type=kind, headers={"Content-Length": str(len(body))})
    got = get(export(form=form, paging=""), tmp_path)
    path = tmp_path / f"platform-20261125T090000Z.{form}"
    assert got == Fetched(path, None, 1, len(body))
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (body, [path])
    again = get(export(form=form, paging=""), tmp_path)
    assert isinstance(again, Fetched)
    assert again.path.name == f"platform-20261125T090000Z-2.{form}"


@responses.activate
def test_a_token_of_the_environment_is_sent_and_seen_nowhere(tmp_path: Path) -> None:
    give([{"id": 1}], None)
    one = export(BEARER)
    got = get(one, tmp_path)
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {SECRET}"
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    assert SECRET not in kept + repr(got) + repr(one)


@responses.activate
def test_a_key_is_exchanged_once_and_again_when_its_token_has_ended(tmp_path: Path) -> None:
    for token in ("one", "two"):
        responses.post(TOKEN_URL, json={"data": {"jwt": f"jwt-{token}"}})
    first = {"Authorization": "Bearer jwt-one"}
    give([{"id": 1}], "a")
    give([{"id": 2}], "b", cursor="a")
    responses.get(URL, status=401, match=[matchers.query_param_matcher({"limit": "2", "cursor": "b"})])
    give([{"id": 3}], None, cursor="b")
    assert lines(get(export(KEYED), tmp_path)) == [{"id": 1}, {"id": 2}, {"id": 3}]
    sent = [(call.request.method, call.request.headers.get("Authorization")) for call in responses.calls]
    assert sent == [
        ("POST", None),
        *[("GET", first["Authorization"])] * 3,
        ("POST", None),
        ("GET", "Bearer jwt-two"),
    ]
    keys = [call.request.headers.get("X-Key") for call in responses.calls]
    assert keys == [SECRET, None, None, None, SECRET, None]


@responses.activate
def test_a_fresh_token_that_is_not_accepted_is_not_exchanged_again(tmp_path: Path) -> None:
    responses.post(TOKEN_URL, json={"data": {"jwt": "jwt-one"}})
    responses.get(URL, status=401)
    got = get(export(KEYED), tmp_path)
    assert got == Rejected("the platform does not let this program in: it answered 401", "Check PLATFORM_KEY.")
    assert len(responses.calls) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 403, "json": {"error": SECRET}}, "the token address does not accept the key: it answered 403"),
        ({"json": {"data": {}}}, "the token address answered without a token at data.jwt"),
        ({"json": {"data": {"jwt": "a b"}}}, "the token address answered without a token at data.jwt"),
        ({"body": "[" * 50_000}, "the token address answered without a token at data.jwt"),
        ({"json": [1]}, "the token address answered without a token at data.jwt"),
        (
            {"status": 302, "headers": {"Location": "https://evil.example/?x=1"}},
            "login.example answered with a redirect to evil.example, and redirects are not followed",
        ),
    ],
)
@responses.activate
def test_a_key_that_gives_no_token(tmp_path: Path, answer: dict[str, Any], reason: str) -> None:
    responses.post(TOKEN_URL, **answer)
    got = get(export(KEYED), tmp_path)
    assert isinstance(got, Rejected)
    assert got.reason == reason


@pytest.mark.parametrize("secret", ["", " \n", "two words", "line\nbreak", "ü"])
@responses.activate
def test_a_secret_that_cannot_be_sent_is_not(tmp_path: Path, secret: str) -> None:
    got = get(export(BEARER), tmp_path, secret=secret)
    step = "Copy it again, without line breaks and quotes."
    assert got == Rejected("PLATFORM_TOKEN holds nothing that can be sent as a key", step)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 403}, "the platform does not let this program in: it answered 403"),
        ({"status": 404}, "the platform answered 404"),
        ({"status": 204}, "the platform answered 204"),
        (
            {"status": 301, "headers": {"Location": "https://other.example/secret"}},
            "platform.example answered with a redirect to other.example, and redirects are not followed",
        ),
        (
            {"status": 307, "headers": {"Location": "/x"}},
            "platform.example answered with a redirect, and redirects are not followed",
        ),
        (
            {"body": "<html>", "content_type": "text/html; charset=utf-8"},
            "a web page came instead of the export, such as a sign-in page",
        ),
        (
            {"body": " <!DOCTYPE html>", "content_type": "application/json"},
            "a web page came instead of the export, such as a sign-in page",
        ),
        (
            {"body": b"{}", "headers": {"Content-Encoding": "br"}},
            "the answer is packed as 'br', which was not asked for",
        ),
    ],
)
@responses.activate
def test_what_a_person_must_act_on(tmp_path: Path, answer: dict[str, Any], reason: str) -> None:
    responses.get(URL, **answer)
    time = Time()
    got = get(export(), tmp_path, time)
    assert isinstance(got, Rejected)
    assert (got.reason, time.slept) == (reason, [])


@responses.activate
def test_no_parquet_file(tmp_path: Path) -> None:
    responses.get(URL, body=b"{}")
    assert get(export(form="parquet", paging=""), tmp_path) == Rejected(
        "the answer is no Parquet file", "Check format: and the url."
    )


@responses.activate
def test_a_csv_that_does_not_say_where_it_ends(tmp_path: Path) -> None:
    responses.get(URL, body=b"a,b\n1,")
    got = get(export(form="csv", paging=""), tmp_path)
    assert isinstance(got, Rejected)
    assert got.reason == "the answer does not say where it ends, so that a part could be missing"


@responses.activate
def test_an_outage_is_waited_out_for_a_moment(tmp_path: Path) -> None:
    responses.get(URL, status=503)
    responses.get(URL, body=requests.ConnectionError())
    give([{"id": 1}], None)
    time = Time()
    assert lines(get(export(), tmp_path, time)) == [{"id": 1}]
    assert time.slept == [1, 2]


@responses.activate
def test_an_outage_that_goes_on_is_left_for_later(tmp_path: Path) -> None:
    responses.get(URL, status=500)
    time = Time()
    got = get(export(), tmp_path, time)
    assert got == RetryLater(time.now + timedelta(minutes=5), "the platform answered 500")
    assert time.slept == [1, 2, 4]


@responses.activate
def test_a_limit_says_how_long_to_wait(tmp_path: Path) -> None:
    responses.get(URL, status=429, headers={"Retry-After": "7"})
    give([{"id": 1}], None)
    time = Time()
    assert lines(get(export(), tmp_path, time)) == [{"id": 1}]
    assert time.slept == [7]


@pytest.mark.parametrize("told", ["3600", "Wed, 25 Nov 2026 10:00:00 GMT", "Wed, 25 Nov 2026 10:00:00 -0000"])
@responses.activate
def test_a_long_limit_keeps_what_is_there_and_the_next_fetch_goes_on(tmp_path: Path, told: str) -> None:
    give([{"id": 1}], "a")
    responses.get(
        URL,
        status=429,
        headers={"Retry-After": told},
        match=[matchers.query_param_matcher({"limit": "2", "cursor": "a"})],
    )
    time = Time()
    got = get(export(), tmp_path, time)
    assert got == RetryLater(START + timedelta(hours=1), "the platform answered 429", pages=1, records=1)
    assert time.slept == []
    responses.reset()
    give([{"id": 2}], None, cursor="a")
    done = get(export(), tmp_path, time)
    assert lines(done) == [{"id": 1}, {"id": 2}]
    assert isinstance(done, Fetched)
    assert done.notes == ("went on after 1 page fetched before",)


@responses.activate
def test_a_limit_in_words_of_its_own_is_an_outage(tmp_path: Path) -> None:
    responses.get(URL, status=429, headers={"Retry-After": "soon"})
    got = get(export(), tmp_path)
    assert isinstance(got, RetryLater)
    assert got.reason == "the platform answered 429"


def after_one_page(folder: Path, one: Export | None = None) -> None:
    with responses.RequestsMock() as mock:
        mock.get(URL, json=page([{"id": 1}], "a"))
        mock.get(URL, status=404)
        assert isinstance(get(one or export(), folder), Rejected)


@responses.activate
def test_a_torn_page_is_cut_off_and_a_torn_journal_line_too(tmp_path: Path) -> None:
    after_one_page(tmp_path)
    with (tmp_path / "platform.part").open("ab") as part:
        part.write(b'{"id": 2}\n{"id"')
    with (tmp_path / "platform.journal").open("ab") as journal:
        journal.write(b'{"pages": 2, "rec')
    give([{"id": 2}], None, cursor="a")
    assert lines(get(export(), tmp_path)) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ("damage", "the part fetched before is damaged, so it begins anew"),
        ("shorten", "the part fetched before is damaged, so it begins anew"),
        ("other", "connector.yaml describes another export than the one begun, so it begins anew"),
        ("restart", "what was there is thrown away, as asked"),
    ],
)
@responses.activate
def test_a_part_that_cannot_be_continued_is_thrown_away_and_told(tmp_path: Path, change: str, note: str) -> None:
    after_one_page(tmp_path, export("sheet: other") if change == "other" else None)
    part = tmp_path / "platform.part"
    if change == "damage":
        part.write_bytes(b'{"id": 9}\n')
    if change == "shorten":
        part.write_bytes(b'{"id"')
    give([{"id": 7}], None)
    got = get(export(), tmp_path, restart=change == "restart")
    assert lines(got) == [{"id": 7}]
    assert isinstance(got, Fetched)
    assert got.notes == (note,)


@responses.activate
def test_an_export_that_was_whole_but_not_named_yet_is_not_fetched_again(tmp_path: Path) -> None:
    after_one_page(tmp_path)
    journal = tmp_path / "platform.journal"
    last = json.loads(journal.read_text().splitlines()[-1])
    journal.write_text(
        "".join(f"{line}\n" for line in [*journal.read_text().splitlines()[:1], json.dumps({**last, "cursor": None})])
    )
    assert lines(get(export(), tmp_path)) == [{"id": 1}]
    assert len(responses.calls) == 0


@responses.activate
def test_two_fetches_of_one_export_do_not_meet(tmp_path: Path) -> None:
    import fcntl  # noqa: PLC0415  # only here

    (tmp_path / "platform.journal").touch()
    with (tmp_path / "platform.journal").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        got = get(export(), tmp_path)
    assert got == RetryLater(START + timedelta(minutes=5), "another process is fetching platform")

"""What `exports:` may say, and what is said of the rest, with its line."""

import pytest
from export_kit import declared, export

from connector.export import Export, missing_variables
from connector.export.declare import Auth, Paging


def test_everything_that_can_be_declared() -> None:
    found, faults = declared(
        """\
exports:
  platform:
    url: https://platform.example.com/api/v1/clients?kind=all
    format: json
    sheet: clients
    records: data.items
    paging: {cursor_param: cursor, next: meta.next_cursor, size_param: limit, size: 500}
    auth: {api_key_from: PLATFORM_KEY, token_url: 'https://login.example.com/token', key_header: X-Key, token: a.b}
    allow_http: false
    allow_private: true
    time_out_seconds: 60
    largest_mb: 50
    most_pages: 9
  bundles-2:
    url: https://platform.example.com/bundles.csv
    format: csv
    auth: {bearer_from: PLATFORM_TOKEN}
"""
    )
    assert faults == []
    assert found == {
        "platform": Export(
            name="platform",
            url="https://platform.example.com/api/v1/clients?kind=all",
            format="json",
            sheet="clients",
            records=("data", "items"),
            paging=Paging(("meta", "next_cursor"), "cursor", "limit", 500),
            auth=Auth("PLATFORM_KEY", "https://login.example.com/token", "X-Key", ("a", "b")),
            allow_private=True,
            time_out_seconds=60,
            largest_mb=50,
            most_pages=9,
        ),
        "bundles-2": Export(
            "bundles-2", "https://platform.example.com/bundles.csv", "csv", auth=Auth("PLATFORM_TOKEN")
        ),
    }


GOOD = "    url: https://a.example/x\n    format: json\n"
FAULTS: list[tuple[str, str]] = [
    ("  Platform:\n" + GOOD, "connector.yaml:3:5: 'Platform' is no name of an export"),
    ("  p:\n    url: https://a.example\n", "connector.yaml:3:5: export p does not say 'format'"),
    ("  p:\n" + GOOD + "    pagin: x\n", "connector.yaml:5:5: export p has no key 'pagin'"),
    ("  p:\n    url: https://a.example\n    format: xml\n", "connector.yaml:4:13: format cannot be 'xml'"),
    ("  p:\n    url: http://a.example/x\n    format: json\n", "connector.yaml:3:10: url must begin with https://"),
    (
        "  p:\n    url: ftp://a.example/x\n    format: json\n",
        "connector.yaml:3:10: url is no address that can be asked",
    ),
    (
        "  p:\n    url: https://a.example:x/\n    format: json\n",
        "connector.yaml:3:10: url is no address that can be asked",
    ),
    (
        "  p:\n    url: https://u:p@a.example/\n    format: json\n",
        "connector.yaml:3:10: url may hold no user, password or #",
    ),
    (
        "  p:\n    url: https://bücher.example/\n    format: json\n",
        "connector.yaml:3:10: url is no address that can be asked",
    ),
    ("  p:\n" + GOOD + "    allow_http: yes\n", "connector.yaml:5:17: allow_http is neither true nor false"),
    ("  p:\n" + GOOD + "    largest_mb: 0\n", "connector.yaml:5:17: largest_mb must lie between 1 and 10000"),
    ("  p:\n" + GOOD + "    records: a..b\n", "connector.yaml:5:14: records is no path of keys"),
    ("  p:\n" + GOOD + "    paging: {next: a}\n", "connector.yaml:5:13: paging needs one way to the next page"),
    (
        "  p:\n" + GOOD + "    paging: {next_link: a, next: b, cursor_param: c}\n",
        "connector.yaml:5:25: paging needs one way to the next page",
    ),
    (
        "  p:\n" + GOOD + "    paging: {next_link: a, size: 5}\n",
        "connector.yaml:5:34: size and size_param need one another",
    ),
    (
        "  p:\n" + GOOD + "    paging: {next: a, cursor_param: 'a b'}\n",
        "connector.yaml:5:37: cursor_param is not a name of the form needed",
    ),
    ("  p:\n" + GOOD + "    auth: {}\n", "connector.yaml:5:11: auth needs one of bearer_from and api_key_from"),
    (
        "  p:\n" + GOOD + "    auth: {bearer_from: A, api_key_from: B}\n",
        "connector.yaml:5:11: auth needs one of bearer_from and api_key_from",
    ),
    (
        "  p:\n" + GOOD + "    auth: {bearer_from: a-secret!}\n",
        "connector.yaml:5:25: bearer_from is not a name of the form needed",
    ),
    ("  p:\n" + GOOD + "    auth: {bearer_from: A, token: b}\n", "connector.yaml:5:35: token belongs to api_key_from"),
    ("  p:\n" + GOOD + "    auth: {api_key_from: A}\n", "connector.yaml:5:11: auth does not say 'token_url'"),
    (
        "  p:\n    url: https://a.example/x\n    format: csv\n    paging: {next_link: a}\n",
        "connector.yaml:5:13: paging is for format: json; this export is csv",
    ),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_what_cannot_be_declared_is_told_with_its_place(text: str, fault: str) -> None:
    _, faults = declared("exports:\n" + text)
    assert faults[0].startswith(f"{fault} [yaml-")


def test_a_near_key_is_asked_about() -> None:
    _, faults = declared("exports:\n  p:\n" + GOOD + "    pagin: x\n")
    assert faults == ["connector.yaml:5:5: export p has no key 'pagin' [yaml-unknown-key] Did you mean 'paging'?"]


def test_which_variables_are_missing() -> None:
    one = export("auth: {bearer_from: PLATFORM_TOKEN}")
    assert missing_variables(one, {}) == ("PLATFORM_TOKEN",)
    assert missing_variables(one, {"PLATFORM_TOKEN": "x"}) == missing_variables(export(), {}) == ()


def test_what_names_another_content_has_another_digest() -> None:
    assert export("largest_mb: 5").digest == export("auth: {bearer_from: A}").digest == export().digest
    assert export("records: a").digest != export().digest

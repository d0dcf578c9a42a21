"""The rules as a page: the tables of the command line, the files with faults at their lines, the tests beside them."""

from http import HTTPStatus

from django.utils.html import escape
from web_kit import person, rows_of, signed_in
from world import World

from connector.printed import text_of
from connector.rulebook import examine
from connector.rulebook.views import tables_of
from connector.web.site import Site


def test_the_tables_are_those_of_the_command_line(world: World, site: Site) -> None:
    assert world.folder.exists()
    page = signed_in(person("Ada", "accountant")).get("/rules/")
    declared = examine(site.config().rules).declared
    assert declared is not None
    tables = tables_of(declared)
    wanted = [[text_of(value) for value in row] for table in tables for row in (table.columns, *table.rows)]
    assert list(rows_of(page)) == [[escape(text) for text in row] for row in wanted]
    text = page.content.decode()
    assert "No faults." in text
    assert "none failed" in text


def test_a_day_shows_what_is_valid_then(world: World, site: Site) -> None:
    assert world.folder == site.folder or site.folder.exists()
    ada = signed_in(person("Ada", "viewer"))
    then = ada.get("/rules/", {"on": "2025-06-20"}).content.decode()
    assert "USD 6,300.00" not in then  # of 2026
    assert "USD 6,000.00" in then
    assert ada.get("/rules/", {"on": "soon"}).status_code == HTTPStatus.CONFLICT


def test_a_fault_stands_at_its_line_and_nothing_else_is_shown(world: World, site: Site) -> None:
    assert world.folder.exists()
    path = site.config().rules / "billing.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(place for place, line in enumerate(lines) if "metric: full-spoke" in line)
    lines[at] = lines[at].replace("metric:", "metrik:")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ada = signed_in(person("Ada", "viewer"))
    page = ada.get("/rules/").content.decode()
    assert "nothing is billed until" in page
    assert f"rules/billing.yaml:{at + 1}:" in page
    assert "<h2>Prices" not in page
    rows = list(rows_of(ada.get("/rules/files/billing.yaml/")))
    assert len(rows) == len(lines) + 1
    assert rows[at + 1][0] == str(at + 1)
    assert "did you mean metric" in rows[at + 1][1].replace("&#x27;", "").lower() or "metrik" in rows[at + 1][1]
    assert "error:" in rows[at + 1][1]


def test_only_files_of_the_rules_are_shown(world: World, site: Site) -> None:
    assert world.folder.exists()
    (site.folder / "rules" / "notes.txt").write_text("no rule", encoding="utf-8")
    ada = signed_in(person("Ada", "admin"))
    for name in ("notes.txt", "../connector.yaml", "..%2fconnector.yaml", "%2e%2e/connector.yaml", "/etc/passwd"):
        assert ada.get(f"/rules/files/{name}/").status_code == HTTPStatus.NOT_FOUND, name
    assert ada.get("/rules/files/tiers/linkedin.yaml/").status_code in (HTTPStatus.OK, HTTPStatus.NOT_FOUND)

"""A mapping proposed for an unknown layout: whole and loadable where everything is found, with questions where not."""

import shutil
from pathlib import Path

import pytest
from intake_kit import CLIENT, CLIENT_HEADER, ROOT, codes, shipped, write_csv, write_xlsx

from connector.intake import Mappings, Suggestion, load_mappings, read_sources, suggest_mapping
from connector.intake.fingerprints import fingerprint

NEAR = (
    "Client Nr",
    "Partner Nr",
    "Name of client",
    "Web-site URL",
    "Plan of client",
    "Created (date)",
    "Size?",
    "Stat.",
)
FAR = ("Kunden-Nr", "Partner-Nr", "Firma", "Webseite", "Tarif", "Angelegt am", "Mitarbeiter", "Zustand", "Farbe")
FAR_ROWS = [
    ("K-001", "P-1", "Nordwind GmbH", "nordwind.de", "Voll", "25.03.2025", "11-50", "Active", "rot"),
    ("K-002", "P-1", "Alt & Co", "www.alt.de", "Basis", "01.04.2025", "2-10", "Active", "blau"),
    ("K-003", "P-2", "Ost AG", "ost.de", "Voll", "02.04.2025", "klein", "Ruht", "rot"),
    ("K-004", "P-2", "West Handels KG", "west.de", "Full", "03.04.2025", "51-200", "Active", "rot"),
]


def fields(made: Suggestion) -> dict[str, str]:
    return {column.title: column.field for guess in made.sheets for column in guess.columns}


def with_saved(folder: Path, made: Suggestion) -> Mappings:
    """The shipped mapping and the saved one."""
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "mappings" / "workbook.yaml", folder)
    (folder / f"{made.name}.yaml").write_text(made.text, "utf-8")
    mappings, problems = load_mappings(folder)
    assert mappings is not None, problems
    return mappings


def rows_of(count: int) -> list[tuple[str, ...]]:
    names = ("Acme Ltd", "Birch Co", "Cedar Inc", "Dogwood Group", "Elm Partners")
    return [
        (f"C-{at}", f"P-{at % 2}", names[at], f"c{at}.example.com", "Full", f"2025-03-0{at + 1}", "50", "Active")
        for at in range(count)
    ]


def test_a_complete_proposal_loads_and_is_chosen_by_its_fingerprint_from_then_on(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "Spring Export.csv", [NEAR, *rows_of(5)])
    assert read_sources([path], shipped()).clients.is_empty()
    made = suggest_mapping(path, shipped())
    assert (made.name, made.open, made.problems) == ("spring-export", (), ())
    assert list(fields(made).values()) == [
        *("client_ref", "partner_id", "name", "domain", "plan", "created_on", "employees", "status"),
    ]
    mappings = with_saved(tmp_path / "mappings", made)
    got = read_sources([path], mappings)
    assert (got.problems, got.clients.height, got.sources[0].mappings) == ((), 5, ("spring-export",))
    turned = write_csv(tmp_path / "turned.csv", [NEAR[::-1], *(row[::-1] for row in rows_of(5))])
    assert read_sources([turned], mappings).sources[0].mappings == ("spring-export",)
    assert mappings.general.name == "workbook"


def test_a_fingerprint_wins_without_rivalry_and_other_sheets_stay_with_the_general_mapping(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "c.csv", [(*CLIENT_HEADER, "Colour"), (*CLIENT, "red")])
    made = suggest_mapping(path, shipped(), name="coloured")
    mappings = with_saved(tmp_path / "mappings", made)
    assert read_sources([path], mappings).sources[0].mappings == ("coloured",)
    other = write_csv(tmp_path / "d.csv", [(*CLIENT_HEADER, "Shape"), (*CLIENT, "round")])
    got = read_sources([other], mappings)
    assert (got.sources[0].mappings, codes(got.problems)) == (("workbook",), [("1", "sheet-unmapped-columns")])


def test_a_fingerprint_does_not_depend_on_order_case_or_punctuation() -> None:
    assert fingerprint(["Client ID", "Plan"]) == fingerprint(["PLAN:", "client_id", "--"])
    assert fingerprint(["Client ID", "Plan"]) != fingerprint(["Client ID", "Plan", "Colour"])


def test_an_unknown_language_is_read_by_the_evidence_of_its_values(tmp_path: Path) -> None:
    rows = [("Kundenliste", *[""] * 8), ("",) * 9, FAR, *FAR_ROWS]
    made = suggest_mapping(write_csv(tmp_path / "k.csv", rows), shipped())
    assert fields(made) == {
        "Kunden-Nr": "client_ref",
        "Partner-Nr": "partner_id",
        "Firma": "name",
        "Webseite": "domain",
        "Tarif": "",
        "Angelegt am": "created_on",
        "Mitarbeiter": "employees",
        "Zustand": "status",
        "Farbe": "",
    }
    (guess,) = made.sheets
    assert (guess.kind, guess.header.first, guess.missing) == ("clients", 3, (("plan", "template"),))
    assert guess.header.score > max(one.score for one in guess.rejected)
    assert "date_order: {created_on: day_first}" in made.text
    asked = [line.strip() for line in made.text.splitlines() if line.lstrip().startswith("#")]
    assert '# "active": ["Ruht"]  # or archived' in asked
    assert '#   "11-50": ["klein"]  # or another' in asked
    assert (
        "# Question: no column seems to be the plan or template. Name its header above, perhaps Tarif or Farbe, "
        "or take the # away here:"
    ) in asked
    assert [problem.code for problem in made.open] == ["mapping-no-column"]


def test_the_answers_make_it_a_mapping(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "k.csv", [FAR, *FAR_ROWS])
    made = suggest_mapping(path, shipped())
    answered = (
        made.text.replace("      # not read: Tarif", '      plan: ["Tarif"]\n      # ')
        .replace('        # "active": ["Ruht"]', '        "archived": ["Ruht"]')
        .replace("      # employees:", "      employees:")
        .replace('      #   "11-50": ["klein"]', '        "11-50": ["klein"]')
        .replace("    values:\n", "    values:\n      plan: {full_spoke: [Voll, Full], assessment_only: [Basis]}\n")
    )
    mappings = with_saved(tmp_path / "mappings", Suggestion("k", answered, (), (), (), ()))
    got = read_sources([path], mappings)
    assert codes(got.problems) == [("1", "sheet-unmapped-columns")]
    assert got.clients.select("plan", "status", "band_low").rows() == [
        ("full_spoke", "active", 11),
        ("assessment_only", "active", 2),
        ("full_spoke", "archived", 11),
        ("full_spoke", "active", 51),
    ]


def test_a_date_order_is_asked_for_where_every_day_is_at_most_twelve(tmp_path: Path) -> None:
    rows = [(*row[:5], f"0{at + 1}/02/2025", *row[6:]) for at, row in enumerate(rows_of(3))]
    text = suggest_mapping(write_csv(tmp_path / "c.csv", [NEAR, *rows]), shipped()).text
    assert "# Question: what comes first in created_on (Created (date): 01/02/2025, 02/02/2025, 03/02/2025)?" in text
    assert "# date_order: day_first   # or month_first" in text


EVIL = 'Plan"\\ of: client # [x]\u2028\u0085\x1b\nmapping: evil'


def test_texts_of_the_file_cannot_write_lines_of_the_mapping(tmp_path: Path) -> None:
    header = (*NEAR[:4], f'"{EVIL.replace(chr(34), chr(34) * 2)}"', *NEAR[5:], '"Extra\nrecords: {}"')
    rows = [(*row, '"x\ny: z"') for row in rows_of(3)]
    made = suggest_mapping(write_csv(tmp_path / "e.csv", [header, *rows]), shipped())
    assert made.open == ()
    assert made.text.count("\nmapping:") == 1
    assert [title for title, field in fields(made).items() if field == "plan"] == [EVIL]
    got = read_sources([tmp_path / "e.csv"], with_saved(tmp_path / "mappings", made))
    assert got.clients.height == 3


def test_several_sheets_in_one_proposal_known_ones_left_out(tmp_path: Path) -> None:
    sheets = {
        "Clients": [CLIENT_HEADER, CLIENT],
        "Spokes": [NEAR, *rows_of(4)],
        "Bought": [("Hub Nr", "Order ref.", "Bought", "Number of"), ("P-1", "B-1", "2025-03-01", "2")],
        "Read me": [("How", "to")],
    }
    path = write_xlsx(tmp_path / "all.xlsx", sheets)
    made = suggest_mapping(path, shipped())
    assert [(guess.sheet, guess.kind) for guess in made.sheets] == [("Spokes", "clients"), ("Bought", "bundles")]
    assert made.left_out == ("Clients", "Read me")
    alone = suggest_mapping(path, shipped(), sheet="clients")
    assert [guess.sheet for guess in alone.sheets] == ["Clients"]
    assert alone.open == ()


@pytest.mark.parametrize("text", ["", "one\ntwo\n", "\x00\x00"])
def test_nothing_to_propose(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(text, "utf-8")
    made = suggest_mapping(path, shipped())
    assert (made.text, made.sheets) == ("", ())


def test_a_stacked_header_is_proposed_as_it_is_read(tmp_path: Path) -> None:
    top = ("Kunde", "", "Haus", "", "Plan", "Erstellt", "", "Status")
    under = ("Nr", "Name", "Nr", "Seite", "", "am", "Personen", "")
    rows = [(row[0], row[2], row[1], row[3], *row[4:]) for row in rows_of(4)]
    path = write_csv(tmp_path / "s.csv", [top, under, *rows])
    made = suggest_mapping(path, shipped())
    assert made.sheets[0].header.last == 2, made.text
    assert made.open == ()
    got = read_sources([path], with_saved(tmp_path / "mappings", made))
    assert (got.clients.height, got.sources[0].mappings) == (4, ("s",))

"""Clients by what is looked for, a page at a time, on each database."""

import pytest
from ledger_rows import fill, frame

from connector.ledger import Looked, Place, append, clients_like, put, transaction


@pytest.fixture
def people(ledger: Place) -> Place:
    """Four clients of two partners; CL-1, the first, was said something of again last, under the other partner."""
    fill()
    versions = [("CL-2", 1, "P-1"), ("CL-3", 1, "P-2"), ("CL_4", 1, "P-1"), ("CL-1", 2, "P-2")]
    with transaction():
        append("client", frame("client", *({"client_id": f"CL{one}"} for one in ("-2", "-3", "_4"))))
        rows = [{"client_id": one, "sequence": number, "partner_id": owner} for one, number, owner in versions]
        append("client_version", frame("client_version", *rows))
        names = {"CL-1": "Elm 100%", "CL-2": "ELM 1000", "CL-3": "Élan", "CL_4": "Oak!"}
        told = [
            {"owner_type": "client", "owner_id": one, "field": "name", "value": name} for one, name in names.items()
        ]
        put("personal", frame("personal", *told))
    return ledger


@pytest.mark.parametrize(
    ("looked", "found"),
    [
        (Looked(), ["CL-1", "CL_4", "CL-3", "CL-2"]),
        (Looked("P-1"), ["CL_4", "CL-2"]),
        (Looked("P-2"), ["CL-1", "CL-3"]),
        (Looked("P-9"), []),
        (Looked(text="elm"), ["CL-1", "CL-2"]),
        (Looked("P-1", "Elm"), ["CL-2"]),
        (Looked(text="100%"), ["CL-1"]),
        (Looked(text="l_4"), ["CL_4"]),
        (Looked(text="oak!"), ["CL_4"]),
        (Looked(text="p-2"), ["CL-1", "CL-3"]),
        (Looked(text="' OR 1=1 --"), []),
        (Looked(text="no such", also=["CL-3"]), ["CL-3"]),
        (Looked("P-1", "no such", ["CL-3"]), []),
    ],
)
def test_clients_are_found_by_what_their_latest_version_and_name_hold(
    people: Place, looked: Looked, found: list[str]
) -> None:
    assert people.exists()
    assert clients_like(looked) == (found, len(found))
    assert clients_like(looked, 1, 1) == (found[1:2], len(found))
    assert clients_like(looked, 9, 1) == ([], len(found))


def test_letters_beyond_ascii_fit_any_text_and_leave_out_nobody(people: Place) -> None:
    assert people.exists()
    assert set(clients_like(Looked(text="élan"))[0]) >= {"CL-3"}
    assert clients_like(Looked(text="éxx"))[0] == []

import pytest
from sandbox_client import BULK, Client, invoice, messages

TAKEN = (
    "The contact name north clinics is already assigned to another contact."
    " The contact name must be unique across all active contacts."
)


def names(client: Client, **params: str) -> list[str]:
    return sorted(one["Name"] for one in client.get("Contacts", params=params).json()["Contacts"])


def test_put_creates_and_refuses_a_taken_name_or_number(us: Client) -> None:
    body = {
        "Contacts": [
            {"Name": "Nórth Clinics", "ContactNumber": "P-1"},
            {"Name": "north clinics"},
            {"Name": "B", "ContactNumber": "P-1"},
        ]
    }
    made = us.put("Contacts", body, params=BULK).json()["Contacts"]
    assert [one["StatusAttributeString"] for one in made] == ["OK", "ERROR", "ERROR"]
    assert messages(made[1]) == [TAKEN]
    assert messages(made[2])[0].startswith("The contact number P-1 is already assigned")
    assert us.put("Contacts", {"Contacts": [{"ContactNumber": "P-3"}]}).json()["Elements"][0]["ValidationErrors"] == [
        {"Message": "The contact name cannot be empty."}
    ]


@pytest.mark.parametrize("way", ["ContactID", "ContactNumber", "Name"])
def test_post_updates_the_contact_it_means(us: Client, way: str) -> None:
    key = us.contact("North", ContactNumber="P-1")
    asked = {"EmailAddress": "a@example.com", way: {"ContactID": key, "ContactNumber": "P-1", "Name": "NORTH"}[way]}
    after = us.post("Contacts", {"Contacts": [asked]}).json()["Contacts"][0]
    assert (after["ContactID"], after["ContactNumber"], after["EmailAddress"]) == (key, "P-1", "a@example.com")
    created = us.post("Contacts", {"Contacts": [{"Name": "South"}]}).json()["Contacts"][0]
    assert created["ContactID"] != key


def test_contacts_are_found_in_every_way(us: Client) -> None:
    key = us.contact('Nórth "A"', ContactNumber="P-1", EmailAddress="x@example.com")
    us.contact("South", ContactNumber="P-2")
    for params in (
        {"IDs": key},
        {"where": 'ContactNumber=="P-1"'},
        {"where": 'Name="north \\"a\\""'},
        {"where": 'Name=="NORTH \\"A\\"" AND ContactStatus=="ACTIVE"'},
        {"where": f'ContactID==guid("{key}")'},
        {"searchTerm": "nort"},
        {"searchTerm": "x@EXAMPLE"},
        {"page": "1", "pageSize": "1", "order": "Name ASC"},
    ):
        assert names(us, **params) == ['Nórth "A"'], params
    for path in (f"Contacts/{key}", "Contacts/P-1"):
        assert us.get(path).json()["Contacts"][0]["ContactID"] == key
    assert us.get("Contacts/P-9").status_code == 404


def test_an_archived_contact_is_hidden_frees_its_name_and_takes_no_document(us: Client) -> None:
    key = us.contact("North")
    us.post("Contacts", {"Contacts": [{"ContactID": key, "ContactStatus": "ARCHIVED"}]})
    assert names(us) == []
    assert names(us, includeArchived="true") == ["North"]
    made = us.put("Invoices", {"Invoices": [invoice(key)]}, params=BULK).json()["Invoices"][0]
    assert messages(made) == ["The contact North is archived and cannot be used"]
    assert us.contact("North") != key


def test_a_document_may_name_its_contact_by_number_or_exact_name(us: Client) -> None:
    key = us.contact("North", ContactNumber="P-1")
    asked = [
        invoice("", Contact=party)
        for party in ({"ContactNumber": "P-1"}, {"Name": "north"}, {"Name": "Nort"}, {"ContactNumber": "P-9"})
    ]
    made = us.put("Invoices", {"Invoices": asked}, params=BULK).json()["Invoices"]
    assert [one["Contact"].get("ContactID") == key for one in made] == [True, True, False, False]
    assert messages(made[3]) == ["The contact with the specified contact details could not be found"]
    assert names(us) == ["Nort", "North"]


def test_tenants_do_not_see_each_other(us: Client, uk: Client) -> None:
    key = us.contact("North")
    assert names(uk) == []
    assert uk.get(f"Contacts/{key}").status_code == 404
    assert uk.contact("North") != key


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"ContactID": "33333333-3333-4333-8333-333333333333"},
            "The contact 33333333-3333-4333-8333-333333333333 could not be found",
        ),
        ({"Name": "x" * 256}, "Name cannot be longer than 255 characters"),
        ({"ContactNumber": "x" * 51}, "ContactNumber cannot be longer than 50 characters"),
        ({"ContactStatus": "ARCHIVED"}, "ContactStatus cannot be ARCHIVED"),
        ({"EmailAddress": "nobody"}, "Email address must be valid."),
    ],
)
def test_faulty_contacts(us: Client, change: dict[str, str], expected: str) -> None:
    body = {"Contacts": [{"Name": "North", **change}]}
    reply = us.post("Contacts", body, params=BULK, judged=False, judged_reply=False)
    assert messages(reply.json()["Contacts"][0]) == [expected]


def test_an_id_cannot_be_chosen_and_a_new_party_must_be_sound(us: Client) -> None:
    body = {"Contacts": [{"Name": "North", "ContactID": "33333333-3333-4333-8333-333333333333"}]}
    made = us.put("Contacts", body, params=BULK).json()["Contacts"][0]
    assert messages(made) == ["ContactID cannot be chosen when a contact is created"]
    asked = {"Invoices": [invoice("", Contact={"Name": "North", "EmailAddress": "nobody"})]}
    assert messages(us.put("Invoices", asked, params=BULK).json()["Invoices"][0]) == ["Email address must be valid."]

"""What an intruder sends to become somebody, or to leave a room: forms with more in them, old sessions, addresses."""

from http import HTTPStatus

import pytest
from django.test import Client
from web_kit import PASSWORD, person, signed_in

from connector.web import invitations
from connector.web.models import Person
from connector.web.site import Site


def admin() -> Client:
    """Somebody who may do everything, signed in."""
    return signed_in(person("the attacked", "admin"))


def test_a_form_gives_nobody_more_than_the_link_says(site: Site) -> None:
    assert site.folder.exists()
    key = invitations.invite(invitations.Wanted(invitations.Role.VIEWER), "Ada")
    more = {"role": "admin", "partner_id": "P-1", "is_active": "", "is_superuser": "1", "id": "1", "pk": "1"}
    given = {"key": key, "name": "Eve", "password": PASSWORD, "again": PASSWORD, **more}
    assert Client().post("/join/", given).status_code == HTTPStatus.FOUND
    eve = Person.objects.get(name="Eve")
    assert (eve.role, eve.partner_id, eve.is_active) == ("viewer", "", True)


def test_a_form_changes_of_a_person_what_it_shows_and_nothing_else(site: Site) -> None:
    assert site.folder.exists()
    bob = person("Bob", "viewer")
    more = {"name": "Ada", "password": "x", "made_at": "2000-01-01", "id": "99"}
    admin().post(f"/people/{bob.pk}/", {"role": "uploader", "active": "yes", **more})
    now = Person.objects.get(pk=bob.pk)
    assert (now.name, now.role, now.password, now.made_at) == ("Bob", "uploader", bob.password, bob.made_at)


def test_a_session_ends_at_the_server_when_one_signs_out(site: Site) -> None:
    assert site.folder.exists()
    client = admin()
    stolen = Client()
    stolen.cookies = client.cookies.copy()
    assert stolen.get("/runs/").status_code == HTTPStatus.OK
    client.post("/sign-out/")
    assert stolen.get("/runs/").status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "\x00//evil.example",
    ],
)
def test_nobody_is_led_away_after_signing_in(site: Site, there: str) -> None:
    assert site.folder.exists()
    if not Person.objects.filter(name="Led").exists():
        person("Led", "viewer")
    answer = Client().post("/sign-in/", {"username": "Led", "password": PASSWORD, "next": there})
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../connector.yaml",
        "/static/web/../../../connector.yaml",
        "/static/web/..%2f..%2f..%2fconnector.yaml",
        "/static/%2e%2e/%2e%2e/connector.yaml",
        "/static//etc/passwd",
        "/page.sqlite3",
        "/page.secret",
        "/connector.yaml",
        "/uploads/../page.secret",
    ],
)
def test_no_address_leaves_its_room(site: Site, path: str) -> None:
    assert (site.folder / "connector.yaml").is_file()
    assert admin().get(path).status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.MOVED_PERMANENTLY)

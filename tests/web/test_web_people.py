"""People: the first admin, invitations, signing in, and what is refused."""

import re
import sqlite3
from http import HTTPStatus

import pytest
from django.test import Client
from web_kit import PASSWORD, person, rows_of, signed_in, token

from connector.web import invitations
from connector.web.models import Deed, Person
from connector.web.peoplefile import FILE
from connector.web.rights import Role
from connector.web.site import Site

JOIN = {"name": "Ada", "password": PASSWORD, "again": PASSWORD}


def joined(client: Client, key: str, **changed: str) -> object:
    """What a browser gets that sends the form of an invitation."""
    return client.post("/join/", {"key": key, **JOIN, **changed})


def test_the_first_admin_joins_by_a_link_that_works_once(site: Site) -> None:
    assert site.folder.exists()
    key = invitations.first_admin()
    client = Client()
    assert client.get(f"/join/?key={key}").status_code == HTTPStatus.OK
    answer = client.post("/join/", {"key": key, **JOIN}, follow=True)
    assert answer.redirect_chain[-1] == ("/overview/", 302)
    assert [(one.name, one.role) for one in Person.objects.all()] == [("Ada", "admin")]
    assert Client().get(f"/join/?key={key}").status_code == HTTPStatus.GONE
    assert joined(Client(), key, name="Eve").status_code == HTTPStatus.GONE  # type: ignore[attr-defined]
    assert invitations.first_admin() == ""


def test_a_later_start_ends_the_links_of_the_earlier_one(site: Site) -> None:
    assert site.folder.exists()
    first, second = invitations.first_admin(), invitations.first_admin()
    assert Client().get(f"/join/?key={first}").status_code == HTTPStatus.GONE
    assert Client().get(f"/join/?key={second}").status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"again": "another long secret"}, "The two passwords are not the same."),
        ({"password": "short", "again": "short"}, "This password is too short."),
        ({"password": "password1234", "again": "password1234"}, "This password is too common."),
        ({"password": "123456789012345", "again": "123456789012345"}, "This password is entirely numeric."),
        ({"name": "  "}, "A name has 1 to 100 letters that can be printed."),
        ({"name": "a\u0007b"}, "A name has 1 to 100 letters that can be printed."),
        ({"name": "BOB"}, "This name is taken"),
    ],
)
def test_what_is_wrong_with_a_name_or_password_is_told_and_the_link_stays(
    site: Site, changed: dict[str, str], told: str
) -> None:
    assert site.folder.exists()
    person("Bob", "viewer")
    key = invitations.first_admin()
    answer = joined(Client(), key, **changed)
    assert answer.status_code == HTTPStatus.BAD_REQUEST  # type: ignore[attr-defined]
    assert told in answer.content.decode()  # type: ignore[attr-defined]
    assert joined(Client(), key).status_code == HTTPStatus.FOUND  # type: ignore[attr-defined]


def test_an_admin_invites_and_the_link_is_shown_once(site: Site) -> None:
    assert site.folder.exists()
    client = signed_in(person("Ada", "admin"))
    answer = client.post("/people/", {"role": "approver"})
    link = re.search(r'id="link">([^<]+)<', answer.content.decode())
    assert link is not None
    key = link[1].split("key=")[1]
    assert key not in client.get("/people/").content.decode()
    assert joined(Client(), key, name="Bob").status_code == HTTPStatus.FOUND  # type: ignore[attr-defined]
    assert [row[:2] for row in rows_of(client.get("/people/")) if row[0] in ("Ada", "Bob")] == [
        ["Ada", "admin"],
        ["Bob", "approver"],
    ]


def test_an_advisor_needs_a_partner_that_is_known(site: Site) -> None:
    assert site.folder.exists()
    client = signed_in(person("Ada", "admin"))
    answer = client.post("/people/", {"role": "partner", "partner": "P-404"})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "There is no partner P-404." in answer.content.decode()
    assert client.post("/people/", {"role": "wizard"}).status_code == HTTPStatus.CONFLICT


def test_the_last_admin_stays(site: Site) -> None:
    assert site.folder.exists()
    ada = person("Ada", "admin")
    client = signed_in(ada)
    answer = client.post(f"/people/{ada.pk}/", {"role": "viewer", "active": "yes"})
    assert "Nobody would be admin any more." in answer.content.decode()
    bob = person("Bob", "viewer")
    assert client.post(f"/people/{bob.pk}/", {"role": "admin", "active": "yes"}).status_code == HTTPStatus.FOUND
    assert client.post(f"/people/{ada.pk}/", {"role": "viewer", "active": "yes"}).status_code == HTTPStatus.FOUND
    assert Person.objects.get(name="Ada").role == "viewer"


def test_wrong_passwords_lock_the_name_for_a_while(site: Site) -> None:
    assert site.folder.exists()
    person("Ada", "viewer")
    client = Client()
    for _ in range(5):
        answer = client.post("/sign-in/", {"username": "Ada", "password": "wrong"})
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "Too many wrong passwords" in answer.content.decode()
    right = client.post("/sign-in/", {"username": "Ada", "password": PASSWORD})
    assert right.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_signing_in_gives_a_new_session_and_leads_back(site: Site) -> None:
    assert site.folder.exists()
    person("Ada", "viewer")
    client = Client()
    client.cookies["connector_session"] = "given-by-somebody-else"
    answer = client.post("/sign-in/", {"username": "Ada", "password": PASSWORD, "next": "/runs/"})
    assert answer["Location"] == "/runs/"
    cookie = client.cookies["connector_session"]
    assert cookie.value != "given-by-somebody-else"
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    away = Client().post("/sign-in/", {"username": "Ada", "password": PASSWORD, "next": "https://evil.example/"})
    assert away["Location"] == "/"


def test_a_form_from_elsewhere_is_refused(site: Site) -> None:
    assert site.folder.exists()
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("Ada", "admin"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/people/", {"role": "viewer"}).status_code == HTTPStatus.FORBIDDEN
    page = client.get("/people/")
    given = {"role": "viewer", "csrfmiddlewaretoken": token(page)}
    assert client.post("/people/", given).status_code == HTTPStatus.OK
    crossed = client.post("/people/", given, headers={"origin": "https://evil.example"})
    assert crossed.status_code == HTTPStatus.FORBIDDEN


def test_every_answer_forbids_script_from_elsewhere_and_frames(site: Site) -> None:
    assert site.folder.exists()
    answer = Client().get("/sign-in/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_what_was_done_is_noted_and_the_database_keeps_it(site: Site) -> None:
    client = signed_in(person("Ada", "admin"))
    client.post("/people/", {"role": "viewer"})
    assert [(one.by, one.what, one.subject) for one in Deed.objects.all()] == [("Ada", "invited", "viewer")]
    rows = list(rows_of(client.get("/changes/?q=invited")))
    assert rows[1][1:4] == ["Ada", "invited", "viewer"]
    other = sqlite3.connect(site.folder / FILE)
    for statement in ("UPDATE web_deed SET by = 'Eve'", "DELETE FROM web_deed"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
    other.close()


def test_no_password_and_no_link_is_kept_as_it_is(site: Site) -> None:
    key = invitations.first_admin()
    joined(Client(), key)
    kept = (site.folder / FILE).read_bytes() + (site.folder / f"{FILE}-wal").read_bytes()
    assert PASSWORD.encode() not in kept
    assert key.encode() not in kept


def test_a_script_in_a_name_is_text(site: Site) -> None:
    assert site.folder.exists()
    client = signed_in(person("<script>alert(1)</script>", Role.ADMIN.value))
    page = client.get("/people/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_whoever_forgot_a_password_gets_a_link_and_old_sessions_end(site: Site) -> None:
    assert site.folder.exists()
    bob = person("Bob", "viewer")
    at_home = signed_in(bob)
    admin = signed_in(person("Ada", "admin"))
    first, second = (
        str(admin.post(f"/people/{bob.pk}/link/").content.decode().split('id="link">')[1].split("<")[0])
        for _ in range(2)
    )
    assert Client().get(first).status_code == HTTPStatus.GONE  # the later one ends it
    client, key = Client(), second.partition("key=")[2]
    assert "For <b>Bob</b>" in client.get(second).content.decode()
    weak = client.post("/join/", {"key": key, "password": "short", "again": "short"})
    assert "This password is too short." in weak.content.decode()
    new = "another long secret"
    given = {"key": key, "name": "Ada", "role": "admin", "password": new, "again": new}
    assert client.post("/join/", given).status_code == HTTPStatus.FOUND
    assert [(one.name, one.role) for one in Person.objects.order_by("id")] == [("Bob", "viewer"), ("Ada", "admin")]
    assert at_home.get("/runs/").status_code == HTTPStatus.FOUND
    assert Client().post("/sign-in/", {"username": "Bob", "password": PASSWORD}).status_code == HTTPStatus.OK
    assert Client().post("/sign-in/", {"username": "Bob", "password": new}).status_code == HTTPStatus.FOUND
    assert Client().get(second).status_code == HTTPStatus.GONE
    admin.post(f"/people/{bob.pk}/", {"role": "viewer"})
    assert admin.post(f"/people/{bob.pk}/link/").status_code == HTTPStatus.CONFLICT


def test_a_link_for_a_password_ends_when_its_person_is_switched_off(site: Site) -> None:
    assert site.folder.exists()
    bob = person("Bob", "viewer")
    key = invitations.renew(bob, "Ada")
    bob.is_active = False
    bob.save()
    refused = joined(Client(), key)
    assert "is switched off" in refused.content.decode()  # type: ignore[attr-defined]


def test_one_changes_ones_own_password(site: Site) -> None:
    assert site.folder.exists()
    ada = person("Ada", "viewer")
    here, elsewhere = signed_in(ada), signed_in(ada)
    assert Client().get("/password/")["Location"].startswith("/sign-in/")
    assert "Your password" in here.get("/password/").content.decode()
    new = "another long secret"
    for given, told in (
        ({"now": "wrong", "password": new, "again": new}, "That is not your password."),
        ({"now": PASSWORD, "password": new, "again": "other"}, "The two passwords are not the same."),
        ({"now": PASSWORD, "password": "short", "again": "short"}, "This password is too short."),
    ):
        refused = here.post("/password/", given)
        assert (refused.status_code, told in refused.content.decode()) == (HTTPStatus.BAD_REQUEST, True)
    assert here.post("/password/", {"now": PASSWORD, "password": new, "again": new})["Location"] == "/"
    assert here.get("/runs/").status_code == HTTPStatus.OK
    assert elsewhere.get("/runs/").status_code == HTTPStatus.FOUND
    assert [one.what for one in Deed.objects.all()] == ["chose a new password"]


def test_where_all_admins_are_locked_out_the_machine_makes_another(site: Site) -> None:
    assert site.folder.exists()
    person("Ada", "admin")
    key = invitations.another_admin()
    assert joined(Client(), key, name="Eve").status_code == HTTPStatus.FOUND  # type: ignore[attr-defined]
    assert Person.objects.get(name="Eve").role == "admin"

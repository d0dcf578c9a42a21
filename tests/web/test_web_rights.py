"""Every address and every role: who is let in, and who is not. Made from the table of addresses itself."""

from contextlib import closing
from http import HTTPStatus
from itertools import product

import pytest
from django.test import Client
from web_kit import person, signed_in
from world import World

from connector.web.pages import Page
from connector.web.rights import RIGHTS, Right, Role
from connector.web.urls import PAGES

PARTS = {
    "run_id": "R-0001",
    "number": "1",
    "name": "lines",
    "sheet": "0",
    "file": "0",
    "charge_id": "none",
    "client_id": "none",
    "partner_id": "P-1",
    "entity": "us",
}
ASKED = [(page, verb) for page in PAGES for verb in page.verbs]


def address(page: Page) -> str:
    """An address of this page."""
    text = page.route
    for name, value in PARTS.items():
        for kind in ("str", "int", "slug", "path"):
            text = text.replace(f"<{kind}:{name}>", value)
    assert "<" not in text, text
    return f"/{text}"


def asked(client: Client, page: Page, verb: str) -> int:
    """The status of an answer."""
    ask = client.get if verb == "GET" else client.post
    with closing(ask(address(page))) as answer:
        return int(answer.status_code)


@pytest.mark.parametrize(("page", "verb"), ASKED, ids=lambda one: getattr(one, "name", one))
def test_who_is_not_signed_in_is_sent_to_the_sign_in(billed: World, page: Page, verb: str) -> None:
    assert billed.folder.exists()
    answer = Client().get(address(page)) if verb == "GET" else Client().post(address(page))
    if page.right is None:
        assert answer.status_code in (HTTPStatus.OK, HTTPStatus.GONE, HTTPStatus.FOUND)
    else:
        assert answer.status_code == HTTPStatus.FOUND
        assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(("role", "asked_for"), list(product(Role, ASKED)), ids=lambda one: getattr(one, "value", None))
def test_every_role_reaches_what_it_may_and_nothing_else(
    billed: World, role: Role, asked_for: tuple[Page, str]
) -> None:
    assert billed.folder.exists()
    page, verb = asked_for
    if page.right is None:
        return  # whoever comes may ask; tested above
    status = asked(signed_in(_of(role)), page, verb)
    if page.right in RIGHTS[role]:
        assert status not in (HTTPStatus.FORBIDDEN, HTTPStatus.INTERNAL_SERVER_ERROR)
    else:
        assert status == HTTPStatus.FORBIDDEN


def _of(role: Role) -> object:
    from connector.web.models import Person  # noqa: PLC0415 - Django is configured by the tests' conftest

    name = f"the {role.value}"
    found = Person.objects.filter(name=name).first()
    return found or person(name, role.value, "P-1" if role is Role.PARTNER else "")


def test_a_role_that_is_switched_off_may_nothing(billed: World) -> None:
    assert billed.folder.exists()
    one = person("gone", Role.ADMIN.value)
    client = signed_in(one)
    assert client.get("/people/").status_code == HTTPStatus.OK
    one.is_active = False
    one.save()
    assert client.get("/people/").status_code == HTTPStatus.FOUND


def test_verbs_that_a_page_does_not_know_are_refused(billed: World) -> None:
    assert billed.folder.exists()
    client = signed_in(_of(Role.ADMIN))
    assert client.get("/runs/R-0001/approve/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert client.delete("/runs/R-0001/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert client.post("/runs/R-0001/").status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_every_right_is_needed_by_some_page_and_given_to_some_role() -> None:
    given = set().union(*(RIGHTS[role] for role in Role if role is not Role.ADMIN))
    assert given >= {*Right} - {Right.PEOPLE}
    assert RIGHTS[Role.ADMIN] == {*Right}

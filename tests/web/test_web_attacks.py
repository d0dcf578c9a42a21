"""Every page under attack, from the table of addresses, so that a new one is tried too: forms, policies, sizes."""

import re
from http import HTTPStatus

import pytest
from django.test import Client
from test_web_rights import address
from web_kit import person, signed_in
from world import World

from connector.web.models import Deed, Person
from connector.web.pages import Page
from connector.web.urls import PAGES

MOST_BYTES = 100_000
READ = [page for page in PAGES if "GET" in page.verbs]
WRITTEN = [page for page in PAGES if "POST" in page.verbs]
# What starts a script or a style within a page, which the content policy forbids and a page must never rely on.
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def admin(name: str = "the attacked") -> Client:
    """Somebody who may do everything, signed in."""
    found = Person.objects.filter(name=name).first()
    return signed_in(found or person(name, "admin"))


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_no_form_is_taken_without_its_token(billed: World, page: Page) -> None:
    assert billed.folder.exists()
    client = Client(enforce_csrf_checks=True)
    client.cookies = admin().cookies
    before = Deed.objects.count()
    assert client.post(address(page), {"name": "x", "reason": "x"}).status_code == HTTPStatus.FORBIDDEN
    assert Deed.objects.count() == before


@pytest.mark.parametrize("page", READ, ids=lambda page: page.name)
def test_every_answer_keeps_to_the_policy_and_is_small(billed: World, page: Page) -> None:
    assert billed.folder.exists()
    answer = admin().get(address(page))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    if page.right is not None:
        assert answer["Cache-Control"] == "private, no-store"
    if answer["Content-Type"].startswith("text/html") and not answer.streaming:
        text = answer.content.decode()
        assert INLINE.search(text) is None, INLINE.search(text)
        assert len(answer.content) < MOST_BYTES


def test_what_is_done_is_noted_of_whoever_is_signed_in_whatever_the_form_says(billed: World) -> None:
    assert billed.folder.exists()
    admin().post("/runs/R-0001/comment/", {"text": "hello", "by": "somebody else", "at": "2000-01-01"})
    last = Deed.objects.first()
    assert last is not None
    assert (last.by, last.what, last.detail) == ("the attacked", "commented", "hello")

"""Links that make a person, or give one a new password. Each works once and ends in time.

A stranger's trap: the link is the secret. It is shown once; only its digest is kept, and no password is ever sent.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from connector.web import deeds
from connector.web.models import Invitation, Person
from connector.web.rights import Role
from connector.web.settings import PEOPLE
from connector.web.site import site

_DAYS = timedelta(days=7)
_FIRST = timedelta(hours=24)
_TOKEN_BYTES = 32
FIRST_BY = "first start"


class RefusedError(Exception):
    """An invitation or a name cannot be used; the message is for the person."""


@dataclass(frozen=True)
class Wanted:
    """Who is invited: as what, and for an advisor the clients of which partner."""

    role: Role
    partner_id: str = ""


def invite(wanted: Wanted, by: str) -> str:
    """A new invitation; its secret, which nobody can read again."""
    secret = secrets.token_urlsafe(_TOKEN_BYTES)
    now = site().now()
    until = now + (_FIRST if by == FIRST_BY else _DAYS)
    Invitation.objects.create(
        digest=_digest(secret), role=wanted.role.value, partner_id=wanted.partner_id, by=by, made_at=now, ends_at=until
    )
    deeds.note(by, "invited", f"{wanted.role.value} {wanted.partner_id}".strip())
    return secret


def first_admin() -> str:
    """The secret of a link that makes the first admin, while there is none; those of earlier starts end.

    Returns:
        the secret; empty where an admin is there.
    """
    if Person.objects.filter(role=Role.ADMIN.value, is_active=True).exists():
        return ""
    Invitation.objects.filter(by=FIRST_BY, used_at=None).update(ends_at=site().now())
    return invite(Wanted(Role.ADMIN), FIRST_BY)


def another_admin() -> str:
    """The secret of a link that makes one more admin, for whoever runs this machine: every admin may be locked out."""
    return invite(Wanted(Role.ADMIN), FIRST_BY)


def renew(person: Person, by: str) -> str:
    """The secret of a link by which a person chooses a new password; earlier ones of that person end.

    Raises:
        RefusedError: the person is switched off.
    """
    if not person.is_active:
        raise RefusedError(f"{person.name} is switched off, and may not sign in.")
    secret, now = secrets.token_urlsafe(_TOKEN_BYTES), site().now()
    Invitation.objects.filter(name=person.name, used_at=None).update(ends_at=now)
    Invitation.objects.create(
        digest=_digest(secret), name=person.name, role=person.role, partner_id=person.partner_id, by=by, made_at=now,
        ends_at=now + _FIRST,
    )  # fmt: skip
    deeds.note(by, "made a link for a new password", person.name)
    return secret


def standing(secret: str) -> Invitation:
    """The invitation of a secret.

    Raises:
        RefusedError: there is none, it was used, or its time is over.
    """
    found = Invitation.objects.filter(digest=_digest(secret), used_at=None, ends_at__gt=site().now()).first()
    if found is None:
        raise RefusedError("This link was used before, or its time is over. Ask an admin for a new one.")
    return found


def accept(secret: str, name: str, password: str) -> Person:
    """Make the person of an invitation, or give the one for whom it was made this password.

    Raises:
        RefusedError: the invitation cannot be used, or the name is taken or none.
        ValidationError: the password is too weak.
    """
    known = standing(secret).name
    if known:
        return _renewed(secret, known, password)
    name = name.strip()
    if not name or not name.isprintable() or len(name) > Person._meta.get_field("name").max_length:  # type: ignore[operator] # noqa: SLF001 - Django's documented name
        raise RefusedError("A name has 1 to 100 letters that can be printed.")
    if Person.objects.filter(name__iexact=name).exists():
        raise RefusedError("This name is taken: it stands in the books with what that person did. Choose another.")
    with transaction.atomic(using=PEOPLE):
        found = standing(secret)
        person = Person(name=name, role=found.role, partner_id=found.partner_id, made_at=site().now())
        validate_password(password, person)
        person.set_password(password)
        if not Invitation.objects.filter(pk=found.pk, used_at=None).update(used_at=site().now(), name=name):
            raise RefusedError("This link was used just now.")
        try:
            person.save()
        except IntegrityError as error:
            raise RefusedError("This name is taken just now. Choose another.") from error
        deeds.note(name, "joined", found.role)
    return person


def _renewed(secret: str, name: str, password: str) -> Person:
    """The person of this name with a new password; whoever was signed in by the old one is signed out."""
    person = Person.objects.get(name=name)
    validate_password(password, person)
    with transaction.atomic(using=PEOPLE):
        if not Invitation.objects.filter(pk=standing(secret).pk, used_at=None).update(used_at=site().now()):
            raise RefusedError("This link was used just now.")
        if not person.is_active:
            raise RefusedError(f"{person.name} is switched off, and may not sign in.")
        person.set_password(password)
        person.save()
        deeds.note(name, "chose a new password")
    return person


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


__all__ = [
    "FIRST_BY",
    "RefusedError",
    "ValidationError",
    "Wanted",
    "accept",
    "another_admin",
    "first_admin",
    "invite",
    "renew",
    "standing",
]

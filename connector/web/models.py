"""What the page keeps: people, the links that invite them, what was done by whom, and works in the background.

A stranger's trap: none of it is the ledger's. A person's name stands in the ledger with every entry, so that people are
switched off and never deleted, and no name is given twice.
"""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from connector.runs.made_here import Row, reference
from connector.runs.scrub import MARK
from connector.web.made_files import client_row
from connector.web.rights import RIGHTS, Right, Role

_ROLES = [(one.value, one.value) for one in Role]


class Person(AbstractBaseUser):
    """Somebody who signs in."""

    name = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=20, choices=_ROLES)
    partner_id = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    made_at = models.DateTimeField()

    USERNAME_FIELD = "name"
    objects = BaseUserManager["Person"]()

    class Meta:
        """By name; an advisor has a partner, and nobody else."""

        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(role=Role.PARTNER.value) ^ models.Q(partner_id=""), name="advisor_has_partner"
            ),
        ]

    @property
    def rights(self) -> frozenset[Right]:
        """What this person may do."""
        return RIGHTS[Role(self.role)] if self.is_active else frozenset()


class Invitation(models.Model):
    """A link that makes a person, once, or gives one a new password; only its digest is kept.

    `name` is whom it made; of a link that waits, the person for whom a new password is.
    """

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=20, choices=_ROLES)
    partner_id = models.CharField(max_length=100, blank=True)
    by = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Deed(models.Model):
    """One change that somebody made by the page. The database refuses to change or delete it."""

    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    what = models.CharField(max_length=40, db_index=True)
    subject = models.TextField(blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]


class Upload(models.Model):
    """Files that somebody uploaded together."""

    by = models.CharField(max_length=100)
    at = models.DateTimeField()
    files = models.JSONField()

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]


class Work(models.Model):
    """Something that is done in a process of its own while the page goes on."""

    kind = models.CharField(max_length=20)
    by = models.CharField(max_length=100)
    given = models.JSONField()
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, null=True, related_name="works")
    state = models.CharField(max_length=20)
    made_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    told = models.TextField(blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    found = models.JSONField(null=True)

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]


class Made(models.Model):
    """A client that was made here by hand; its number is never given again. Only what names it can be changed."""

    partner_id = models.CharField(max_length=100, db_index=True)
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=255)

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]

    @property
    def reference(self) -> str:
        """Its id, as its file and the page say it: `W-000001`."""
        return reference(self.pk)

    @property
    def called(self) -> str:
        """Its name, or that it is erased."""
        return self.name or MARK


class MadeStep(models.Model):
    """What somebody made of a client: it as it was from then on. The database refuses to change or delete it."""

    made = models.ForeignKey(Made, on_delete=models.PROTECT, related_name="steps")
    what = models.CharField(max_length=40)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()
    row = models.JSONField()
    told = models.TextField(blank=True)

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]

    @property
    def whole(self) -> Row:
        """The client's row in the file of what was made here."""
        return client_row(self.made.pk, self.made.partner_id, self.made.name, self.made.domain, self.row)


class MadeTemplate(models.Model):
    """A template of clients that was made here: its plan stays. The database refuses to change or delete it."""

    partner_id = models.CharField(max_length=100, db_index=True)
    plan = models.CharField(max_length=20)

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]


class TemplateStep(models.Model):
    """What somebody made of a template, its name from then on and the day. The database refuses to change it."""

    template = models.ForeignKey(MadeTemplate, on_delete=models.PROTECT, related_name="steps")
    what = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    day = models.CharField(max_length=10)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]

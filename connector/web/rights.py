"""What people may do. Every page names the one right that it needs; a role is a set of them."""

from collections.abc import Mapping
from enum import StrEnum


class Right(StrEnum):
    """One thing that a person may do."""

    CLIENTS = "see clients"
    MAKE_CLIENTS = "make clients"
    SEE = "see runs and documents"
    UPLOAD = "upload and plan"
    HOLD = "hold and release lines"
    APPROVE = "approve runs and rules"
    RULES = "change rules"
    OPERATE = "send, read back and answer"
    PEOPLE = "manage people"


class Role(StrEnum):
    """What a person is here."""

    VIEWER = "viewer"
    UPLOADER = "uploader"
    ACCOUNTANT = "accountant"
    APPROVER = "approver"
    OPERATOR = "operator"
    ADMIN = "admin"
    PARTNER = "partner"


_LOOK = {Right.CLIENTS, Right.SEE}
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset(_LOOK),
    Role.UPLOADER: frozenset({*_LOOK, Right.UPLOAD, Right.MAKE_CLIENTS}),
    Role.ACCOUNTANT: frozenset({*_LOOK, Right.UPLOAD, Right.HOLD, Right.RULES}),
    Role.APPROVER: frozenset({*_LOOK, Right.HOLD, Right.APPROVE}),
    Role.OPERATOR: frozenset({*_LOOK, Right.OPERATE}),
    Role.ADMIN: frozenset({*Right}),
    # An advisor sees and makes the clients of one partner, and nothing else.
    Role.PARTNER: frozenset({Right.CLIENTS, Right.MAKE_CLIENTS}),
}
TOLD: Mapping[Role, str] = {
    Role.VIEWER: "sees everything, changes nothing",
    Role.UPLOADER: "uploads workbooks, plans runs, makes clients",
    Role.ACCOUNTANT: "proposes changes of rules, uploads and plans, holds lines",
    Role.APPROVER: "approves runs and changes of rules, holds lines",
    Role.OPERATOR: "sends, reads back, answers what needs a person",
    Role.ADMIN: "everything, and who may do what",
    Role.PARTNER: "an advisor: the clients of one partner alone",
}

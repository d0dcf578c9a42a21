import ast
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from connector import billing, declared, domain, tables
from connector.domain import words
from connector.domain.entities import Policies, SellingEntity

_ROOMS = [Path(str(room.__file__)).parent for room in (domain, declared, tables, billing)]


def test_the_closed_lists_are_spelt_as_rules_and_tables_carry_them() -> None:
    assert {
        kind.__name__: [word.value for word in kind] for kind in vars(words).values() if isinstance(kind, type)
    } == {
        "StrEnum": [],
        "Plan": ["assessment_only", "full_spoke"],
        "EventKind": ["created", "upgraded", "bundle", "renewed", "month"],
        "PartnerKind": ["advisor", "msp", "mssp"],
        "TaxStatus": ["taxable", "exempt", "reverse_charge", "export"],
        "Grouping": ["on_event", "monthly"],
        "PaymentMethod": ["bank_transfer", "card"],
        "ClientStatus": ["active", "archived"],
        "RecordKind": ["partners", "clients", "bundles", "templates"],
        "RowKind": ["header", "title", "blank", "total", "template", "record", "blocked"],
        "Bucket": [
            "blocked",
            "held",
            "not_billable",
            "opening",
            "unchanged",
            "already_billed",
            "inside_bundle",
            "awaiting_document",
            "billed",
        ],
    }


def test_entities_and_policies_are_frozen() -> None:
    entity = SellingEntity("us", "US", "USD", date(2025, 3, 1), "UTC", "US-", "refuse", "rules/entities.yaml:2")
    policies = Policies("count_first", "keeps_bundle_place", "hold", "stop", "hold", "allow")
    for thing, name in ((entity, "currency"), (policies, "upgrade")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, "other")


@pytest.mark.parametrize(
    "path", sorted(path for room in _ROOMS for path in room.glob("*.py")), ids=lambda path: path.stem
)
def test_no_float_comes_near_money(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    floats = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Attribute) and node.attr in ("Float32", "Float64", "round"))
        or (isinstance(node, ast.Name) and node.id == "round")
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and path.parent.name == "billing")
    ]
    assert floats == []

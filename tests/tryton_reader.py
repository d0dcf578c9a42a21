"""What stands in a Tryton company, read by proteus in Tryton's own environment and printed as JSON: no code of ours.

`tryton_reader.py URL USER PASSWORD`: the invoices to customers with their lines and moves, and every account's balance.
"""

import json
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, config


def main(url: str, user: str, password: str) -> dict[str, Any]:
    with config.set_xmlrpc_session(url, user, password):
        return books()


def books() -> dict[str, Any]:
    invoices = Model.get("account.invoice").find([("type", "=", "out")], order=[("id", "ASC")])
    balances: dict[str, Decimal] = {}
    for line in Model.get("account.move.line").find([("move.state", "=", "posted")]):
        balances[line.account.code] = balances.get(line.account.code, Decimal(0)) + line.debit - line.credit
    return {
        "invoices": [invoice(one) for one in invoices],
        "balances": {code: str(at) for code, at in balances.items()},
    }


def invoice(one: Any) -> dict[str, Any]:
    moves = [*([one.move] if one.move else []), *([one.cancel_move] if one.cancel_move else [])]
    return {
        "number": one.number,
        "reference": one.reference,
        "description": one.description,
        "state": one.state,
        "party": one.party.code,
        "currency": one.currency.code,
        "dated": str(one.invoice_date),
        "due": sorted({str(line.maturity_date) for move in moves for line in move.lines if line.maturity_date}),
        "net": str(one.untaxed_amount),
        "tax": str(one.tax_amount),
        "total": str(one.total_amount),
        "lines": [
            [line.description, line.account.code, [tax.name for tax in line.taxes], str(line.amount)]
            for line in one.lines
        ],
        "moves": sorted(
            [line.account.code, str(line.debit - line.credit), line.party.code if line.party else ""]
            for move in moves
            for line in move.lines
        ),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))

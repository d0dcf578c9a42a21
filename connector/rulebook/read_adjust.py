"""Reading `adjust:`, what is done to the amount of whatever is charged.

A percentage is always of the list price, never of what another adjustment left.
"""

from decimal import Decimal

from connector.declared import MapNode, Node, Reader
from connector.domain.currency import is_currency
from connector.domain.money import Money
from connector.rulebook import kinds
from connector.rulebook.read_ladders import fault_of
from connector.rulebook.spec import Adjustment

PERCENT, AMOUNT, MINIMUM, CAP = "percent", "amount", "minimum", "cap"
ADJUSTMENTS = (PERCENT, AMOUNT, MINIMUM, CAP)
_LEAST, _MOST = -100, 1000
_MOST_DECIMALS = 4


def read_adjust(node: Node, reader: Reader) -> tuple[Adjustment | None, str | None]:
    """The adjustment and its reason; None where one is faulty, which is noted."""
    entries = reader.mapping(node, "adjust", ("reason",), ADJUSTMENTS) or {}
    reason = reader.text(entries.get("reason"), "reason")
    said = [kind for kind in ADJUSTMENTS if kind in entries]
    if not isinstance(node, MapNode):
        return None, reason
    if len(said) != 1:
        step = f"Write exactly one of {', '.join(ADJUSTMENTS)}; write a second rule for another."
        found = " and ".join(said) or "none"
        reader.fault(node, f"an adjustment does one thing; this one says {found}", step, kinds.OUTCOME)
        return None, reason
    kind = said[0]
    place = node.key_places[kind]
    if kind == PERCENT:
        percent = _percent(entries[kind], reader)
        return (None if percent is None else Adjustment(kind, percent, {}, place)), reason
    money = _money(entries[kind], kind, reader)
    return (Adjustment(kind, None, money, place) if money else None), reason


def _percent(node: Node, reader: Reader) -> Decimal | None:
    percent = reader.decimal(node, PERCENT)
    if percent is None:
        return None
    exponent = percent.as_tuple().exponent
    if not _LEAST <= percent <= _MOST or not isinstance(exponent, int) or -exponent > _MOST_DECIMALS:
        step = f"Write a number from {_LEAST} to {_MOST} with at most {_MOST_DECIMALS} decimals; -10 takes a tenth off."
        reader.fault(node, f"percent cannot be {percent}", step, kinds.ADJUSTMENT)
        return None
    if percent == 0:
        reader.fault(node, "a percentage of 0 changes nothing", "Take the rule out.", kinds.ADJUSTMENT)
        return None
    return percent


def _money(node: Node, kind: str, reader: Reader) -> dict[str, int]:
    """Currency → minor units; empty when one is faulty."""
    said = reader.mapping(node, kind, open_keys=True)
    if said is None or not isinstance(node, MapNode):
        return {}
    if not said:
        reader.fault(node, f"{kind} names no currency", "Write {USD: 500}.", kinds.ADJUSTMENT)
    before = len(reader.problems)
    money: dict[str, int] = {}
    for currency, value in said.items():
        if not is_currency(currency):
            message = f"{currency!r} is no currency of ISO 4217"
            reader.fault(node.key_places[currency], message, kinds.CURRENCY.remedy, kinds.CURRENCY)
            continue
        amount = reader.decimal(value, f"{kind} in {currency}")
        if amount is None:
            continue
        fault = "it cannot be negative" if amount < 0 and kind != AMOUNT else fault_of(amount, currency)
        if fault is not None:
            message = f"{kind} in {currency} is {amount}: {fault}"
            reader.fault(value, message, kinds.PRICE_AMOUNT.remedy, kinds.PRICE_AMOUNT)
            continue
        money[currency] = Money.exact(amount, currency).minor
    return money if len(reader.problems) == before else {}

"""Reading the price of a quantity: one amount for each unit, or a ladder of steps.

`graduated` and `volume` are written alike and cost differently, so that neither is ever assumed: a ladder says which.
"""

from decimal import Decimal

from connector.declared import MapNode, Node, Reader, ScalarNode
from connector.domain.currency import digits
from connector.domain.money import InexactAmountError, Money
from connector.rulebook import kinds
from connector.rulebook.read_bands import Bands, read_band, unbroken
from connector.rulebook.spec import EACH, GRADUATED, VOLUME, Band, Price, Step, UnitPrice

LARGEST_MINOR = 10**12


def _who(count: int) -> str:
    return f"a quantity of {count}"


_CALLED = Bands("step", "quantity", _who, *[kinds.PRICE_LADDER] * 5)


def read_unit_price(node: Node | None, what: str, currency: str | None, reader: Reader) -> UnitPrice | None:
    """The price of a quantity; None when it is faulty, which is noted.

    Args:
        node: an amount, or `{graduated: {STEPS}}` or `{volume: {STEPS}}`.
        what: what the price is of, for messages.
        currency: of the book; None when it is faulty.
        reader: of the file.
    """
    if not isinstance(node, MapNode):
        price = read_price(node, what, currency, reader)
        return None if price is None else UnitPrice(EACH, (Step(1, None, price),), price.place)
    entries = reader.mapping(node, what, optional=(GRADUATED, VOLUME)) or {}
    said = [kind for kind in (GRADUATED, VOLUME) if kind in entries]
    if len(said) != 1:
        step = f"Write an amount, {GRADUATED}: {{…}} or {VOLUME}: {{…}}."
        reader.fault(node, f"{what} is neither an amount nor one ladder", step, kinds.PRICE_LADDER)
        return None
    steps = _steps(entries[said[0]], what, currency, reader)
    return UnitPrice(said[0], steps, node.key_places[said[0]]) if steps else None


def read_price(node: Node | None, what: str, currency: str | None, reader: Reader) -> Price | None:
    """One exact amount of the currency, not negative; None when it is faulty, which is noted."""
    amount = reader.decimal(node, what)
    if node is None or amount is None or currency is None:
        return None
    fault = "a price cannot be negative" if amount < 0 else fault_of(amount, currency)
    if fault is not None:
        reader.fault(node, f"{what} is {amount}: {fault}", kinds.PRICE_AMOUNT.remedy, kinds.PRICE_AMOUNT)
        return None
    return Price(Money.exact(amount, currency).minor, node.place)


def fault_of(amount: Decimal, currency: str) -> str | None:
    """Why an amount cannot be money of the currency, or None."""
    if abs(amount.scaleb(digits(currency))) > LARGEST_MINOR:
        return "more than can be billed"
    try:
        Money.exact(amount, currency)
    except InexactAmountError:
        return f"{currency} has {digits(currency) or 'no'} decimal digits"
    return None


def _steps(node: Node, what: str, currency: str | None, reader: Reader) -> tuple[Step, ...]:
    """The steps of a ladder; none when one is faulty."""
    said = reader.mapping(node, what, open_keys=True)
    if said is None or not isinstance(node, MapNode):
        return ()
    if not said:
        reader.fault(node, f"{what} has no step", 'Start it with "1": and a price.', kinds.PRICE_LADDER)
        return ()
    labels = [ScalarNode(label, quoted=True, place=node.key_places[label]) for label in said]
    bands = [read_band(label, _CALLED, reader) for label in labels]
    prices = [read_price(value, f"{what} for {label}", currency, reader) for label, value in said.items()]
    sound = tuple(band for band in bands if band is not None)
    if len(sound) < len(bands) or not unbroken(sound, labels, _CALLED, reader):
        return ()
    return _priced(sound, prices)


def _priced(bands: tuple[Band, ...], prices: list[Price | None]) -> tuple[Step, ...]:
    steps = [Step(band.low, band.high, price) for band, price in zip(bands, prices, strict=True) if price is not None]
    return tuple(steps) if len(steps) == len(bands) else ()

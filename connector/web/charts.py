"""Charts as shapes for templates to draw: where each stands is worked out here, in whole numbers.

A stranger's trap: the pages allow no style of their own, so a colour is a class of the style sheet, and every size an
attribute. What a chart shows stands in a table beneath it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.domain.money import Money
from connector.runs.overview import BUNDLES, NO_TIER, Billed, Low
from connector.web.paging import MOST

WIDTH, HEIGHT = 720, 240
_LEFT, _TOP, _BOTTOM = 8, 16, 24
_SHADES = 8  # of the style sheet: tier-0 to tier-7
_ALONE = 5  # the shade of a tier that has no other beside it
_GAP_PERCENT = 25
_ROW, _BAR, _MIDDLE = 30, 14, 260
_MOST_LOW = 10


@dataclass(frozen=True)
class Shape:
    """A rectangle: where it stands, its class, and what it says when it is pointed at."""

    x: int
    y: int
    width: int
    height: int
    shade: str
    told: str


@dataclass(frozen=True)
class Label:
    """A text and where its middle stands."""

    x: int
    y: int
    text: str


@dataclass(frozen=True)
class Months:
    """What one currency was billed by month, drawn.

    Attributes:
        currency: ISO 4217 code.
        about: the chart in a sentence.
        shapes: one for each month and tier that comes to something.
        labels: the months.
        base: where nothing is.
        legend: each tier with its class.
        rows: the numbers: for each month one amount a tier, and their total.
        tiers: the headings of the amounts.
    """

    currency: str
    about: str
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    base: int
    legend: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Money, ...], Money], ...]
    tiers: tuple[str, ...]


def months(billed: Billed) -> Months:
    """Draw what was billed by month: a column for each, its tiers upon one another; what is given back hangs below."""
    shades = _shades(billed.tiers)
    above = [_side(billed, month, 1) for month in billed.months]
    below = [_side(billed, month, -1) for month in billed.months]
    highest, lowest = max(above), max(below)
    room = HEIGHT - _TOP - _BOTTOM
    scale = highest + lowest or 1
    base = _TOP + room * highest // scale
    step = (WIDTH - 2 * _LEFT) // len(billed.months)
    width = step * (100 - _GAP_PERCENT) // 100
    shapes: list[Shape] = []
    for at, month in enumerate(billed.months):
        sums = {1: 0, -1: 0}
        for tier in billed.tiers:
            minor = billed.minor.get((month, tier), 0)
            sign = 1 if minor > 0 else -1
            edges = [room * sums[sign] // scale, room * (sums[sign] + abs(minor)) // scale]
            sums[sign] += abs(minor)
            tall = edges[1] - edges[0]
            if tall:
                top = base - edges[1] if sign > 0 else base + edges[0]
                told = f"{month}, {tier}: {Money(minor, billed.currency)}"
                shapes.append(Shape(_LEFT + at * step + (step - width) // 2, top, width, tall, shades[tier], told))
    return Months(
        currency=billed.currency,
        about=_about(billed),
        shapes=tuple(shapes),
        labels=tuple(Label(_LEFT + at * step + step // 2, HEIGHT - 6, one) for at, one in enumerate(billed.months)),
        base=base,
        legend=tuple(shades.items()),
        rows=tuple(_row(billed, month) for month in billed.months[::-1]),
        tiers=billed.tiers,
    )


def _side(billed: Billed, month: str, sign: int) -> int:
    """What a month comes to above or below nothing."""
    return sum(abs(minor) for tier in billed.tiers if sign * (minor := billed.minor.get((month, tier), 0)) > 0)


def _shades(tiers: Sequence[str]) -> dict[str, str]:
    """A class for each tier, from the light of the smallest to the dark of the largest; bundles have their own."""
    sized = [one for one in tiers if one not in (BUNDLES, NO_TIER)]
    last = len(sized) - 1
    own = {one: f"tier-{at * (_SHADES - 1) // last if last else _ALONE}" for at, one in enumerate(sized)}
    return {**own, **{one: "tier-none" if one == NO_TIER else "tier-bundles" for one in tiers if one not in own}}


def _about(billed: Billed) -> str:
    totals = {month: billed.total(month) for month in billed.months}
    best = max(totals, key=lambda month: totals[month])
    now = billed.months[-1]
    return (
        f"{Money(totals[now], billed.currency)} in {now}; the most in {best}, {Money(totals[best], billed.currency)}. "
        "Before tax; credit notes count against it."
    )


def _row(billed: Billed, month: str) -> tuple[str, tuple[Money, ...], Money]:
    amounts = tuple(Money(billed.minor.get((month, tier), 0), billed.currency) for tier in billed.tiers)
    return month, amounts, Money(billed.total(month), billed.currency)


@dataclass(frozen=True)
class Places:
    """Bundle places that run out, drawn: the fewest left first.

    Attributes:
        low: the first partners of whom that is so, for the table.
        shapes: for each partner drawn its places, and what is left of them.
        labels: the partners' ids.
        height: of the drawing.
        more: how many further partners there are.
    """

    low: tuple[Low, ...]
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    height: int
    more: int


def places(low: Sequence[Low]) -> Places:
    """Draw the partners whose places run out."""
    drawn = low[:_MOST_LOW]
    most = max((max(one.places, -one.left) for one in drawn), default=1) or 1
    room = WIDTH - _MIDDLE - _LEFT
    shapes: list[Shape] = []
    for at, one in enumerate(drawn):
        y = at * _ROW + (_ROW - _BAR) // 2
        told = f"{one.partner_id}: {one.left} left of {one.places}"
        shapes.append(Shape(_MIDDLE, y, max(room * one.places // most, 2), _BAR, "places", told))
        shade = "left" if one.left > 0 else "over"
        if one.left:
            shapes.append(Shape(_MIDDLE, y, max(room * abs(one.left) // most, 2), _BAR, shade, told))
    labels = tuple(Label(_MIDDLE - 10, at * _ROW + _ROW // 2 + 5, one.partner_id[:30]) for at, one in enumerate(drawn))
    return Places(tuple(low[:MOST]), tuple(shapes), labels, len(drawn) * _ROW, max(len(low) - MOST, 0))

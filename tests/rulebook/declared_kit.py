"""A rulebook with everything the language has, as declared, for the tests of what is shown of it. All invented."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from connector.domain.entities import Policies, SellingEntity
from connector.domain.places import Line
from connector.rulebook.spec import (
    Adjustment,
    Band,
    Charge,
    Conditions,
    Declared,
    Price,
    PriceVersion,
    Range,
    Renewal,
    Rule,
    Step,
    Term,
    TierScheme,
    UnitPrice,
)

SHIPPED = Path(__file__).resolve().parents[2] / "rules"
AT = Line("rules/prices.yaml", 7)
ONCE = Term()
YEARLY = Term("annual", Renewal("current", "kept"), "none")
MONTHLY = Term("monthly", None, "by_day")


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def entity(name: str, currency: str) -> SellingEntity:
    prefix = f"{name.upper()}-"
    zone, place = "Europe/London", "rules/e.yaml:2"
    return SellingEntity(name, f"Example {name}", currency, date(2025, 3, 1), zone, prefix, "refuse", place)


def each(minor: int) -> UnitPrice:
    return UnitPrice("each", (Step(1, None, Price(minor, AT)),), AT)


def ladder(kind: str, first: int, then: int) -> UnitPrice:
    return UnitPrice(kind, (Step(1, 5, Price(first, AT)), Step(6, None, Price(then, AT))), AT)


def version(  # noqa: PLR0913 - as many as a version can have
    book: str,
    first: str,
    last: str | None = None,
    currency: str = "USD",
    *,
    entities: tuple[str, ...] = (),
    tiers: dict[str, int] | None = None,
    bundle: UnitPrice | None = None,
    flat: dict[str, int] | None = None,
    units: dict[str, UnitPrice] | None = None,
    line: int = 1,
) -> PriceVersion:
    return PriceVersion(
        book=book,
        first=day(first),
        last=None if last is None else day(last),
        currency=currency,
        entities=entities,
        tiers="linkedin" if tiers else None,
        by_tier={label: Price(minor, AT) for label, minor in (tiers or {}).items()},
        bundle_size=10 if bundle else 0,
        bundle=bundle,
        label=f"{book}@{first} {currency}",
        place=Line(f"rules/{book}.yaml", line),
        first_place=Line(f"rules/{book}.yaml", line + 1),
        last_place=Line(f"rules/{book}.yaml", line),
        flat={metric: Price(minor, AT) for metric, minor in (flat or {}).items()},
        units=units or {},
    )


def charge(
    metric: str,
    manner: str,
    book: str = "standard",
    term: Term = ONCE,
    overrides: str | None = None,
    units: str | None = None,
) -> Charge:
    return Charge(metric, metric.upper(), manner, book, term, overrides, units, AT, AT)


def rule(
    name: str,
    words: dict[str, tuple[str, ...]],
    said: Charge | Adjustment | str,
    *,
    reason: str | None = None,
    ranges: dict[str, Range] | None = None,
    line: int = 1,
) -> Rule:
    outcome = "charge" if isinstance(said, Charge) else "adjust" if isinstance(said, Adjustment) else said
    return Rule(
        name,
        Conditions(words, ranges or {}),
        outcome,
        reason,
        said if isinstance(said, Charge) else None,
        Line("rules/billing.yaml", line),
        said if isinstance(said, Adjustment) else None,
    )


def adjust(kind: str, percent: str | None = None, **money: int) -> Adjustment:
    return Adjustment(kind, None if percent is None else Decimal(percent), money, AT)


FULL = {"event": ("created", "upgraded"), "plan": ("full_spoke",)}
LIST = version(
    "standard",
    "2025-03-01",
    tiers={"1": 60000, "2+": 90000},
    bundle=ladder("volume", 150000, 140000),
    flat={"onboarding": 25000},
    units={"advisor-month": ladder("graduated", 3000, 2500), "seat": each(50)},
)
YEN = version(
    "standard", "2025-03-01", "2025-12-31", "JPY", tiers={"1": 90000, "2+": 130000}, entities=("uk", "us"), line=2
)
RULES = (
    rule("full-spoke", FULL, charge("full-spoke", "by_tier", term=YEARLY), line=5),
    rule("bundle", {"event": ("bundle",)}, charge("bundle", "per_bundle"), line=8),
    rule("onboarding", {"event": ("created",)}, charge("onboarding", "flat"), line=11),
    rule(
        "advisors",
        {"event": ("month",)},
        charge("advisor-month", "per_unit", term=MONTHLY, units="advisors"),
        ranges={"clients_this_year": (51, None)},
        line=14,
    ),
    rule(
        "quote",
        {**FULL, "partner": ("P-1",)},
        charge("full-spoke", "by_tier", "quote", YEARLY, "full-spoke"),
        ranges={"day": (day("2025-07-01"), day("2025-12-31"))},
        line=17,
    ),
    rule(
        "less",
        {"tag:pilot": ("yes",), "tag:vip": ("yes",), "country": ("US", "CA", "GB")},
        adjust("percent", "-2.50"),
        reason="launch offer",
        ranges={"employees": (11, 50)},
        line=20,
    ),
    rule("floor", {"partner_kind": ("msp",)}, adjust("minimum", USD=50000, GBP=40000), reason="agreed", line=23),
    rule("off", {"plan": ("full_spoke",)}, adjust("amount", USD=-5000), reason="-", line=26),
    rule("cap", {}, adjust("cap", JPY=90000), reason="=1+1", line=29),
    rule(
        "ask",
        {"domain": ("a.example",)},
        "hold",
        reason="ask first",
        ranges={"places_left": (None, 3), "day": (None, day("2025-06-30"))},
        line=32,
    ),
    rule(
        "ours",
        {"domain": ("b.example",)},
        "not_billable",
        reason="<b>ours</b>",
        ranges={"day": (day("2026-01-01"), None)},
        line=35,
    ),
    rule(
        "place",
        {"plan": ("assessment_only",)},
        "inside_bundle",
        reason="a place",
        ranges={"employees": (5, 5)},
        line=38,
    ),
)
WHOLE = Declared(
    entities={"us": entity("us", "USD"), "uk": entity("uk", "GBP")},
    policies=Policies("count_first", "keeps_bundle_place", "hold", "stop", "hold", "allow"),
    tiers={"linkedin": TierScheme("linkedin", (Band(1, 1, AT), Band(2, None, AT)), Line("rules/tiers.yaml", 1))},
    versions=(LIST, YEN, version("quote", "2025-07-01", "2025-12-31", tiers={"1": 51000, "2+": 90000})),
    rules=RULES,
    rules_place=Line("rules/billing.yaml", 4),
)

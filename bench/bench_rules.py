"""An invented rulebook of 200 rules with quotes for 50 partners, the same every time."""

from datetime import date, timedelta
from pathlib import Path

_LABELS = ("1", "2-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+")
_PARTNERS, _DOMAINS, _TAGS = 50, 60, 37
_FIRST = date(2025, 3, 1)
_HEAD = """entities:
  us: {name: Example Vendor Inc., currency: USD, bill_from: 2025-03-01, time_zone: America/New_York,
       number_prefix: US-, locked_period: refuse}
policies: {employee_size: count_first, upgrade: keeps_bundle_place, archived_client: hold,
           archived_renewal: stop, undated_upgrade: hold, overdraw: allow}
rules:
  - id: full-spoke
    when: {event: [created, upgraded], plan: full_spoke}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: by_tier, book: standard, term: once}
  - id: bundle
    when: {event: bundle}
    charge: {metric: bundle, item: BUNDLE, price: per_bundle, book: standard}
  - id: assessment-only
    when: {plan: assessment_only}
    inside_bundle: "a place of a bundle"
"""


def write_rulebook(folder: Path) -> int:
    """Write it, and return how many rules it has."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiers.yaml").write_text(f"tiers: linkedin\nbands: [{', '.join(map(_quoted, _LABELS))}]\n")
    (folder / "standard.yaml").write_text(_book("standard", 600, "assessment_bundle: {size: 10, price: 1500}"))
    rules = []
    for number in range(_PARTNERS):
        first = _FIRST + timedelta(days=number * 3)
        last = first + timedelta(days=364)
        (folder / f"quote-{number}.yaml").write_text(_book(f"quote-{number}", 500 + number))
        rules += [
            f"""  - id: quote-{number}
    when: {{partner: [P-{number}], event: [created, upgraded], plan: full_spoke}}
    charge:
      metric: full-spoke
      item: SPOKE-FULL
      price: {{book: quote-{number}}}
      term: once
      overrides: full-spoke
      from: {first}
      to: {last}
""",
            f"""  - id: discount-{number}
    when: {{partner: [P-{number}], employees: {{from: {number + 2}}}, event: [created, upgraded]}}
    adjust: {{percent: -{5 + number % 10}, reason: "volume agreement"}}
""",
        ]
    rules += [
        f"""  - id: own-{number}
    when: {{domain: [own-{number}.example]}}
    not_billable: "our own test client"
"""
        for number in range(_DOMAINS)
    ]
    rules += [
        f"""  - id: tag-{number}
    when: {{tags: [campaign-{number}], plan: full_spoke}}
    adjust: {{percent: -2, reason: "campaign {number}"}}
"""
        for number in range(_TAGS)
    ]
    (folder / "billing.yaml").write_text(_HEAD + "".join(rules))
    return 3 + len(rules)


def _book(name: str, base: int, more: str = "") -> str:
    prices = ", ".join(f"{_quoted(label)}: {base * (rank + 1)}" for rank, label in enumerate(_LABELS))
    lines = [f"price_book: {name}", f"effective_from: {_FIRST}", "currency: USD", "tiers: linkedin", "prices:"]
    return "\n".join([*lines, f"  full_spoke: {{{prices}}}", *([f"  {more}"] if more else []), ""])


def _quoted(label: str) -> str:
    return f'"{label}"'

"""Rules under which a Spoke renews, and what a plan tells of the terms that have begun."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from world import World

PLAIN = "price: by_tier, book: standard, term: once"
QUOTED = "term: once\n      overrides"


def renewing(
    world: World, *, price: str = "current", tier: str = "kept", term: str = "annual", archived: str = "stop"
) -> None:
    """Bill each full Spoke by the term."""
    renewal = f"{{price: {price}, tier: {tier}}}"
    change(
        world,
        {
            "event: [created, upgraded], plan": "event: [created, upgraded, renewed], plan",
            PLAIN: f"price: by_tier, book: standard, term: {term}, renewal: {renewal}, proration: none",
            QUOTED: f"term: {term}\n      renewal: {renewal}\n      proration: none\n      overrides",
            "archived_renewal: stop": f"archived_renewal: {archived}",
        },
    )


def change(world: World, texts: Mapping[str, str], file: str = "billing.yaml") -> None:
    """Change the folder's rules, every place of each text."""
    path = Path(world.folder) / "rules" / file
    text = path.read_text(encoding="utf-8")
    for old, new in texts.items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def approved(world: World, *files: str, as_of: str) -> Any:
    """Plan and approve; the plan."""
    planned = world.plan(*files, as_of=as_of).plain
    assert "run" in planned, planned
    done = world.run("approve", planned["run"])
    assert done.code == 0, done.out
    return planned


def told(plan: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Of each term: ordinal, day, bucket, amount of what is charged; in their order."""
    rows = plan["terms"]["rows"]
    return sorted((row["ordinal"], row["event_on"], row["bucket"], row["amount_minor"]) for row in rows)


def held(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The questions and faults of terms."""
    return [(one["code"], one["message"]) for one in plan["problems"] if one["code"].startswith("term-")]

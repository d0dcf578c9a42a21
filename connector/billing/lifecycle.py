"""From identified client records to billable events: R3 to R5, go-live, and what must be asked first.

A record has one deciding event: `upgraded` when it has an upgrade day, else `created`. So a client created and upgraded
on one day bills once. A downgrade is a question, never a credit.
"""

import polars as pl

from connector.billing import kinds
from connector.billing.context import Context
from connector.billing.master import valid_on
from connector.billing.verdicts import judge
from connector.domain.entities import Policies
from connector.domain.words import ClientStatus, EventKind, Plan

UPLOAD_DAY = "upload_day"


def client_events(identified: pl.DataFrame, versions: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The deciding event of every client record.

    Args:
        identified: records as `identity.identify` returns them.
        versions: the latest version of each client: `client_id`, `sequence`, `partner_id`, `plan`, `row_digest`.
        context: the givens of the run.

    Returns:
        the records with `plan` and `plan_source`, `event`, `event_on`, the partner's `partner_kind`, `selling_entity`,
        `currency`, `unchanged` (settled before, nothing edited), `opening` (before go-live), `known_sequence` (of the
        latest known version) and verdict columns.
    """
    frame = _planned(identified, context.templates)
    known = versions.select(
        "client_id",
        known_partner="partner_id",
        known_plan="plan",
        known_digest="row_digest",
        known_created="created_on",
        known_upgraded="upgraded_on",
        known_sequence="sequence",
    )
    frame = frame.join(known, on="client_id", how="left", maintain_order="left")
    if context.policies.undated_upgrade == UPLOAD_DAY:
        frame = _dated(frame, context)
    upgraded = pl.col("upgraded_on").is_not_null()
    frame = frame.with_columns(
        event=pl.when(upgraded).then(pl.lit(EventKind.UPGRADED.value)).otherwise(pl.lit(EventKind.CREATED.value)),
        event_on=pl.coalesce("upgraded_on", "created_on"),
    )
    frame = with_partner(frame, context)
    frame = frame.with_columns(
        unchanged=(pl.col("code").is_null() & (pl.col("known_digest") == pl.col("row_digest"))).fill_null(value=False)
    )
    frame = _questions(frame, context.policies)
    return frame.drop("known_partner", "known_plan", "known_digest", "known_created", "known_upgraded", "other_domain")


def _dated(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Upgrades without a day of their own: that of the first upload that says so, which later ones keep."""
    entities = context.partners.sort("valid_from").unique("partner_id", keep="last", maintain_order=True)
    days = entities.select("partner_id", "selling_entity").join(context.days, on="selling_entity")
    joined = frame.join(days.select("partner_id", "as_of"), on="partner_id", how="left", maintain_order="left")
    first = pl.col("known_plan") == Plan.ASSESSMENT_ONLY.value
    undated = pl.col("upgraded_on").is_null() & (pl.col("plan") == Plan.FULL_SPOKE.value)
    day = pl.when(first).then("as_of").otherwise("known_upgraded")
    return joined.with_columns(upgraded_on=pl.when(undated).then(day).otherwise("upgraded_on")).drop("as_of")


def with_partner(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Join the partner version valid on the event's day, and judge what does not fit it.

    Adds `partner_kind`, `selling_entity`, `currency`, `partner_country` and `opening`.
    """
    partners = context.partners
    facts = partners.select(
        "partner_id",
        "valid_from",
        "selling_entity",
        "currency",
        partner_kind="kind",
        partner_country="country",
    )
    frame = valid_on(frame, facts, "partner_id", "event_on").drop("valid_from", strict=False)
    frame = frame.join(context.days, on="selling_entity", how="left", maintain_order="left")
    known = pl.col("partner_id").is_in(partners["partner_id"].unique().implode())
    nobody = pl.format("partner {} is not in the partner master", "partner_id")
    frame = judge(frame, kinds.ROW_UNKNOWN_PARTNER, ~known, nobody)
    early = pl.format("no version of partner {} is valid on {}", "partner_id", "event_on")
    frame = judge(frame, kinds.PARTNER_NOT_YET, pl.col("selling_entity").is_null(), early)
    later = pl.format("{} lies after the run's day {}", "event_on", "as_of")
    frame = judge(frame, kinds.FUTURE, pl.col("event_on") > pl.col("as_of"), later)
    opening = (pl.col("event_on") < pl.col("bill_from")).fill_null(value=False)
    return frame.with_columns(opening=opening).drop("bill_from", "as_of")


def tag_list() -> pl.Expr:
    """The tags of a record as a list, in the spelling that rules use: small letters, single blanks."""
    plain = pl.col("tags").str.to_lowercase().str.replace_all(r"\s+", " ")
    one = pl.element().str.strip_chars()
    return plain.str.replace_all("[,|]", ";").str.split(";").list.eval(one.filter(one != ""))


def _planned(frame: pl.DataFrame, templates: pl.DataFrame) -> pl.DataFrame:
    """R10: a client made from a template takes the template's plan as it was on the creation day, and keeps it."""
    own = templates.filter(pl.col("partner_id") != "")
    common = templates.filter(pl.col("partner_id") == "")
    pairs = own.select(
        "valid_from", own_plan="plan", _template=pl.concat_str("partner_id", "template", separator="\x1f")
    )
    keyed = frame.with_columns(_template=pl.concat_str("partner_id", "template", separator="\x1f"))
    keyed = valid_on(keyed, pairs, "_template", "created_on").drop("valid_from", "_template", strict=False)
    shared = common.select("template", "valid_from", common_plan="plan")
    keyed = valid_on(keyed, shared, "template", "created_on").drop("valid_from", strict=False)
    template_plan = pl.coalesce("own_plan", "common_plan")
    upgraded = pl.col("upgraded_on").is_not_null() & template_plan.is_not_null()
    keyed = keyed.with_columns(
        plan_source=pl.when(pl.col("plan").is_not_null()).then(pl.lit("explicit")).otherwise(pl.lit("template")),
        plan=pl.coalesce("plan", pl.when(upgraded).then(pl.lit(Plan.FULL_SPOKE.value)), template_plan),
    ).drop("own_plan", "common_plan")
    unknown = pl.format("template {} has no plan on {}", "template", "created_on")
    return judge(keyed, kinds.TEMPLATE_UNKNOWN, pl.col("plan").is_null(), unknown)


def _questions(frame: pl.DataFrame, policies: Policies) -> pl.DataFrame:
    """What a person must answer before the record can be billed. An unchanged record asks nothing again."""
    changed = ~pl.col("unchanged")
    full, assessment = pl.lit(Plan.FULL_SPOKE.value), pl.lit(Plan.ASSESSMENT_ONLY.value)
    moved = changed & (pl.col("known_partner") != pl.col("partner_id"))
    was = pl.format("it stood under partner {} before", "known_partner")
    frame = judge(frame, kinds.MOVED, moved, was)
    reused = changed & pl.col("other_domain") & (pl.col("known_created") != pl.col("created_on"))
    other = pl.format("client {} has another domain and was created on {}", "client_id", "known_created")
    frame = judge(frame, kinds.REUSED, reused, other)
    down = changed & (pl.col("known_plan") == full) & (pl.col("plan") == assessment)
    frame = judge(frame, kinds.DOWNGRADED, down, pl.lit("it was on a full feature Spoke and is now Assessment Only"))
    up = changed & (pl.col("known_plan") == assessment) & (pl.col("plan") == full) & pl.col("upgraded_on").is_null()
    frame = judge(frame, kinds.UPGRADE_UNDATED, up, pl.lit("it was Assessment Only and has no upgrade day"))
    if policies.archived_client == "bill":
        return frame
    archived = changed & (pl.col("status") == ClientStatus.ARCHIVED.value) & (pl.col("plan") == full)
    first = archived & (pl.col("known_plan").is_null() | (pl.col("known_plan") == assessment)) & ~pl.col("opening")
    return judge(frame, kinds.ARCHIVED, first, pl.lit("it was archived before it was billed"))

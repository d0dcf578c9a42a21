"""What the ledger knows, read once at the start of a plan, as the frames that billing works on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from connector import ledger
from connector.billing.charges import latest
from connector.billing.master import CONTACT_DETAILS
from connector.domain.words import ClientStatus, Plan
from connector.rulebook import Rulebook
from connector.runs.adjusted import with_adjustments
from connector.runs.standing import Uploaded, begins_by_time

_MAY_HOLD = "plan = ? OR upgraded_on IS NOT NULL"  # of one version of a client; see `billing.places.holders`


@dataclass(frozen=True)
class Known:
    """The ledger as one plan sees it: all of it, or what concerns the clients that the plan asks about (`read_for`).

    Attributes:
        key: the key of its digests.
        aliases: client aliases.
        history: every version of each client, `said_on` filled in from the time it was recorded where it is missing.
        versions: the latest version of each client.
        charges: of each subject, metric and term the latest charge or opening entry, with what its adjustments add and
            say, the name of its `source`, and whether it is `credited` and nothing was billed in its place; without
            those between two of `stretches`.
        stretches: lines without a gap of which the first and the latest charge alone are here, see `ledger.STRETCHES`.
        waiting: the charges that stand on no document yet.
        partners: every version of the partner master, with the erasable columns beside it.
        templates: every template version.
        labels: what a document calls each client: its name, by client id.
    """

    key: bytes
    aliases: pl.DataFrame
    history: pl.DataFrame
    versions: pl.DataFrame
    charges: pl.DataFrame
    stretches: pl.DataFrame
    waiting: pl.DataFrame
    partners: pl.DataFrame
    templates: pl.DataFrame
    labels: pl.DataFrame

    @property
    def standing(self) -> pl.DataFrame:
        """The charges and opening entries that stand: without those that are credited."""
        return self.charges.filter(~pl.col("credited"))


def read_known() -> Known:
    """Read the ledger, every charge of it."""
    return _known(_everybody(), ledger.read("charge"), _no_stretches(), ledger.waiting_charges())


def read_telling(gone: Sequence[str] = ()) -> Known:
    """Read the ledger without the charges that no plan looks at.

    All charges of clients that are archived, or were, are read: which of theirs were billed too late is asked.

    Args:
        gone: further clients whose charges are all wanted.
    """
    said = ledger.read("client_version", "status = ?", [ClientStatus.ARCHIVED.value], columns=["client_id"])
    whole = [*{*said["client_id"], *gone}]
    charges, stretches = ledger.telling_charges(whole)
    return _known(_everybody(), charges, stretches, ledger.waiting_charges())


def read_for(uploaded: Uploaded, rulebook: Rulebook) -> Known:
    """Read of the ledger what a plan over these records looks at.

    Where a rule counts, or terms begin by themselves, that is everybody; else the clients that the records name, and
    those whose names may be theirs.
    """
    asked, aliases = uploaded.asked, uploaded.aliases
    gone = (pl.col("status") == ClientStatus.ARCHIVED.value) | pl.col("archived_on").is_not_null()
    if begins_by_time(rulebook) or rulebook.counted or rulebook.policies.counts_places:
        left = asked.filter(gone)
        digests = pl.concat([left["ref_digest"], left["pair_digest"]]).drop_nulls()
        return read_telling(aliases.filter(pl.col("digest").is_in(digests.implode()))["client_id"].to_list())
    named = aliases["client_id"].unique()
    alike = _possible_namesakes(asked, aliases)
    waiting = ledger.waiting_charges()
    subjects = waiting.filter(pl.col("subject_type") == "client")["subject_id"]
    labelled = pl.concat([alike, subjects]).unique()
    people = _People(
        aliases=_union(aliases, ledger.read_among("client_alias", "client_id", pl.concat([named, alike]).unique())),
        history=ledger.read_among("client_version", "client_id", named),
        names=ledger.read_among("personal", "owner_id", labelled),
    )
    charges = _union(
        ledger.read_among("charge", "subject_id", named),
        ledger.read("charge", "subject_type = ?", ["bundle"]),
        "charge_id",
    )
    return _known(people, charges, _no_stretches(), waiting)


def read_places(partner_id: str = "") -> Known:
    """Read what the Assessment Only places of one partner, or of all, rest on: versions, clients, bundles.

    Of all partners only the clients are read that ever were Assessment Only or upgraded: nobody else holds a place.
    """
    wanted, given = ("partner_id = ?", [partner_id]) if partner_id else (_MAY_HOLD, [Plan.ASSESSMENT_ONLY.value])
    own = ledger.read("client_version", wanted, given, columns=["client_id"])["client_id"].unique()
    people = _People(
        aliases=ledger.read_among("client_alias", "client_id", ()),
        history=ledger.read_among("client_version", "client_id", own),
        names=ledger.read_among("personal", "owner_id", ()),
    )
    of_partner = (" AND partner_id = ?", [partner_id]) if partner_id else ("", [])
    bundles = ledger.read("charge", f"subject_type = ?{of_partner[0]}", ["bundle", *of_partner[1]])
    known = _known(people, bundles, _no_stretches(), bundles.clear())
    if not partner_id:
        return known
    return replace(known, partners=known.partners.filter(pl.col("partner_id") == partner_id))


def read_partners() -> pl.DataFrame:
    """Every version of the partner master, with the erasable columns beside it."""
    return _with_personal(ledger.read("partner_version"), ledger.read("personal", "owner_type = ?", ["partner"]))


@dataclass(frozen=True)
class _People:
    """The clients that are read: their aliases, all of their versions, and what of `personal` holds their names."""

    aliases: pl.DataFrame
    history: pl.DataFrame
    names: pl.DataFrame


def _everybody() -> _People:
    return _People(ledger.read("client_alias"), ledger.read("client_version"), ledger.read("personal"))


def _possible_namesakes(asked: pl.DataFrame, aliases: pl.DataFrame) -> pl.Series:
    """Known clients whose names are asked about: those of the partners of new records that no id tells apart."""
    known = aliases["digest"].implode()
    new = ~(pl.col("ref_digest").is_in(known) | pl.col("pair_digest").is_in(known)).fill_null(value=False)
    fresh = asked.filter(new)
    if fresh.is_empty():
        return pl.Series(dtype=pl.String)
    bare = fresh.filter(pl.col("ref_digest").is_null())["partner_id"].unique()
    everyone = ledger.read_among("client_alias", "partner_id", bare, columns=["client_id"])["client_id"]
    return pl.concat([pl.Series(ledger.without_id(), dtype=pl.String), everyone]).unique()


def _union(one: pl.DataFrame, other: pl.DataFrame, key: str = "id") -> pl.DataFrame:
    return pl.concat([one, other]).unique(key, maintain_order=True).sort(key)


def _no_stretches() -> pl.DataFrame:
    return pl.DataFrame(schema=dict(ledger.STRETCHES))


def _known(people: _People, every: pl.DataFrame, stretches: pl.DataFrame, waiting: pl.DataFrame) -> Known:
    named = ledger.read("source", columns=["source_id", "name"]).rename({"name": "source"})
    every = with_adjustments(every, ledger.read("adjustment"))
    every = every.join(named, on="source_id", how="left", maintain_order="left")
    credited = ledger.read("credit", columns=["charge_id"])["charge_id"]
    charges = latest(every).with_columns(credited=pl.col("charge_id").is_in(credited.implode()))
    history = people.history.join(named, on="source_id", how="left", maintain_order="left")
    history = history.with_columns(said_on=pl.coalesce("said_on", pl.col("recorded_at").dt.date())).sort("sequence")
    waiting = waiting.join(named, on="source_id", how="left", maintain_order="left")
    names = people.names.filter((pl.col("owner_type") == "client") & (pl.col("field") == "name"))
    return Known(
        key=ledger.alias_key(),
        aliases=people.aliases,
        history=history,
        versions=history.unique("client_id", keep="last", maintain_order=True),
        charges=charges,
        stretches=stretches,
        waiting=waiting.filter(pl.col("kind") == "charge"),
        partners=read_partners(),
        templates=ledger.read("template_version"),
        labels=names.select(client_id="owner_id", name="value"),
    )


def _with_personal(versions: pl.DataFrame, personal: pl.DataFrame) -> pl.DataFrame:
    """The versions with the partner's erasable columns; a later version for one first day supersedes the earlier."""
    latest = versions.sort("sequence").unique(["partner_id", "valid_from"], keep="last", maintain_order=True)
    for field in CONTACT_DETAILS:
        values = personal.filter(pl.col("field") == field).select(partner_id="owner_id", **{field: "value"})
        latest = latest.join(values, on="partner_id", how="left", maintain_order="left")
    return latest

"""Which client a record is: our own id behind aliases, never a name alone (invariant 1).

Two aliases lead to a client: the source's id within its namespace, and the partner with the website domain. What is
doubtful is held: a new id on a known domain, a domain under another partner, two clients that come with one new domain;
and of two records that lead to one client none is used. The answer does not depend on the order of the rows.
"""

import polars as pl

from connector.billing import kinds
from connector.billing.digests import alike, digest_columns, digest_contents, keyed_digest
from connector.billing.verdicts import judge, places, unjudged
from connector.tables import CLIENTS

_PLACE = ("source", "sheet", "row")
_CONTENT = tuple(name for name in CLIENTS if name not in _PLACE)


def with_row_digests(clients: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """The client records with `row_digest`, the digest of everything but their place."""
    return clients.with_columns(row_digest=digest_contents(clients, _CONTENT, key))


def with_digests(clients: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """The client records with their alias digests and the digest of their contents; as they are where they have them.

    Adds `ref_digest` (namespace and id), `pair_digest` (partner and domain), `domain_digest` (domain alone) and
    `row_digest` (everything but the place); the first three are null where the record has no id or no domain.
    """
    if "ref_digest" in clients.columns:
        return clients
    return with_row_digests(clients, key).with_columns(
        ref_digest=digest_columns(clients, ["namespace", alike("client_ref")], "ref", key),
        pair_digest=digest_columns(clients, [alike("partner_id"), "domain"], "pair", key),
        domain_digest=digest_columns(clients, ["domain"], "domain", key),
    )


def reference_digest(namespace: str, client_ref: str, key: bytes) -> str:
    """The alias digest of one client id, as `with_digests` makes it for records."""
    one = pl.DataFrame({"namespace": [namespace], "client_ref": [client_ref]})
    return str(digest_columns(one, ["namespace", alike("client_ref")], "ref", key).item())


def new_client_id(digest: str | None, key: bytes) -> str:
    """The id that a client gets when it is new: it follows from the digest of its first alias."""
    return "CL-" + keyed_digest(f"client\x1f{digest}", key)[:16]


def identify(clients: pl.DataFrame, aliases: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Give every record its client id, and a verdict where that is in doubt.

    Args:
        clients: records as `with_digests` returns them.
        aliases: what the ledger knows: `client_id`, `kind` (`ref`, `domain`), `digest`, `domain_digest`, `partner_id`.
        key: the ledger's digest key. The id of a new client is derived from its first alias, so that every plan until
            its approval gives it the same one.

    Returns:
        the records with `client_id`, `is_new` (no alias of it is known), `new_ref` (the id is a new alias),
        `new_pair`, and verdict columns.
    """
    frame = _repeated(unjudged(clients))
    frame = _looked_up(frame, aliases)
    frame = _doubtful(frame)
    frame = _same_client(frame)
    frame = _shared(frame)
    seed = pl.coalesce("ref_digest", "pair_digest")
    seeds = frame.select(seed).to_series().to_list()
    fresh = [new_client_id(one, key) for one in seeds]
    return frame.with_columns(
        is_new=pl.col("known_client").is_null(),
        new_ref=pl.col("ref_digest").is_not_null() & pl.col("by_ref").is_null(),
        new_pair=pl.col("pair_digest").is_not_null() & pl.col("by_pair").is_null(),
        client_id=pl.coalesce("known_client", pl.Series(fresh, dtype=pl.String)),
    ).drop("by_ref", "by_pair", "known_client", "pair_has_ref", "other_partner")


def ask_namesakes(identified: pl.DataFrame, aliases: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Hold new clients that bear the name of a known client of their partner, where no id tells the two apart.

    A name decides nothing: it only asks. Two clients that both have ids may share a name.

    Args:
        identified: what `identify` returned.
        aliases: what the ledger knows.
        names: `client_id` and `name` of its clients.
    """
    owners = aliases.group_by("client_id").agg(
        pl.col("partner_id").last(), namesake_has_ref=(pl.col("kind") == "ref").any()
    )
    known = names.join(owners, on="client_id").select(
        "partner_id", "namesake_has_ref", _name=alike("name"), namesake="client_id"
    )
    # One row for each name: where one of its bearers has no id, that one counts.
    known = known.sort("namesake_has_ref", "namesake").unique(["partner_id", "_name"], keep="first")
    frame = identified.with_columns(_name=alike("name"))
    frame = frame.join(known, on=["partner_id", "_name"], how="left", maintain_order="left")
    told_apart = pl.col("ref_digest").is_not_null() & pl.col("namesake_has_ref")
    asked = pl.col("is_new") & pl.col("namesake").is_not_null() & ~told_apart
    detail = pl.format("client {} of partner {} has the same name", "namesake", "partner_id")
    return judge(frame, kinds.NAMESAKE, asked, detail).drop("_name", "namesake", "namesake_has_ref")


def _repeated(frame: pl.DataFrame) -> pl.DataFrame:
    """Records that stand twice: one of equal ones is used, none of different ones."""
    identity = pl.coalesce("ref_digest", "pair_digest")
    contents = pl.col("row_digest").n_unique().over(identity)
    frame = judge(
        frame, kinds.DUPLICATE_ID, contents > 1, pl.format("one id, different contents: {}", places(identity))
    )
    return judge(
        frame,
        kinds.DUPLICATE_ROW,
        ~identity.is_first_distinct(),
        pl.format("the same record stands in {}", places(identity)),
    )


def _looked_up(frame: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    refs = aliases.filter(pl.col("kind") == "ref")
    pairs = aliases.filter(pl.col("kind") == "domain")
    having_ref = refs.select("client_id").unique()
    by_ref = refs.select(ref_digest="digest", by_ref="client_id")
    by_pair = pairs.select(
        pair_digest="digest",
        by_pair="client_id",
        pair_has_ref=pl.col("client_id").is_in(having_ref["client_id"].implode()),
    )
    frame = frame.join(by_ref, on="ref_digest", how="left", maintain_order="left")
    frame = frame.join(by_pair, on="pair_digest", how="left", maintain_order="left")
    frame = frame.with_columns(
        known_client=pl.coalesce("by_ref", "by_pair"),
        other_domain=pl.col("by_ref").is_in(pairs["client_id"].unique().implode())
        & pl.col("pair_digest").is_not_null()
        & pl.col("by_pair").is_null(),
    )
    return _with_other_partners(frame, pairs)


def _with_other_partners(frame: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `other_partner`: the other partners under which the domain is known, for another client; null for none."""
    numbered = frame.with_row_index("_at")
    owners = pairs.select("domain_digest", owner="client_id", owner_partner="partner_id")
    claims = numbered.select("_at", "partner_id", "domain_digest", "known_client").join(owners, on="domain_digest")
    elsewhere = claims.filter(
        (pl.col("owner_partner") != pl.col("partner_id")) & pl.col("owner").ne_missing(pl.col("known_client"))
    )
    named = elsewhere.group_by("_at").agg(other_partner=pl.col("owner_partner").unique().sort().str.join(", "))
    return numbered.join(named, on="_at", how="left", maintain_order="left").drop("_at")


def _doubtful(frame: pl.DataFrame) -> pl.DataFrame:
    ref, pair = pl.col("by_ref"), pl.col("by_pair")
    has_ref = pl.col("ref_digest").is_not_null()
    clash = (ref.is_not_null() & pair.is_not_null() & (ref != pair)) | (
        ref.is_null() & has_ref & pair.is_not_null() & pl.col("pair_has_ref")
    )
    known = pl.format("the domain {} already belongs to client {}", pl.col("domain"), pair)
    frame = judge(frame, kinds.NEW_ID_KNOWN_DOMAIN, clash, known)
    elsewhere = pl.col("other_partner").is_not_null() & pair.is_null()
    under = pl.format("the domain {} is known under partner {}", "domain", "other_partner")
    return judge(frame, kinds.OTHER_PARTNER_DOMAIN, elsewhere, under)


def _same_client(frame: pl.DataFrame) -> pl.DataFrame:
    """Records that lead to one known client by different aliases: one by its id, one by its domain."""
    rival = pl.col("code").is_null() & pl.col("known_client").is_not_null()
    detail = pl.format("one client, different records: {}", places("known_client", rival))
    return judge(frame, kinds.DUPLICATE_ID, rival & (rival.sum().over("known_client") > 1), detail)


def _shared(frame: pl.DataFrame) -> pl.DataFrame:
    """Clients that come with one new domain, known ones too: nobody can tell which of them has it."""
    rival = pl.col("code").is_null() & pl.col("by_pair").is_null() & pl.col("domain_digest").is_not_null()
    detail = pl.format("{} stands in {}", "domain", places("domain_digest", rival))
    return judge(frame, kinds.SHARED_DOMAIN, rival & (rival.sum().over("domain_digest") > 1), detail)

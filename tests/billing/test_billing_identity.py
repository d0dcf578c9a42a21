"""Which client a record is (invariant 1, client identity). A record is held or blocked where that is in doubt."""

from typing import Any

import polars as pl
import pytest
from billing_frames import KEY, QUICK, Row, clients, identified, ledger, verdicts
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.digests import keyed_digest
from connector.billing.identity import ask_namesakes, reference_digest, with_digests

Found = list[tuple[str | None, str | None]]


def ref(client: str, number: str, partner: str = "P-1", namespace: str = "platform") -> Row:
    digest = keyed_digest(f"ref\x1f{namespace}\x1f{number}", KEY)
    return {"client_id": client, "kind": "ref", "digest": digest, "partner_id": partner}


def pair(client: str, domain: str, partner: str = "P-1") -> Row:
    digest, alone = keyed_digest(f"pair\x1f{partner}\x1f{domain}", KEY), keyed_digest(f"domain\x1f{domain}", KEY)
    return {"client_id": client, "kind": "domain", "digest": digest, "domain_digest": alone, "partner_id": partner}


def known(*rows: Row) -> pl.DataFrame:
    return ledger("client_alias", *rows)


def told(frame: pl.DataFrame) -> Found:
    return list(frame.select("code", "detail").iter_rows())


def test_a_new_client_gets_an_id_of_its_first_alias_and_its_aliases() -> None:
    one = clients({"client_ref": "C-1", "domain": "a.example"})
    got = identified(one).select("client_id", "is_new", "new_ref", "new_pair", "code", "detail")
    seed = keyed_digest("ref\x1fplatform\x1fC-1", KEY)
    client = "CL-" + keyed_digest(f"client\x1f{seed}", KEY)[:16]
    assert got.rows() == [(client, True, True, True, None, None)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"client_ref": "C-1", "domain": "a.example"}, ("CL-a", False, False, False)),
        ({"client_ref": "C-1", "domain": "new.example"}, ("CL-a", False, False, True)),
        ({"client_ref": "C-1", "domain": None}, ("CL-a", False, False, False)),
        ({"client_ref": None, "domain": "a.example"}, ("CL-a", False, False, False)),
        ({"client_ref": "C-9", "domain": "b.example"}, ("CL-b", False, True, False)),
    ],
)
def test_a_known_client_is_found_by_either_alias(row: Row, expected: tuple[Any, ...]) -> None:
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "a.example"), pair("CL-b", "b.example"))
    got = identified(clients(row), aliases)
    assert got.select("client_id", "is_new", "new_ref", "new_pair", "code").rows() == [(*expected, None)]


def test_a_name_alone_is_no_identity() -> None:
    """What goes wrong, 6, for clients: two of one name are two; one under another name is still one."""
    got = identified(clients({"name": "Contoso"}, {"name": "Contoso"}))
    assert (verdicts(got), got["client_id"].n_unique()) == ([None, None], 2)
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "c1.example"))
    renamed = clients({"name": "a very long name " * 300}, {"client_ref": "C-8", "domain": "x.example", "name": "N"})
    assert identified(renamed, aliases)["is_new"].to_list() == [False, True]


def test_the_same_id_in_another_system_is_another_alias() -> None:
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "a.example"))
    got = identified(clients({"client_ref": "C-1", "namespace": "crm", "domain": "b.example"}), aliases)
    assert got["is_new"].to_list() == [True]


def test_a_new_id_on_a_domain_already_billed_is_held() -> None:
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "a.example"))
    got = identified(clients({"client_ref": "C-2", "domain": "a.example"}), aliases)
    assert told(got) == [("client-domain-known", "the domain a.example already belongs to client CL-a")]


def test_two_aliases_of_different_clients_are_held() -> None:
    aliases = known(ref("CL-a", "C-1"), ref("CL-b", "C-2"), pair("CL-b", "b.example"))
    got = identified(clients({"client_ref": "C-1", "domain": "b.example"}), aliases)
    assert told(got) == [("client-domain-known", "the domain b.example already belongs to client CL-b")]


def test_a_domain_known_under_another_partner_is_held() -> None:
    aliases = known(pair("CL-a", "a.example", "P-3"), pair("CL-b", "a.example", "P-2"), pair("CL-c", "c.example"))
    got = identified(clients({"domain": "a.example"}, {"domain": "c.example"}), aliases)
    assert told(got) == [
        ("client-domain-other-partner", "the domain a.example is known under partner P-2, P-3"),
        (None, None),
    ]


def test_a_known_client_that_takes_a_domain_of_another_partners_client_is_held() -> None:
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "a.example"), pair("CL-b", "b.example", "P-2"))
    got = identified(clients({"client_ref": "C-1", "domain": "b.example"}), aliases)
    assert told(got) == [("client-domain-other-partner", "the domain b.example is known under partner P-2")]


def test_a_client_that_only_moved_keeps_its_domain() -> None:
    """It is asked about as moved, by the lifecycle; its own domain under its first partner is no other client."""
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "a.example"))
    got = identified(clients({"client_ref": "C-1", "domain": "a.example", "partner_id": "P-2"}), aliases)
    assert got.select("client_id", "new_pair", "code").rows() == [("CL-a", True, None)]


def test_two_new_clients_with_one_domain_are_both_held() -> None:
    rows = clients({"domain": "a.example"}, {"domain": "a.example"}, {"domain": None}, {"domain": None})
    held = ("client-domain-shared", "a.example stands in clients.xlsx:Clients!2, clients.xlsx:Clients!3")
    assert told(identified(rows)) == [held, held, (None, None), (None, None)]


def test_two_new_clients_with_one_domain_under_two_partners_are_both_held() -> None:
    rows = clients({"domain": "a.example"}, {"domain": "a.example", "partner_id": "P-2"})
    assert verdicts(identified(rows)) == ["client-domain-shared", "client-domain-shared"]


def test_a_new_client_and_a_known_one_that_changes_to_its_domain_are_both_held() -> None:
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "a.example"))
    rows = clients({"client_ref": "C-1", "domain": "new.example"}, {"client_ref": "C-2", "domain": "new.example"})
    assert verdicts(identified(rows, aliases)) == ["client-domain-shared", "client-domain-shared"]


def test_two_known_clients_that_change_to_one_domain_are_both_held() -> None:
    aliases = known(ref("CL-a", "C-1"), ref("CL-b", "C-2"))
    rows = clients({"client_ref": "C-1", "domain": "new.example"}, {"client_ref": "C-2", "domain": "new.example"})
    assert verdicts(identified(rows, aliases)) == ["client-domain-shared", "client-domain-shared"]


def test_one_client_by_its_id_and_again_by_its_domain_is_used_by_neither() -> None:
    aliases = known(ref("CL-a", "C-1"), pair("CL-a", "a.example"))
    rows = clients({"client_ref": "C-1", "domain": "a.example"}, {"client_ref": None, "domain": "a.example"})
    detail = "one client, different records: clients.xlsx:Clients!2, clients.xlsx:Clients!3"
    assert told(identified(rows, aliases)) == [("record-duplicate-id", detail)] * 2


def test_two_new_ids_on_the_domain_of_a_client_without_an_id_are_used_by_neither() -> None:
    aliases = known(pair("CL-a", "a.example"))
    rows = clients({"client_ref": "C-1", "domain": "a.example"}, {"client_ref": "C-2", "domain": "a.example"})
    assert verdicts(identified(rows, aliases)) == ["record-duplicate-id", "record-duplicate-id"]


def test_a_repeated_record_is_used_once() -> None:
    """What goes wrong, 1 and 11: the same row again in one upload."""
    row = {"client_ref": "C-1", "domain": "a.example", "name": "A"}
    again = ("record-duplicate", "the same record stands in clients.xlsx:Clients!2, clients.xlsx:Clients!3")
    assert told(identified(clients(row, row))) == [(None, None), again]


def test_one_id_with_different_contents_is_not_used_at_all() -> None:
    rows = clients({"client_ref": "C-1", "count_low": 11}, {"client_ref": "C-1", "count_low": 51})
    detail = "one id, different contents: clients.xlsx:Clients!2, clients.xlsx:Clients!3"
    assert told(identified(rows)) == [("record-duplicate-id", detail)] * 2


def test_records_without_an_id_repeat_by_partner_and_domain() -> None:
    row = {"client_ref": None, "domain": "a.example"}
    got = identified(clients({**row, "name": "A"}, {**row, "name": "B"}, {**row, "partner_id": "P-2"}))
    assert verdicts(got) == ["record-duplicate-id", "record-duplicate-id", None]


def test_no_records_are_no_verdicts() -> None:
    got = identified(clients())
    assert (got.height, set(got.columns) >= {"client_id", "is_new", "new_ref", "new_pair", "code", "detail"}) == (
        0,
        True,
    )


def test_the_place_is_no_content_and_everything_else_is() -> None:
    row = {"client_ref": "C-1", "domain": "a.example", "name": "A"}
    moved = with_digests(clients(row, {**row, "sheet": "Other", "source": "x.csv"}), KEY)["row_digest"]
    edited = with_digests(clients(row, *({**row, name: None} for name in ("name", "plan", "users"))), KEY)["row_digest"]
    assert (moved.n_unique(), edited.n_unique()) == (1, 4)


_rows = st.fixed_dictionaries(
    {
        "client_ref": st.sampled_from([None, "C-1", "C-2", "C-3"]),
        "domain": st.sampled_from([None, "a.example", "b.example", "c.example"]),
        "partner_id": st.sampled_from(["P-1", "P-2"]),
        "name": st.sampled_from(["N", "M"]),
    }
).filter(lambda row: row["client_ref"] or row["domain"])
_aliases = st.lists(
    st.one_of(
        st.builds(ref, st.sampled_from(["CL-a", "CL-b"]), st.sampled_from(["C-1", "C-2"])),
        st.builds(
            pair,
            st.sampled_from(["CL-a", "CL-b"]),
            st.sampled_from(["a.example", "b.example"]),
            st.sampled_from(["P-1", "P-2"]),
        ),
    ),
    max_size=4,
    unique_by=lambda row: row["digest"],
)


def _judged(records: pl.DataFrame, aliases: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Verdicts without the places, sorted: equal records are told apart by nothing."""
    frame = identified(records, aliases).with_columns(new=pl.col("is_new") & pl.col("code").is_null())
    return sorted(frame.select("row_digest", "client_id", "code", "new", "new_ref", "new_pair").rows(), key=repr)


@QUICK
@given(st.lists(_rows, max_size=6), _aliases, st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_the_rows(rows: list[Row], aliases: list[Row], random: Any) -> None:
    mixed, other = list(rows), list(aliases)
    random.shuffle(mixed)
    random.shuffle(other)
    assert _judged(clients(*rows), known(*aliases)) == _judged(clients(*mixed), known(*other))


@QUICK
@given(st.lists(_rows, max_size=6), _aliases)
def test_what_passes_has_one_record_per_client_and_one_client_per_new_alias(
    rows: list[Row], aliases: list[Row]
) -> None:
    passed = identified(clients(*rows), known(*aliases)).filter(pl.col("code").is_null())
    refs, pairs = passed.filter("new_ref"), passed.filter("new_pair")
    assert [passed["client_id"].is_unique().all(), refs["ref_digest"].is_unique().all()] == [True, True]
    assert pairs["pair_digest"].is_unique().all()
    taken = {row["digest"] for row in aliases}
    assert not taken & {*refs["ref_digest"], *pairs["pair_digest"]}
    assert not {row["client_id"] for row in aliases} & set(passed.filter("is_new")["client_id"])


@pytest.mark.parametrize(
    ("row", "aliases", "asked"),
    [
        ({"client_ref": None, "domain": "new.example"}, [ref("CL-a", "C-9")], True),
        ({"client_ref": "C-1", "domain": None}, [pair("CL-a", "old.example")], True),
        ({"client_ref": "C-1", "domain": "new.example"}, [ref("CL-a", "C-9")], False),
        ({"client_ref": None, "domain": "new.example", "partner_id": "P-2"}, [ref("CL-a", "C-9")], False),
        ({"client_ref": None, "domain": "new.example", "name": "Other"}, [ref("CL-a", "C-9")], False),
        ({"client_ref": "C-9", "domain": "new.example"}, [ref("CL-a", "C-9")], False),
    ],
)
def test_a_name_asks_where_no_id_tells_two_clients_apart(row: Row, aliases: list[Row], *, asked: bool) -> None:
    given_aliases = known(*aliases)
    found = identified(clients({"name": "Northwind", **row}), given_aliases)
    names = pl.DataFrame({"client_id": ["CL-a"], "name": ["NORTHWIND"]})
    codes = ask_namesakes(found, given_aliases, names)["code"].to_list()
    assert codes == (["client-name-known"] if asked else [None])


@pytest.mark.parametrize("other", ["c-1", "\uff23-1", "C-1"])
def test_two_spellings_of_one_id_are_one_client(other: str) -> None:
    first, second = (with_digests(clients({"client_ref": one}), KEY)["ref_digest"][0] for one in ("C-1", other))
    assert first == second
    assert reference_digest("platform", other, KEY) == first

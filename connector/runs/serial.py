"""What two processes must not work on at once, as names that a transaction of the ledger holds.

A stranger's trap: what was read before the names were held may be old. Hold first, then read the state, the lines on
hold and the ledger.
"""

from collections.abc import Iterable, Iterator

from connector import ledger
from connector.runs.runplan import RunPlan

_CLIENT = ("client_id", "ref_digest", "pair_digest", "domain_digest")


def hold_plan(plan: RunPlan) -> None:
    """Hold everything that approving a plan rests on: its run, partners, clients with their ids and domains.

    Two plans that add templates exclude each other; one that only reads templates may as well have been approved first.

    Raises:
        StoreError: another process holds some of it for too long.
    """
    clients = plan.frames["clients"]
    digests = (f"{column} {one}" for column in _CLIENT for one in clients[column].drop_nulls().unique().to_list())
    templates = [] if plan.frames["templates"].is_empty() else ["templates"]
    ledger.hold([*_lines_of(plan), *templates, *digests])


def hold_lines(plan: RunPlan) -> None:
    """Hold what putting lines of a plan on hold rests on: its run and partners.

    Raises:
        StoreError: as `hold_plan`.
    """
    ledger.hold(_lines_of(plan))


def hold_the_last() -> None:
    """Hold the place of the last approval, as the last step of one: so approvals are numbered as they are committed.

    Raises:
        StoreError: as `hold_plan`.
    """
    ledger.hold(["the last approval"], "approvals")  # a group of its own: held by everyone after all else


def hold_partners(partners: Iterable[str]) -> None:
    """Hold partners.

    Raises:
        StoreError: as `hold_plan`.
    """
    ledger.hold(_partners(partners))


def hold_runs(run_ids: Iterable[str]) -> None:
    """Hold runs, so that no plan of theirs is approved meanwhile.

    Raises:
        StoreError: as `hold_plan`.
    """
    ledger.hold(_run(one) for one in run_ids)


def hold_clients(clients: Iterable[str], ref_digests: Iterable[str]) -> None:
    """Hold clients, and ids that may lead to one, so that no plan that rests on them is approved meanwhile.

    Raises:
        StoreError: as `hold_plan`.
    """
    ledger.hold([*(f"client_id {one}" for one in clients), *(f"ref_digest {one}" for one in ref_digests)])


def _lines_of(plan: RunPlan) -> list[str]:
    known = {*plan.frames["used_partners"]["partner_id"].to_list(), *plan.frames["partners"]["partner_id"].to_list()}
    return [_run(plan.run_id), *_partners(known)]


def _run(run_id: str) -> str:
    return f"run {run_id}"


def _partners(partners: Iterable[str]) -> Iterator[str]:
    return (f"partner {one}" for one in partners)

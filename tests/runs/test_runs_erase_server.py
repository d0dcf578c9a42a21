"""Erasure on a server: no name is in its tables any more, and the ledger still proves itself."""

import os

import pytest
from world import World, client

from connector import ledger
from connector.runs import kept_uploads, store, workspace
from connector.runs.config import load_config

NAME = "Quillfeather Clinics"


def _told(world: World) -> bool:
    """Whether the name stands in a plan, an upload, a request or the table of names."""
    workspace.open_ledger(load_config(world.folder, os.environ))
    plans = [store.stored_plan(one.run_id) for one in store.run_states()]
    told = [repr(plain) + repr([frame.rows() for frame in frames.values()]) for plain, frames in plans]
    told += [repr(one.rows.rows()) for one in kept_uploads.every_snapshot()]
    told += [repr(ledger.read(table).rows()) for table in ("personal", "outbox")]
    ledger.close_store()
    return any(NAME in one for one in told)


@pytest.mark.usefixtures("on_postgres")
def test_a_client_is_erased_on_a_server(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A", name=NAME), client("B")))
    assert _told(world)
    assert world.run("erase", "A", "--yes").plain["erased"][0]["items"] > 0
    assert not _told(world)
    assert (world.run("verify").code, world.run("rebuild", "--check").code) == (0, 0)
    assert world.run("erase", "--older-than", "1", "--yes").plain["erased"] == []

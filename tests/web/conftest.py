"""The page of a working folder, for the tests of this room."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from web_kit import serve_here
from world import World

from connector import ledger
from connector.sandbox import SandboxServer
from connector.web.site import Site


@pytest.fixture
def site(world: World) -> Site:
    """The page of the world, and nobody who may enter yet."""
    return serve_here(world.folder)


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with one run planned, one approved and one sent; tests of this module share it and change nothing."""
    place: Path = tmp_path_factory.mktemp("billed")
    server = SandboxServer(state=place / "books.sqlite3", host="127.0.0.1", port=0)
    server.start()
    world = World(place / "work", server)
    world.approved("C-1", "C-2")
    world.run("push", "R-0001")
    world.approved("C-3")
    world.plan(world.partners(), world.clients("C-4,P-1,Nobody,,Full,,,11-50,Active"))
    serve_here(world.folder)
    yield world
    ledger.close_store()
    server.stop()

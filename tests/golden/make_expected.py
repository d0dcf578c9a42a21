"""Write what must come out of the samples, beside them: `samples/expected.json`. Run by `make golden`."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from world import World

from connector import ledger
from connector.sandbox import SandboxServer

EXPECTED = Path(__file__).parents[2] / "samples" / "expected.json"
UPLOADS = (("samples", "2025-06-20"), ("later", "2025-07-15"))


def outcome(world: World) -> dict[str, Any]:
    """What the two sample uploads bill, block and hold, without what differs from ledger to ledger."""
    found = {}
    for name, day in UPLOADS:
        files = getattr(world, name)
        planned = world.plan(*files, as_of=day).plain
        approved = world.run("approve", planned["run"]).plain
        sent = world.run("push", planned["run"]).plain
        found[name] = {
            "changes": list(planned["changes"]["sentences"].values()),
            "buckets": planned["buckets"],
            "problems": [f"{_near(one['where'])} {one['severity']} {one['code']}" for one in planned["problems"]],
            "documents": [_document(one) for one in approved["documents"]],
            "stages": [[stage["name"].replace(str(Path(files[0]).parent) + "/", ""), stage["count"], stage["minor"]]
                       for stage in sent["tie_out"]["stages"]],
            "ties": sent["tie_out"]["ties"],
        }  # fmt: skip
    return found


def _near(where: str) -> str:
    return where.rpartition("/")[2]


def _document(plain: Mapping[str, Any]) -> dict[str, Any]:
    lines = [
        [line["description"], line["account"], line["tax_code"], line["net_minor"], line["tax_minor"]]
        for line in plain["lines"]
    ]
    party = plain["party"]["partner_id"]
    return {
        "number": plain["number"], "partner": party, "currency": plain["currency"], "due": plain["due"],
        "reference": plain["reference"], "lines": sorted(lines),
    }  # fmt: skip


def write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = SandboxServer(state=Path(folder) / "books.sqlite3", host="127.0.0.1", port=0)
        server.start()
        try:
            found = outcome(World(Path(folder) / "work", server))
        finally:
            ledger.close_store()
            server.stop()
    EXPECTED.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()

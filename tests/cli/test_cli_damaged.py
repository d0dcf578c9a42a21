"""A ledger whose file is damaged: no command works on, also where the file is checked beside the reading of sources."""

from world import World


def test_no_plan_is_made_on_a_damaged_ledger(alone: World) -> None:
    plan = alone.plan(alone.partners())
    assert plan.code == 0
    [file] = alone.folder.glob("*.sqlite3")
    with file.open("r+b") as ledger:
        ledger.seek(36)  # how many pages are free, says the header
        ledger.write((7).to_bytes(4, "big"))
    for refused in (alone.plan(alone.partners()), alone.run("runs")):
        assert refused.code == 2
        assert "is damaged" in refused.err + refused.out

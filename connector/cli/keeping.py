"""verify, rebuild: what a ledger proves of itself, told."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector import ledger
from connector.cli import opening
from connector.cli.output import finish, progress_bar, table
from connector.runs import workspace
from connector.runs.errors import INPUT, StopError
from connector.runs.rebuild import Proof, refuse_without_check, register_proofs
from connector.runs.rebuild_adjustments import adjustment_proofs
from connector.runs.rebuild_balances import balance_proofs
from connector.runs.rebuild_sending import sending_proofs
from connector.runs.rebuild_sources import source_proofs

_LISTED = 20
_STOP = "Stop billing from this ledger, keep the file as it is, and restore the latest backup that verifies."


def verify(folder: Path, heads: Sequence[str], *, as_json: bool) -> None:
    """Prove the ledger; exit 1 when an entry was altered."""
    wanted = dict(_head(one) for one in heads)
    with opening.opened(folder), progress_bar("rows", shown=not as_json) as progress:
        found = ledger.verify(wanted, progress)
    plain = {
        "sound": not found.faults,
        "chains": [asdict(one) for one in found.chains],
        "rows": dict(found.rows),
        "faults": [{**asdict(one), "told": str(one)} for one in found.faults],
        "next_step": _STOP if found.faults else "",
    }
    finish(plain, INPUT if found.faults else 0, as_json=as_json, render=lambda to: _show(to, found))


def _head(text: str) -> tuple[str, str]:
    entity, equals, digest = text.partition("=")
    if not (entity and equals and digest):
        raise StopError(f"--head {text!r} is no head", "Write it as us=1f0c…, as 'connector verify' prints it.")
    return entity, digest.strip().lower()


def _show(to: Console, found: ledger.Verified) -> None:
    chains = [(one.entity, str(one.links), one.head) for one in found.chains]
    if chains:
        to.print(table("Chains", ["chain", "links", "head"], chains, ["links"]))
    earlier = sum(one.earlier for one in found.chains)
    if earlier:
        to.print(Text(f"{earlier} links were made by earlier versions, which covered no rows: their order is proved."))
    rows = sum(found.rows.values())
    if not found.faults:
        to.print(
            Text(f"{rows:,} entries in {len(found.rows)} tables are as they were written. Keep the heads elsewhere.")
        )
        return
    first, *more = found.faults
    to.print(Text(f"The first altered entry: {first}", style="red"))
    for one in more[: _LISTED - 1]:
        to.print(Text(f"  {one}", style="red"))
    if len(found.faults) > _LISTED:
        to.print(Text(f"… and {len(found.faults) - _LISTED} more; with --json all of them are listed."))
    to.print(Text(_STOP))


def rebuild(folder: Path, *, check: bool, as_json: bool) -> None:
    """Derive everything again; exit 1 when something is not as it was derived."""
    refuse_without_check(check=check)
    with opening.opened(folder) as config, progress_bar("runs", shown=not as_json) as progress:
        rulebook = workspace.open_files(config).rulebook
        with ledger.still():
            balances = balance_proofs(rulebook, opening.now().date())
            registers = (*register_proofs(), *adjustment_proofs())
            proofs = (*registers, *sending_proofs(), *balances, *source_proofs(progress))
    wrong = [one for one in proofs if one.wrong]
    plain = {"agrees": not wrong, "proofs": [asdict(one) for one in proofs]}

    def render(to: Console) -> None:
        rows = [(one.name, f"{one.looked:,}", f"{one.wrong:,}", one.note) for one in proofs]
        to.print(table("Derived again", ["what", "compared", "wrong", "left out"], rows, ["compared", "wrong"]))
        _show_wrong(to, wrong)

    finish(plain, INPUT if wrong else 0, as_json=as_json, render=render)


def _show_wrong(to: Console, wrong: Sequence[Proof]) -> None:
    for one in wrong:
        for told in one.first[:_LISTED]:
            to.print(Text(f"{one.name}: {told}", style="red"))
    if wrong:
        to.print(Text("Run 'connector verify': it tells whether an entry was altered. If none was, report this."))
    else:
        to.print(Text("Everything that was derived again agrees."))

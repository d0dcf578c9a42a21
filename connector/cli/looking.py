"""status, runs, documents, exceptions, explain, balance: look, change nothing."""

from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from connector import ledger
from connector.cli import opening
from connector.cli.output import finish, table
from connector.cli.show import show_attention, show_balances, show_documents, show_tie_out
from connector.runs import explain as explaining
from connector.runs import nights, store, views, workspace
from connector.runs.attention import attention
from connector.runs.errors import INPUT, REMAINS, StopError
from connector.runs.tieout import tie_out


def status(folder: Path, run: str, *, as_json: bool) -> None:
    """The tie-out of a run and what is open."""
    with opening.opened(folder) as config:
        if not store.run_states():
            nothing = Text("No runs yet: 'connector plan FILE'.")
            finish({"runs": 0}, 0, as_json=as_json, render=lambda to: to.print(nothing))
        state = store.state_of(run)
        tied = tie_out(run)
        found, heads = attention(config, opening.asked(None)), ledger.chain_heads()

        def render(to: Console) -> None:
            to.print(Text(f"{state.run_id} is {state.state} since {state.state_at:%Y-%m-%d %H:%M} UTC."))
            show_tie_out(to, tied)
            to.print(Text(f"{len(found)} things need a person: 'connector exceptions'."))
            for entity, head in heads.items():
                to.print(Text(f"chain head of {entity}: {head}"))

        plain = {
            "state": state.state,
            "tie_out": tied.to_plain(),
            "exceptions": len(found),
            "chain_heads": heads,
        }
        remains = state.state == "approved" and not tied.ties
        finish(plain, REMAINS if remains else 0, as_json=as_json, render=render)


def alarm(folder: Path, *, as_json: bool) -> NoReturn:
    """Whether the nightly run was missed or failed; end with 1 where it was."""
    with opening.opened(folder) as config:
        why = nights.alarm(opening.now(), config.sync.alarm_after)
        last = nights.last()
        plain = {"alarm": why, "night": last.night_id if last else "", "at": last.at.isoformat() if last else ""}
        shown = Text(f"ALARM: {why}.", style="red") if why else Text("No alarm: the last nightly run ended in time.")
        finish(plain, INPUT if why else 0, as_json=as_json, render=lambda to: to.print(shown))


def runs(folder: Path, *, as_json: bool) -> None:
    """The runs."""
    with opening.opened(folder):
        told = [(one, store.plain_plan(one.run_id)) for one in store.run_states()]
        rows = [
            (
                one.run_id,
                f"{one.created_at:%Y-%m-%d %H:%M}",
                one.created_by,
                one.state,
                str(len(plan["documents"])),
                str(len(plan["problems"])),
                ", ".join(str(source["name"]) for source in plan["sources"]),
            )
            for one, plan in told
        ]
        columns = ["run", "planned", "by", "state", "documents", "problems", "sources"]
        plain = {"runs": [dict(zip(columns, row, strict=True)) for row in rows]}
        shown = table("Runs", columns, rows, ["documents", "problems"]) if rows else Text("No runs yet.")
        finish(plain, 0, as_json=as_json, render=lambda to: to.print(shown))


def documents(folder: Path, run: str, *, as_json: bool) -> None:
    """The documents."""
    with opening.opened(folder):
        found = views.documents(run or None)
        plain = {"documents": [views.document_to_plain(one) for one in found]}
        finish(plain, 0, as_json=as_json, render=lambda to: show_documents(to, found))


def exceptions(folder: Path, *, as_json: bool) -> None:
    """What needs a person."""
    with opening.opened(folder) as config:
        found = attention(config, opening.asked(None))
        plain = {"exceptions": [asdict(one) for one in found]}
        finish(plain, REMAINS if found else 0, as_json=as_json, render=lambda to: show_attention(to, found))


def explain(folder: Path, subject: str, *, as_json: bool) -> None:
    """Why a line or a client is billed as it is."""
    with opening.opened(folder) as config:
        namespaces = {mapping.namespace for mapping in workspace.open_mappings(config).items}
        reasons = explaining.explain(subject, sorted(namespaces))

        def render(to: Console) -> None:
            for reason in reasons:
                to.print(Text(reason.title, style="bold"))
                for label, text in reason.facts:
                    to.print(Text(f"  {label:<9} {text}"))

        plain = {"explained": [{"title": one.title, "facts": dict(one.facts)} for one in reasons]}
        finish(plain, 0, as_json=as_json, render=render)


def balance(folder: Path, partner: str, *, as_json: bool) -> None:
    """Assessment Only places."""
    with opening.opened(folder) as config:
        rulebook = workspace.open_files(config).rulebook
        found = [
            one for one in views.bundle_balances(rulebook, opening.now().date()) if partner in ("", one.partner_id)
        ]
        if partner and not found:
            raise StopError(f"partner {partner} is not in the partner master", "'connector balance' lists all.", INPUT)
        plain = {"balances": [{**asdict(one), "left": one.left} for one in found]}
        finish(plain, 0, as_json=as_json, render=lambda to: show_balances(to, found))

"""Whether a proposal's rules can be billed with, and whether the rules in force are still what it was begun with."""

from pathlib import Path
from tempfile import TemporaryDirectory

from connector.domain.problems import errors
from connector.runs import rule_drafts
from connector.runs.config import Config
from connector.runs.proposal_files import Proposal
from connector.runs.rule_checks import Checked, check_rules
from connector.runs.rule_testing import Tested, run_rule_tests


def check(config: Config, proposal: Proposal) -> Checked:
    """Its rules, proved from all sides."""
    return check_rules(proposal.rules, config.mappings, label=proposal.label)


def check_text(config: Config, proposal: Proposal, name: str, text: str) -> Checked:
    """Its rules, proved as if one file had this text. Nothing is kept.

    Raises:
        StopError: the file cannot be so.
    """
    with TemporaryDirectory(prefix="connector-draft-") as place:
        folder = Path(place) / "rules"
        rule_drafts.copy(proposal.rules, folder)
        rule_drafts.write(folder, name, text)
        return check_rules(folder, config.mappings, label=proposal.label)


def test(proposal: Proposal, checked: Checked) -> Tested | None:
    """What the tests beside its rules say; None while the rules have faults."""
    return run_rule_tests(proposal.rules, checked.examined, label=proposal.label)


def unusable(config: Config, proposal: Proposal) -> str:
    """Why its rules cannot be billed with; empty where they can."""
    checked = check(config, proposal)
    faults = errors(checked.problems)
    if faults:
        return f"its rules have {_number(len(faults))}, the first: {_first(str(faults[0]))}"
    tested = test(proposal, checked)
    wrong = errors(tested.problems) if tested is not None else ()
    return f"its tests have {_number(len(wrong))}, the first: {_first(str(wrong[0]))}" if wrong else ""


def changed_since(config: Config, proposal: Proposal) -> tuple[str, ...]:
    """The files in force that were changed in another way since a proposal was begun."""
    before, after, now = (rule_drafts.state_of(one) for one in (proposal.before, proposal.rules, config.rules))
    return rule_drafts.changed_otherwise(before, after, now)


def told_changed(names: tuple[str, ...]) -> str:
    """The same in a sentence."""
    return f"the rules in force were changed since it was begun: {', '.join(names)}"


def _number(count: int) -> str:
    return "1 fault" if count == 1 else f"{count} faults"


def _first(text: str) -> str:
    return text.partition("\n")[0]

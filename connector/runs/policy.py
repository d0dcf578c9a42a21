"""Whether a plan may be approved without a person: every reason why not, by the declared policy. Pure but for the past.

A stranger's trap: what cannot be compared is unusual. The first runs, a new currency, and a list that has shrunk wait
for a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from connector.domain.money import Money
from connector.domain.problems import Severity
from connector.runs import store
from connector.runs.config_sync import Policy
from connector.runs.runplan import RunPlan

_NONE_DECLARED = "no policy is declared (sync: approve: in connector.yaml), so that every plan waits for a person"
_TWO_PERSONS = "two persons are required (approval: two_persons in connector.yaml)"


@dataclass(frozen=True)
class Past:
    """An approved run of sources: what it billed per currency, in minor units, and how many rows its sources had."""

    amounts: Mapping[str, int]
    rows: int


def reasons(plan: RunPlan, policy: Policy | None, *, two_persons: bool) -> tuple[str, ...]:
    """Why a plan waits for a person; none where it may be approved.

    Args:
        plan: the plan as it stands.
        policy: what is declared; None for nothing.
        two_persons: whether whoever planned a run may not approve it.
    """
    if two_persons:
        return (_TWO_PERSONS,)
    if policy is None:
        return (_NONE_DECLARED,)
    found = (*_problems(plan, policy), *_sizes(plan, policy), *_unusual(plan, policy, past(policy.runs)))
    return tuple(dict.fromkeys(found))


def past(most: int) -> tuple[Past, ...]:
    """The last approved runs of sources, at most so many, the newest first; corrections are none of them."""
    correcting = store.corrections()
    found: list[Past] = []
    for state in reversed(store.run_states()):
        if len(found) == most:
            break
        if state.state in store.NOT_APPROVED or state.run_id in correcting:
            continue
        plain = store.plain_plan(state.run_id)
        if plain["sources"]:
            found.append(Past(plain["amounts_minor"], _row_count(plain["row_kinds"])))
    return tuple(found)


def _row_count(kinds: Mapping[str, Mapping[str, int]]) -> int:
    return sum(count for of_source in kinds.values() for count in of_source.values())


def _problems(plan: RunPlan, policy: Policy) -> Iterator[str]:
    wrong = sum(one.severity is Severity.ERROR for one in plan.problems)
    told = len(plan.problems) - wrong
    if wrong:
        yield f"it has {wrong} error{'s' if wrong > 1 else ''}"
    if told and not policy.warnings_pass:
        yield f"it has {told} warning{'s' if told > 1 else ''}"
    blocked = len(plan.drafts) - len(plan.documents)
    if blocked:
        yield f"{blocked} of its documents would not be taken by the books"
    for tenant, reason in plan.unasked.items():
        yield f"the books of {tenant} could not be asked: {reason.rstrip('.')}"
    for tenant, effort in plan.efforts.items():
        if effort.is_too_much:
            yield f"{tenant} does not allow as many calls today: it takes about {effort.calls} of {effort.left_today}"


def _sizes(plan: RunPlan, policy: Policy) -> Iterator[str]:
    """Lines and documents beyond the limits, or in a currency without one."""
    for draft in plan.documents:
        document = draft.document
        code, partner = document.currency, document.party.partner_id
        if code not in policy.largest_line or code not in policy.largest_document:
            yield f"no limit is declared for {code}"
            continue
        if document.total.minor > policy.largest_document[code]:
            most = Money(policy.largest_document[code], code)
            yield f"the document of {partner} comes to {document.total}, more than {most}"
        for line in document.lines:
            if line.net_minor > policy.largest_line[code]:
                most = Money(policy.largest_line[code], code)
                yield f"a line of {partner} comes to {Money(line.net_minor, code)}, more than {most}"


def _unusual(plan: RunPlan, policy: Policy, before: Sequence[Past]) -> Iterator[str]:
    """What is far from the runs before: much more money, or far fewer rows."""
    for code, minor in plan.amounts.items():
        usual = [one.amounts[code] for one in before if one.amounts.get(code)]
        if minor and not usual:
            yield f"no run before billed {code}, so that nothing tells what is usual"
        elif usual and minor > policy.times * median_low(usual):
            told = f"{Money(minor, code)}, more than {policy.times} times the usual {Money(median_low(usual), code)}"
            yield f"it bills {told}"
    counts = [one.rows for one in before]
    own = _row_count(plan.row_kinds)
    if plan.sources and counts and own * policy.times < median_low(counts):
        yield f"its sources have {own} rows, where {median_low(counts)} are usual"

"""The credit notes of a history: which invoices they refer to, and whether the books have applied each, once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from push_kit import allocated

from connector.domain.documents import CREDIT_NOTE, INVOICE, Document
from connector.ledger import allocations, read
from connector.ledger.outbox import State

Parts = Mapping[str, Sequence[tuple[str, int]]]


def referring(made: Sequence[Document], seed: int) -> list[Document]:
    """The documents, each credit note referring to an invoice before it, of its own partner, where there is one."""
    pick = Random(f"credited {seed}")  # so that what else happens is as without
    done: list[Document] = []
    for one in made:
        invoices = [earlier for earlier in done if earlier.kind == INVOICE]
        if one.kind == CREDIT_NOTE and invoices:
            credited = pick.choice(invoices)
            done.append(replace(one, party=credited.party, reference=credited.number))
        else:
            done.append(one)
    return done


@dataclass(frozen=True)
class Credits:
    """The credit notes of one tenant.

    Attributes:
        tenant: its name in the ledger.
        state: the sandbox's state file.
        documents: all that the history has.
        foreign: numbers that are another's in the books.
    """

    tenant: str
    state: Path
    documents: Sequence[Document]
    foreign: Collection[str]

    @property
    def credited(self) -> dict[str, str]:
        """Credit note → the invoice that it refers to."""
        numbers = {one.number for one in self.documents}
        return {one.number: one.reference for one in self.documents if one.reference in numbers}

    def faults_on_the_way(self) -> Iterator[str]:
        """What must never be, whatever is still to come."""
        credited, applied = self.credited, self._applied()
        for number, found in applied.items():
            if len(found) > 1 or any(invoice != credited.get(number) for invoice, _ in found):
                yield f"{number} is applied to {found}"
        for one in allocations.items(self.tenant, [State.REJECTED]):
            if applied[one.number]:
                yield f"{one.number} is applied and Rejected: {one.detail}"

    def faults(self) -> Iterator[str]:
        """What must not be in the end: every credit is applied, once, until its invoice owes nothing."""
        applied, rows = self._applied(), self._rows()
        own = {number: invoice for number, invoice in self.credited.items() if not {number, invoice} & {*self.foreign}}
        found = {number: sum(minor for _, minor in parts) for number, parts in applied.items()}
        totals = {one.number: one.total.minor for one in self.documents}
        for number, minor in found.items():
            if minor and number not in own:
                yield f"{number} or its invoice is another's, and {minor} is applied"
            if minor > totals[number]:
                yield f"{minor} of {number} is applied, which is {totals[number]}"
        for number in own:
            if rows.get(number) != (State.DONE, found[number]):
                yield f"{number} is applied with {found[number]} in the books, and believed {rows.get(number)}"
        for invoice in dict.fromkeys(own.values()):
            notes = [number for number in own if own[number] == invoice]
            if sum(found[one] for one in notes) != min(totals[invoice], sum(totals[one] for one in notes)):
                yield f"of {invoice} with {totals[invoice]} is credited {found}"

    def _rows(self) -> dict[str, tuple[Any, ...]]:
        rows = read("allocation", "tenant = ?", [self.tenant], columns=["number", "state", "amount_minor"]).rows()
        return {number: (State(state), amount) for number, state, amount in rows}

    def _applied(self) -> Parts:
        """By credit note in the books: the invoices that it is applied to, and the amounts in minor units."""
        if not self.credited:
            return {}
        parts = allocated(self.state)
        return {number: [(invoice, int(amount * 100)) for invoice, amount in own] for number, own in parts.items()}

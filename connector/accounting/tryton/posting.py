"""One batch of documents from nothing to posted, each exactly once, on a server that promises nothing of the kind.

What a stranger would get wrong: a reference is not unique, and the server finishes what the client gave up. So drafts
are searched for before and after they are created; of several the one with the lowest id is kept and the others are
deleted before anything is posted. A draft is no document yet: it is posted by whoever finds it next, or deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from connector.accounting.answers import Booked, NumberTaken, Outcome, OutcomeUnknown, Rejected, RetryLater
from connector.accounting.compare import drift
from connector.accounting.port import Submission, TaxRule
from connector.accounting.tryton import documents, faults, wire
from connector.accounting.tryton.catalogue import Company
from connector.accounting.tryton.client import Answer, Client, Done, Refused
from connector.accounting.tryton.documents import Found, Payer

MODEL = "account.invoice"
_POSTED_AT_ONCE = 10  # a server posts one to four in a second, and the answer comes when all of them are posted
_WARNINGS = 5  # of one invoice; each is skipped by a call of its own
_STANDS = "A draft of it stands in Tryton, and is posted by the next push."
_TOTALS = "Compare its taxes, prices and currency with the mapping; then send it again."
_NO_PAYER = Rejected(
    "The partner's party has no address in Tryton, or owes on no account.",
    "Give it an address there, and the company an account that parties owe on; then send it again.",
)

Values = dict[str, wire.Element]


@dataclass
class Posting:
    """A batch on its way.

    Attributes:
        client: the database.
        company: what the company has set up.
        tax: how the tax may be rounded.
        batch: the documents, by number.
        until: when the last write may be sent.
        outcomes: what is settled, by number.
    """

    client: Client
    company: Company
    tax: TaxRule
    batch: Mapping[str, Submission]
    until: datetime
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def run(self) -> Mapping[str, Outcome]:
        """Take every document as far as it goes."""
        payers = payers_of(self.client, self.company, [one.contact_id for one in self.batch.values()])
        if isinstance(payers, RetryLater):
            return dict.fromkeys(self.batch, payers)
        drafts = self._search()
        if isinstance(drafts, RetryLater):
            return dict.fromkeys(self.batch, drafts)
        self._create([number for number in self._open() if not self._fitting(drafts.get(number, ()))], payers)
        again = self._search()
        if isinstance(again, RetryLater):
            return {**dict.fromkeys(self.batch, OutcomeUnknown(again.reason)), **self.outcomes}
        self._post(self._kept(again))
        return {**dict.fromkeys(self.batch, OutcomeUnknown(_STANDS)), **self.outcomes}

    def _open(self) -> list[str]:
        return [number for number in self.batch if number not in self.outcomes]

    def _search(self) -> dict[str, list[Found]] | RetryLater:
        """Our drafts of these documents, by number; what stands under a number and is no draft of ours settles it.

        Drafts of ours under other numbers, which were made too late, are deleted where the number has its document.
        """
        own = [["state", "=", "draft"], ["create_uid", "=", self.company.user_id]]
        read = found(self.client, self.company, ["OR", [["reference", "in", list(self.batch)]], own])
        if isinstance(read, RetryLater):
            return read
        drafts: dict[str, list[Found]] = {}
        others = []
        for one in read:
            number = one.document.number
            if not one.is_draft_of(self.company.user_id):
                if number in self._open() and documents.is_of(one, self.batch[number].document.kind):
                    self.outcomes[number] = self._standing(one)
            elif number not in self.batch:
                others.append(one)
            else:
                drafts.setdefault(number, []).append(one)
        stands = [number for number, one in self.outcomes.items() if isinstance(one, Booked | NumberTaken)]
        self._sweep([one for number in stands for one in drafts.get(number, ())], others)
        return {number: held for number, held in drafts.items() if number not in self.outcomes}

    def _fitting(self, held: Sequence[Found]) -> list[Found]:
        """Those of the drafts of a document that are as it is to be sent now; the first was made first."""
        ordered = sorted(held, key=lambda one: one.id)
        return [one for one in ordered if documents.fits(one, self.batch[one.document.number])]

    def _drift(self, one: Found) -> str | None:
        return drift(self.batch[one.document.number].document, one.document, self.tax)

    def _standing(self, one: Found) -> Outcome:
        """What it means that a document stands there: ours, if it is what this very call has made before."""
        submission = self.batch[one.document.number]
        is_ours = submission.epoch == 0 and one.user_id == self.company.user_id and documents.fits(one, submission)
        if is_ours and one.document.status in documents.ADOPTABLE and self._drift(one) is None:
            return Booked(one.document)
        return NumberTaken(f"Tryton has a document with the reference {one.document.number}.")

    def _sweep(self, late: Sequence[Found], others: Sequence[Found]) -> None:
        """Delete drafts whose document stands; those of other numbers only once that was seen."""
        numbers = sorted({one.document.number for one in others})
        standing = self._booked(numbers)
        booked = set() if isinstance(standing, RetryLater) else {one.document.number for one in standing}
        self._delete([*late, *(one for one in others if one.document.number in booked)])

    def _create(self, numbers: Sequence[str], payers: Mapping[str, Payer]) -> None:
        """Create a draft of each, in one call; where that is refused, each in a call of its own."""
        made: Values = {}
        for number in numbers:
            submission = self.batch[number]
            payer = payers.get(submission.contact_id)
            got = _NO_PAYER if payer is None else documents.values(submission, self.company, payer)
            if isinstance(got, Rejected):
                self.outcomes[number] = got
            else:
                made[number] = got
        if not made or not isinstance(self._settle_create(made, self._write("create", list(made.values()))), Refused):
            return
        for number, values in made.items():
            if len(made) > 1:
                self._settle_create({number: values}, self._write("create", [values]))

    def _settle_create(self, made: Values, answer: Answer) -> Answer:
        if isinstance(answer, Refused) and len(made) == 1:
            self.outcomes.update(dict.fromkeys(made, faults.refusal(answer)))
        elif isinstance(answer, RetryLater | OutcomeUnknown):
            self.outcomes.update(dict.fromkeys(made, answer))
        return answer

    def _kept(self, drafts: Mapping[str, Sequence[Found]]) -> list[Found]:
        """The draft of each document that is to be posted: the first, once its rivals are gone and its totals fit."""
        kept = []
        for number in self._open():
            held = drafts.get(number, ())
            first = self._fitting(held)[:1]
            if not self._delete([one for one in held if one not in first]):
                self.outcomes[number] = OutcomeUnknown("A second draft of it could not be deleted in Tryton.")
            elif first:
                told = self._drift(first[0])
                if told is None:
                    kept += first
                else:
                    self._delete(first)
                    self.outcomes[number] = Rejected(f"Tryton would book other totals: {told}.", _TOTALS)
        return sorted(kept, key=_day)

    def _post(self, drafts: Sequence[Found]) -> None:
        """Post them in the order of their days, some in each call; where that is refused, each in a call of its own.

        The first of which it is not known whether it was posted ends it: one of a later day would block it for good.
        """
        posted: list[str] = []
        for start in range(0, len(drafts), _POSTED_AT_ONCE):
            some = drafts[start : start + _POSTED_AT_ONCE]
            together = self._write("post", [one.id for one in some])
            if isinstance(together, Done):
                posted += [one.document.number for one in some]
            elif not isinstance(together, Refused):
                self.outcomes.update({one.document.number: _in_doubt(together) for one in some})
                break
            elif not self._posted_one_by_one(some, posted):
                break
        self._receipts(posted)

    def _posted_one_by_one(self, drafts: Sequence[Found], posted: list[str]) -> bool:
        """Post each in a call of its own, and add to those posted; whether it is known of every one."""
        for one in drafts:
            answer = self._posted_alone(one)
            if isinstance(answer, Done):
                posted.append(one.document.number)
            elif isinstance(answer, Rejected):
                self.outcomes[one.document.number] = answer
            else:
                self.outcomes[one.document.number] = _in_doubt(answer)
                return False
        return True

    def _posted_alone(self, one: Found) -> Done | Rejected | RetryLater | OutcomeUnknown:
        """Post one draft. A warning about what was approved is skipped; a draft that is refused is deleted."""
        for _ in range(_WARNINGS):
            answer = self._write("post", [one.id])
            if not isinstance(answer, Refused):
                return answer
            if not faults.may_skip(answer):
                self._delete([one])
                return faults.refusal(answer)
            skipped = self._call("res.user.warning", "skip", answer.warning)
            if not isinstance(skipped, Done):
                return OutcomeUnknown(_STANDS)
        return OutcomeUnknown(_STANDS)

    def _receipts(self, numbers: Sequence[str]) -> None:
        """What was posted, as it stands there now."""
        read = self._booked(numbers)
        told = [] if isinstance(read, RetryLater) else read
        ours = {one.document.number: one for one in told if documents.fits(one, self.batch[one.document.number])}
        for number in numbers:
            one = ours.get(number)
            unknown = OutcomeUnknown("Tryton's answer does not tell the document.")
            self.outcomes[number] = unknown if one is None else Booked(one.document)

    def _booked(self, numbers: Sequence[str]) -> list[Found] | RetryLater:
        """What stands under these numbers and is no draft."""
        wanted = [["reference", "in", list(numbers)], ["state", "!=", "draft"]]
        return found(self.client, self.company, wanted) if numbers else []

    def _delete(self, drafts: Sequence[Found]) -> bool:
        """Delete drafts; whether they are gone."""
        return not drafts or isinstance(self._write("delete", [one.id for one in drafts]), Done)

    def _write(self, method: str, what: Sequence[object]) -> Answer:
        return self._call(MODEL, method, what)

    def _call(self, model: str, method: str, what: object) -> Answer:
        return self.client.call(model, method, what, self.company.context, not_after=self.until)


def _in_doubt(answer: RetryLater | OutcomeUnknown) -> OutcomeUnknown:
    """The outcome of a call to post: where nothing of it happened, the draft stands all the same."""
    return answer if isinstance(answer, OutcomeUnknown) else OutcomeUnknown(answer.reason)


def found(client: Client, company: Company, domain: Sequence[object]) -> list[Found] | RetryLater:
    """The invoices to customers that fit, drafts and cancelled ones too, in the order of their ids."""
    own = [["company", "=", company.id], ["type", "=", "out"]]
    read = client.records(MODEL, [*own, domain], documents.FIELDS, company.context)
    if isinstance(read, RetryLater):
        return read
    whole = [one for one in map(documents.parsed, read) if one is not None]
    return whole if len(whole) == len(read) else client.later("Tryton's answer to a look-up is not whole.")


def payers_of(client: Client, company: Company, contacts: Iterable[str]) -> dict[str, Payer] | RetryLater:
    """What invoices need of these parties; a party without an address or an account is absent."""
    wanted = sorted({int(one) for one in contacts if one.isascii() and one.isdigit()})
    fields = ["addresses", "account_receivable"]
    read = client.records("party.party", [["id", "in", wanted]], fields, company.context)
    if isinstance(read, RetryLater):
        return read
    payers = {}
    for one in read:
        addresses = wire.ids(one, "addresses")
        account = wire.whole(one, "account_receivable") or company.receivable
        if addresses and account is not None:
            payers[str(one.get("id"))] = Payer(addresses[0], account)
    return payers


def _day(one: Found) -> tuple[date, int]:
    return one.dated or date.max, one.id

"""Books that are reached by files only, behind the port: what is created is a file, and what is read back are files.

What a stranger would get wrong: nothing here knows what a person did with a file. `Booked` says that the document
stands in one, and no answer ever says that it is in the books.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from connector.accounting.answers import (
    IMPORTED,
    WRITTEN,
    Account,
    Allocated,
    Applying,
    Booked,
    Catalogue,
    Changes,
    ContactAnswer,
    ContactFound,
    CreditPair,
    NumberTaken,
    Outcome,
    OutcomeUnknown,
    Rejected,
    RemoteDocument,
    RetryLater,
    TaxCode,
)
from connector.accounting.files import form as forms
from connector.accounting.files.form import Form
from connector.accounting.files.outbox import DONE, Entry, Outbox, Record
from connector.accounting.port import Application, Capabilities, Submission
from connector.accounting.preflight import DESCRIPTION_MAX_LENGTH, check
from connector.accounting.settings import FileSettings
from connector.domain.documents import CREDIT_NOTE, INVOICE, Party
from connector.ledger import StoreError

_BATCH_BYTES = 10_000_000
_PAUSE = timedelta(seconds=5)
_TIME_OUT = timedelta(seconds=60)


class FileBooks:
    """One tenant whose documents go into files of one form."""

    def __init__(self, name: str, form: Form, settings: FileSettings, clock: Callable[[], datetime]) -> None:
        self._name = name
        self._form = form
        self._settings = settings
        self._clock = clock
        self._outbox = Outbox(settings.outbox)

    @property
    def tenant(self) -> str:
        """Our name of the tenant."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """What files can do. There is no quiet period: see the outbox."""
        kept = self._settings.outbox.relative_to(self._settings.outbox.parent.parent) / DONE
        return Capabilities(
            system=self._form.system,
            batch_size=self._form.most_documents,
            batch_bytes=_BATCH_BYTES,
            in_flight=1,
            key_lifetime=timedelta(),
            quiet=timedelta(),
            time_out=_TIME_OUT,
            number_is_unique=True,
            search_is_consistent=True,
            commits_after_failure=False,
            number_max_length=self._form.number_max_length,
            description_max_length=DESCRIPTION_MAX_LENGTH,
            adoptable=frozenset({WRITTEN, IMPORTED}),
            tax=self._form.tax,
            upload=self._form.upload.format(kept=f"{kept.as_posix()}/"),
        )

    def consent(self) -> str:
        """Nobody must agree to a file."""
        return ""

    def budget(self) -> None:
        """Nothing is called."""
        return

    def catalogue(self) -> Catalogue:
        """What a person has declared; nothing is asked."""
        declared = self._settings
        locked = declared.locked_until
        codes = {
            code: TaxCode(percent, for_revenue=True, is_active=True) for code, percent in declared.tax_codes.items()
        }
        by_item = {code: (account,) for code, account in declared.items.items()}
        return Catalogue(
            organisation=declared.organisation,
            base_currency=declared.base_currency,
            currencies=declared.currencies,
            lock_dates={} if locked is None else {"locked_until in connector.yaml": locked},
            tax_codes=codes,
            accounts={code: Account(code, is_active=True, for_lines=True) for code in declared.accounts},
            items={code: code for code in declared.items},
            fetched_at=self._clock(),
            item_accounts=None if declared.accounts else by_item,
            kinds=frozenset(self._form.stems),
            in_cells=True,
        )

    def find_contacts(self, parties: Sequence[Party]) -> Mapping[str, ContactAnswer]:
        """The contact of each party: the one that a person has declared by its name.

        Its id is the one that the party has already, which no file shows, else the partner's.
        """
        return {party.partner_id: self._contact(party) for party in parties}

    def create_contacts(self, parties: Sequence[Party], key: str, not_after: datetime) -> Mapping[str, ContactAnswer]:
        """No contact is created by a file of ours; an import that makes one by itself makes it by a mistaken name."""
        del key, not_after
        return self.find_contacts(parties)

    def _contact(self, party: Party) -> ContactAnswer:
        if party.partner_id not in self._settings.contacts:
            words = f"How the contact of partner {party.partner_id} is called in the books is not declared."
            step = f"Add {party.partner_id} with the exact name to contacts of tenant {self._name} in connector.yaml."
            return Rejected(words, step)
        return ContactFound(party.contact_id or party.partner_id, "stored" if party.contact_id else "number")

    def batches(self, submissions: Sequence[Submission]) -> list[list[Submission]]:
        """Files of one kind, each of as many documents and rows as an import takes."""
        cut: list[list[Submission]] = []
        rows = 0
        for one in sorted(submissions, key=lambda other: other.document.kind == CREDIT_NOTE):
            own = len(one.document.lines)
            other_kind = cut and cut[-1][0].document.kind != one.document.kind
            is_full = cut and (len(cut[-1]) == self._form.most_documents or rows + own > self._form.most_rows)
            if not cut or other_kind or is_full:
                cut.append([])
                rows = 0
            cut[-1].append(one)
            rows += own
        return cut

    def place(self) -> timedelta:
        """A file may be written at any time."""
        return timedelta()

    def create(self, batch: Sequence[Submission], not_after: datetime) -> Mapping[str, Outcome]:
        """Write the documents of one batch into one file; what stands in a file already is not written again."""
        outcomes: dict[str, Outcome] = dict(self._refused(batch))
        sound = [one for one in batch if one.document.number not in outcomes]
        if not sound:
            return outcomes
        numbers = [one.document.number for one in sound]
        try:
            with self._outbox.opened():
                if self._clock() > not_after:
                    later = RetryLater(self._clock(), "It took too long to come to writing.", whole_tenant=False)
                    return outcomes | dict.fromkeys(numbers, later)
                return outcomes | self._written(sound)
        except StoreError as error:
            return outcomes | dict.fromkeys(numbers, self._busy(error))
        except OSError as error:
            reason = f"The file could not be put in its place ({error.strerror})."
            return outcomes | dict.fromkeys(numbers, OutcomeUnknown(reason))

    def read_back(self, numbers: Sequence[str], kind: str = INVOICE) -> Mapping[str, RemoteDocument] | RetryLater:
        """The documents of these numbers as they stand in files, in those too that were changed or taken away."""
        if not self._outbox.is_there:
            return {}
        wanted, found = set(numbers), {}
        try:
            with self._outbox.opened():
                for record in self._outbox.records():
                    entries = [one for one in record.entries if record.kind == kind and one.number in wanted]
                    if entries:
                        state, path = self._outbox.look(record)
                        found.update({one.number: _remote(record, one, state, path) for one in entries})
        except StoreError as error:
            return self._busy(error)
        return found

    def allocations(self, pairs: Sequence[CreditPair]) -> Mapping[CreditPair, Allocated]:
        """None is known: credit notes are applied in the books by a person."""
        del pairs
        return {}

    def apply_credit(self, application: Application, not_after: datetime) -> Applying:
        """Nothing is applied by a file."""
        del not_after
        return Rejected(f"A file does not apply credit note {application.pair.credit_id}.", "Apply it in the books.")

    def changes(self, since: datetime) -> Changes:
        """A folder has no list of changes: every number is to be asked for."""
        del since
        return Changes((), whole=False)

    def _refused(self, batch: Sequence[Submission]) -> Mapping[str, Rejected]:
        """The documents that cannot stand in a file of this form, each with the reasons."""
        faults = check(
            [one.document for one in batch], self.catalogue(), number_max_length=self._form.number_max_length
        )
        refused = {number: Rejected(" ".join(told), "") for number, told in faults.items()}
        for one in batch:
            document, contact = one.document, self._contact(one.document.party)
            if document.number in refused:
                continue
            if isinstance(contact, Rejected):
                refused[document.number] = contact
            elif self._form.rows_are_limited and len(document.lines) > self._form.most_rows:
                words = f"The document has {len(document.lines)} lines, and a file takes {self._form.most_rows}."
                refused[document.number] = Rejected(words, "Bill the partner by event, or enter it there by hand.")
        return refused

    def _written(self, batch: Sequence[Submission]) -> dict[str, Outcome]:
        """Write the file, unless it is there; of documents that stand in another, say that the number is taken."""
        record, content = self._made(batch)
        known = self._outbox.records()
        if record not in known:
            elsewhere = {
                one.number: other.name for other in known if other.kind == record.kind for one in other.entries
            }
            taken = [one.document.number for one in batch if one.document.number in elsewhere]
            free = [one for one in batch if one.document.number not in elsewhere]
            outcomes: dict[str, Outcome] = {
                number: NumberTaken(f"{number} stands in the file {elsewhere[number]} already.") for number in taken
            }
            if not free:
                return outcomes
            record, content = self._made(free)
            self._outbox.put(record, content)
            return outcomes | self._receipts(record)
        return self._receipts(record)

    def _receipts(self, record: Record) -> dict[str, Outcome]:
        state, path = self._outbox.look(record)
        if state not in (WRITTEN, IMPORTED):
            told = NumberTaken(f"{path} was written, and is not there as it was.")
            return dict.fromkeys([one.number for one in record.entries], told)
        return {one.number: Booked(_remote(record, one, state, path)) for one in record.entries}

    def _made(self, batch: Sequence[Submission]) -> tuple[Record, bytes]:
        content = forms.content(self._form, batch, self._settings)
        entries = [_entry(one) for one in batch]
        return Record.of(forms.stem(self._form, batch), batch[0].document.kind, content, entries), content

    def _busy(self, error: StoreError) -> RetryLater:
        return RetryLater(self._clock() + _PAUSE, f"The outbox of {self._name}: {error.message}.", whole_tenant=True)


def _entry(one: Submission) -> Entry:
    document = one.document
    return Entry(
        number=document.number,
        epoch=one.epoch,
        contact_id=one.contact_id,
        currency=document.currency,
        net_minor=document.net.minor,
        tax_minor=document.tax.minor,
        total_minor=document.total.minor,
    )


def _remote(record: Record, one: Entry, state: str, path: str) -> RemoteDocument:
    return RemoteDocument(
        id=record.name,
        number=one.number,
        contact_id=one.contact_id,
        currency=one.currency,
        net_minor=one.net_minor,
        tax_minor=one.tax_minor,
        total_minor=one.total_minor,
        status=state,
        file=path,
    )

"""Who sells: the selling entities, and what the rulebook declares that nobody has published."""

from dataclasses import dataclass
from datetime import date

FIRST_OPEN_DAY = "first_open_day"


@dataclass(frozen=True)
class SellingEntity:
    """One company of the vendor, with its own currency, numbers and accounting tenant.

    Attributes:
        id: short word used in sheets and files, such as `us`.
        name: its name for people.
        currency: ISO 4217 code it bills in.
        bill_from: go-live; events before this day become opening entries and are not billed (invariant 3).
        time_zone: IANA name; "today" and event days are days of this zone.
        number_prefix: what its document numbers start with.
        locked_period: what happens to a document dated into a locked period: `refuse`, or `first_open_day`, on which it
            is dated instead.
        place: file and line of its declaration.
        credit_note_prefix: what the numbers of its credit notes start with; None where it declares none.
    """

    id: str
    name: str
    currency: str
    bill_from: date
    time_zone: str
    number_prefix: str
    locked_period: str
    place: str
    credit_note_prefix: str | None = None


@dataclass(frozen=True)
class Policies:
    """Decisions the vendor has not published, so the rulebook must declare each.

    Attributes:
        employee_size: which wins where a client has both: `count_first` or `band_first`.
        upgrade: `keeps_bundle_place` or `frees_bundle_place`.
        archived_client: a client archived before it was billed: `bill` or `hold`.
        archived_renewal: a term that would begin while its client is archived: `stop`, `hold` or `bill`.
        undated_upgrade: a client that was Assessment Only and is full now, without a day: `hold`, or `upload_day`, the
            day of the first upload that says so.
        overdraw: an Assessment Only client for which its partner has no place left: `hold`, `charge_bundle` or `allow`.
    """

    employee_size: str
    upgrade: str
    archived_client: str
    archived_renewal: str
    undated_upgrade: str
    overdraw: str

    @property
    def counts_places(self) -> bool:
        """Whether it matters to a run how many places a partner has left."""
        return self.overdraw != "allow"

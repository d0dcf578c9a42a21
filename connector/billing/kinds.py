"""Every problem code this room reports: faults block, questions hold until a person answers."""

from connector.domain.problems import Kind, Severity

ROW_UNKNOWN_PARTNER = Kind(
    "partner-unknown",
    "The record names a partner that the partner master does not know",
    "Add the partner to the partners sheet, or mend the partner id.",
)
PARTNER_NOT_YET = Kind(
    "partner-not-yet-valid",
    "The partner's first version begins after the day of the event",
    "Give the partner a version that is valid from that day or before.",
)
PARTNER_CONFLICT = Kind(
    "partner-conflict",
    "A partner is stated twice, differently, for the same first day",
    "Keep one of them, or give the change a valid-from day of its own.",
)
PARTNER_ENTITY = Kind(
    "partner-selling-entity",
    "The partner's selling entity is not declared in the rulebook",
    "Mend the selling entity, or declare it in rules/entities.yaml.",
)
PARTNER_CURRENCY = Kind(
    "partner-currency",
    "The partner's currency is not the one its selling entity bills in",
    "Mend the currency, or bill the partner through another selling entity.",
)
TEMPLATE_UNKNOWN = Kind(
    "template-unknown",
    "The client takes its plan from a template that is not known on its creation day",
    "Add the template with its plan to the templates sheet, or write the client's plan.",
)
TEMPLATE_CONFLICT = Kind(
    "template-conflict",
    "A template is stated twice, with different plans, for the same first day",
    "Keep one of them, or give the change a valid-from day of its own.",
)
DUPLICATE_ROW = Kind(
    "record-duplicate",
    "The same record stands in the upload more than once",
    "Take the repetition out; one of them is used.",
)
DUPLICATE_ID = Kind(
    "record-duplicate-id",
    "Two records with one id say different things",
    "Keep the right one; none of them is used until then.",
)
SHARED_DOMAIN = Kind(
    "client-domain-shared",
    "Two clients come with the same new website domain",
    "Say which of them is the client, or give each its own domain.",
    Severity.WARNING,
)
NEW_ID_KNOWN_DOMAIN = Kind(
    "client-domain-known",
    "A new client id on a domain that another client already has",
    "If it is the same client, use its first id, or join the two if one was made on the page; else mend the domain.",
    Severity.WARNING,
)
OTHER_PARTNER_DOMAIN = Kind(
    "client-domain-other-partner",
    "The domain belongs to a client of another partner",
    "Say which partner has the client; nothing is billed twice meanwhile.",
    Severity.WARNING,
)
MOVED = Kind(
    "client-moved",
    "The client stood under another partner before",
    "Confirm the move with both partners; what was billed stays with the first.",
    Severity.WARNING,
)
DOWNGRADED = Kind(
    "client-downgraded",
    "The client was on a full feature Spoke and is now Assessment Only",
    "A downgrade is not a credit: mend the plan, or decide with the partner.",
    Severity.WARNING,
)
UPGRADE_UNDATED = Kind(
    "client-upgrade-undated",
    "The client was Assessment Only before and is now on a full Spoke, without an upgrade date",
    "Write the day of the upgrade.",
    Severity.WARNING,
)
FUTURE = Kind(
    "record-future",
    "The event lies after the run's as-of date",
    "Mend the date, or wait: it is billed by a run on or after that day.",
    Severity.WARNING,
)
ARCHIVED = Kind(
    "client-archived",
    "The client was archived before it was billed",
    "Decide whether it is billed; the rulebook says to hold it (policies: archived_client).",
    Severity.WARNING,
)
QUANTITY_CHANGED = Kind(
    "bundle-quantity-changed",
    "A bundle purchase that is already billed comes with another quantity",
    "Mend the quantity, or credit and bill it again: 'connector correct' with its document and line.",
    Severity.WARNING,
)
REUSED = Kind(
    "client-id-reused",
    "A known client id comes with another domain and another creation day",
    "If it is another company, give it an id of its own; if not, mend the domain or the day.",
    Severity.WARNING,
)
NAMESAKE = Kind(
    "client-name-known",
    "A new client bears the name of a known client of its partner, and the two share no kind of identity",
    "If it is the same client, give it the id or the website it had; if not, give both an id.",
    Severity.WARNING,
)
OPENED = Kind(
    "client-was-opened",
    "It was taken over as an opening entry, before go-live; now its event lies after go-live",
    "Mend the date if it is wrong. If it is right, it was never billed: decide that with the partner.",
    Severity.WARNING,
)
OTHER_METRIC = Kind(
    "charge-other-metric",
    "It was billed under a metric that no rule bills any more",
    "A renamed metric would bill again: give the metric its name back in the rules.",
    Severity.WARNING,
)
CHANGED = Kind(
    "client-changed-after-billing",
    "What was billed is stated differently now; nothing is billed again or credited",
    "Leave it, or credit and bill it again: approve this upload, then 'connector correct' with its document and line.",
    Severity.WARNING,
)
NO_PLACE = Kind(
    "client-no-place-left",
    "An Assessment Only client takes a place, and its partner has none left",
    "Ask the partner to buy a bundle, and add the purchase; the rulebook says to hold the client (policies: overdraw).",
    Severity.WARNING,
)
TERM_ARCHIVED = Kind(
    "term-archived",
    "A term begins for a client that is archived",
    "Decide with the partner; the rulebook says to hold it (policies: archived_renewal).",
    Severity.WARNING,
    scope="term",
)
TERM_IN_DOUBT = Kind(
    "term-client-in-doubt",
    "A term begins for a client about which a question is open",
    "Answer the question about the client's row; the term is billed by the next run.",
    Severity.WARNING,
    scope="term",
)
TERM_CHANGED = Kind(
    "term-rules-changed",
    "A term begins, and the rules do not say what becomes of one that was billed as this was",
    "Decide with the partner, or change the rules so that they say it.",
    Severity.WARNING,
    scope="term",
)
TERM_LATE = Kind(
    "term-billed-while-archived",
    "A term or month was billed, and now it says that the client was archived by then; nothing is credited",
    "Correct the billed charge with the partner ('connector correct'), or mend the date.",
    Severity.WARNING,
    scope="term",
)
TERM_BLOCKED = Kind(
    "term-blocked",
    "A term begins and cannot be billed",
    "Mend what is named; the term is billed by the next run.",
    scope="term",
)
ITEM_UNMAPPED = Kind(
    "document-item-unmapped",
    "An item has no account in the selling entity's books",
    "Map the item in mappings/books-ENTITY.yaml.",
    scope="document",
)
TAX_UNMAPPED = Kind(
    "document-tax-unmapped",
    "No tax code is declared for the partner's tax status and country and the item",
    "Declare the tax code in mappings/books-ENTITY.yaml.",
    scope="document",
)
CLIENT_BLOCKED = Kind(
    "document-client-blocked",
    "It bills a new client whose other charges stand on a blocked document",
    "Mend what blocks the other document.",
    scope="document",
)

KINDS: tuple[Kind, ...] = (
    ROW_UNKNOWN_PARTNER,
    PARTNER_NOT_YET,
    PARTNER_CONFLICT,
    PARTNER_ENTITY,
    PARTNER_CURRENCY,
    TEMPLATE_UNKNOWN,
    TEMPLATE_CONFLICT,
    DUPLICATE_ROW,
    DUPLICATE_ID,
    SHARED_DOMAIN,
    NEW_ID_KNOWN_DOMAIN,
    OTHER_PARTNER_DOMAIN,
    MOVED,
    DOWNGRADED,
    UPGRADE_UNDATED,
    FUTURE,
    ARCHIVED,
    QUANTITY_CHANGED,
    REUSED,
    NAMESAKE,
    OPENED,
    OTHER_METRIC,
    CHANGED,
    NO_PLACE,
    TERM_ARCHIVED,
    TERM_IN_DOUBT,
    TERM_CHANGED,
    TERM_LATE,
    TERM_BLOCKED,
    ITEM_UNMAPPED,
    TAX_UNMAPPED,
    CLIENT_BLOCKED,
)
TERMS = frozenset(kind.code for kind in (TERM_ARCHIVED, TERM_IN_DOUBT, TERM_CHANGED, TERM_LATE, TERM_BLOCKED))
BY_CODE = {kind.code: kind for kind in KINDS}
HOLDS = frozenset(kind.code for kind in KINDS if kind.severity is Severity.WARNING) - {CHANGED.code, TERM_LATE.code}

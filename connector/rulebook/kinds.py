"""Every sort of problem this room reports. Load-time codes stand on the rulebook; `rate-…` codes on an event's row.

A fault of the YAML itself (`yaml-…`) is the business of `connector.declared`, also when a rule file has it.
"""

from connector.domain.problems import Kind, Severity

_LOAD = "rulebook"

NO_RULES = Kind(
    "rules-none", "There is no rulebook here", "Run `connector init` for a folder with starter rules.", scope=_LOAD
)
SECTION_MISSING = Kind(
    "rules-section-missing",
    "A part of the rulebook is not declared",
    "Add a file with the key named; `connector init` writes one of each.",
    scope=_LOAD,
)
SECTION_TWICE = Kind(
    "rules-section-twice", "A part of the rulebook is declared twice", "Keep one of the two.", scope=_LOAD
)
FILE_UNKNOWN = Kind(
    "rules-file-unknown",
    "A file that is no part of a rulebook",
    "Mend its top key, or move the file out of the rules folder.",
    scope=_LOAD,
)
ENTITY = Kind(
    "rules-entity",
    "A selling entity has a prefix or a time zone that cannot be used",
    "Mend the value named.",
    scope=_LOAD,
)
CURRENCY = Kind(
    "rules-currency", "A currency that ISO 4217 does not have", "Write a code such as USD or GBP.", scope=_LOAD
)
ID_TWICE = Kind("rules-id-twice", "Two rules have one id", "Give each rule an id of its own.", scope=_LOAD)
OUTCOME = Kind(
    "rules-outcome",
    "A rule says no outcome, or more than one",
    "Write exactly one of charge, inside_bundle, no_charge, hold, not_billable and adjust.",
    scope=_LOAD,
)
NOT_KNOWN = Kind(
    "rules-not-in-this-version",
    "A rule asks for something this version does not do",
    "Take it out, or wait for the version that knows it.",
    scope=_LOAD,
)
NAME_UNKNOWN = Kind(
    "rules-name-unknown", "A name that nothing declares", "Mend its spelling, or declare it.", scope=_LOAD
)
CONDITION = Kind(
    "rules-condition", "A condition that cannot be used as it stands", "Write it as the message says.", scope=_LOAD
)
METRIC = Kind(
    "rules-metric",
    "Rules of one metric contradict one another",
    "Bill one metric in one way; an overriding rule bills the metric that it overrides.",
    scope=_LOAD,
)
TERM = Kind(
    "rules-term",
    "The term of a charge, or what follows it, is not declared",
    "Say renewal and proration for a monthly or annual term, and only there.",
    scope=_LOAD,
)
ADJUSTMENT = Kind(
    "rules-adjustment",
    "An adjustment that cannot be used as it stands",
    "Write it as the message says.",
    scope=_LOAD,
)
NEGATIVE = Kind(
    "rules-negative",
    "Adjustments could make a line negative",
    "Make them smaller, or add an adjustment for the same clients: adjust: {minimum: {USD: 0}, reason: …}.",
    scope=_LOAD,
)
GAP = Kind(
    "rules-gap",
    "No rule says what happens to a client",
    "Widen a charge rule, or declare inside_bundle for it.",
    scope=_LOAD,
)
OVERLAP = Kind(
    "rules-overlap",
    "Two rules charge the same client",
    "Narrow one of the two, or say which overrides: `overrides: METRIC`.",
    scope=_LOAD,
)
UNREACHABLE = Kind("rules-unreachable", "A rule that never decides anything", "Widen it, or take it out.", scope=_LOAD)
SUBJECT = Kind(
    "rules-subject",
    "A rule covers what its outcome cannot be",
    "Narrow it: per_bundle is for bundles, other prices for clients, inside_bundle for Assessment Only clients, "
    "event: month for charges by the month.",
    scope=_LOAD,
)
TOO_MANY_CELLS = Kind(
    "rules-too-many-cells",
    "The rules tell too many cases apart to check each",
    "Name fewer values of the attributes that multiply.",
    scope=_LOAD,
)
ENGINE_FAILED = Kind(
    "rules-engine-failed",
    "The rule engine could not be asked",
    "Load the rules again; if it stays so, run `connector doctor`.",
    scope=_LOAD,
)
ENGINE_DISAGREES = Kind(
    "rules-engine-disagrees",
    "The rule engine and the independent check read a rule differently",
    "Write the rule more simply, and report it: nothing is billed on a rule that is read in two ways.",
    scope=_LOAD,
)
CACHE = Kind(
    "rules-cache",
    "The checked rulebook could not be kept for the next run",
    "Make the cache folder writable; until then the rules are checked anew in each run.",
    Severity.WARNING,
    _LOAD,
)

BOUNDARY = Kind(
    "rules-boundary-disagrees",
    "At a bound the rulebook and the independent reading of its files come to different ends",
    "Report it with this message: nothing is to be billed on this rulebook.",
    scope=_LOAD,
)
UNUSED_BOOK = Kind(
    "rules-unused-book",
    "Prices that no rule reads",
    "Let a rule name them, or take them out.",
    Severity.WARNING,
    _LOAD,
)
UNUSED_TIERS = Kind(
    "rules-unused-tiers",
    "A tier list that no price book names",
    "Let a price book name it, or take it out.",
    Severity.WARNING,
    _LOAD,
)
TEST = Kind(
    "rules-test",
    "A test of the rules that cannot be used as it stands",
    "Write it as the message says.",
    scope=_LOAD,
)
TEST_FAILED = Kind(
    "rules-test-failed",
    "The rules do not say what a test expects",
    "Mend the rule, the price or the expectation.",
    scope=_LOAD,
)
TEST_NONE = Kind(
    "rules-test-none",
    "No test stands beside the rules",
    "Write one into rules/tests/, so that a change of the rules shows what it changes.",
    Severity.WARNING,
    _LOAD,
)
# What loading does not tell: only `rules check` and `rules test` do.
CHECKS: tuple[Kind, ...] = (BOUNDARY, UNUSED_BOOK, UNUSED_TIERS, TEST, TEST_FAILED, TEST_NONE)

TIER_BAND = Kind("tiers-band", "A tier is no closed band of whole numbers", "Write 1, 2-10 or 10001+.", scope=_LOAD)
TIER_START = Kind("tiers-start", "The first tier does not start at 1", "Let the first tier start at 1.", scope=_LOAD)
TIER_GAP = Kind("tiers-gap", "Headcounts lie between two tiers", "Close the gap.", scope=_LOAD)
TIER_OVERLAP = Kind("tiers-overlap", "Headcounts lie in two tiers", "End a tier before the next starts.", scope=_LOAD)
TIER_OPEN = Kind("tiers-open-end", "The last tier has no open end", "Write the last tier as in 10001+.", scope=_LOAD)

PRICE_AMOUNT = Kind(
    "prices-amount", "A price that cannot be billed", "Write an amount with the currency's digits.", scope=_LOAD
)
PRICE_LADDER = Kind(
    "prices-ladder",
    "The steps of a price by quantity are not whole",
    'Write steps from 1 to an open end, without gap or overlap: {"1-5": 30, "6+": 25}.',
    scope=_LOAD,
)
PRICE_TIER = Kind(
    "prices-tier",
    "A price book does not price exactly the tiers it names",
    "Give every tier of the list one price, and nothing else.",
    scope=_LOAD,
)
PRICE_VALIDITY = Kind(
    "prices-validity", "A price book ends before it starts", "Let effective_to follow effective_from.", scope=_LOAD
)
PRICE_OVERLAP = Kind(
    "prices-overlap",
    "Two versions of a price book are valid on one day",
    "Close the earlier with effective_to, the day before the later starts.",
    scope=_LOAD,
)
PRICE_GAP = Kind(
    "prices-gap",
    "No version of a price book is valid on a day between two",
    "Let effective_to be the day before the next version starts.",
    scope=_LOAD,
)
PRICE_MISSING = Kind(
    "prices-missing",
    "A rule charges a client for whom there is no price",
    "Add a version of the price book for that entity and day, or narrow the rule.",
    scope=_LOAD,
)
PRICE_UNREAD = Kind(
    "prices-unread",
    "A price book is valid on a first or last day on which no rule reads it",
    "Let the rule's from and to cover the days of the book, or mend the book's.",
    Severity.WARNING,
    _LOAD,
)
BUNDLE_SIZE = Kind(
    "prices-bundle-size",
    "Bundles sold on one day would have different sizes",
    "Give the bundles of all books in use one size; prices may differ.",
    scope=_LOAD,
)

BAND_SPANS_TIERS = Kind(
    "rate-band-spans-tiers",
    "The declared size band lies across two tiers",
    "Enter the employee count, or a band that lies inside one tier.",
)
BAND_SPANS_RULE = Kind(
    "rate-band-spans-rule",
    "A rule's bound lies inside the declared size band",
    "Enter the employee count: the band does not tell which rule applies.",
)
SIZE_UNKNOWN = Kind(
    "rate-size-unknown", "The employee size is unknown, and the price depends on it", "Enter the employee size."
)
NO_PRICE = Kind(
    "rate-no-price",
    "No price book is valid for this entity, currency and day",
    "Add a version of the price book that is valid on that day.",
)
NO_CURRENCY = Kind(
    "rate-no-currency",
    "The selling entity has no prices in this currency",
    "Mend the partner's currency, or add a price book in it.",
)
ENTITY_UNKNOWN = Kind(
    "rate-entity-unknown",
    "The rulebook declares no such selling entity",
    "Mend the partner's selling entity, or declare it in the rulebook.",
)
QUANTITY = Kind("rate-quantity", "The quantity cannot be billed", "Enter a whole number between 1 and 1,000,000.")
UNITS_UNKNOWN = Kind(
    "rate-units-unknown",
    "The number of advisors or users is unknown, and the charge counts them",
    "Enter their number; 0 if there are none.",
)
EVENT = Kind(
    "rate-event",
    "The event cannot occur, or lacks a day, a partner or a word the rules know",
    "Mend the record: an upgraded client is on a full feature Spoke; a bundle has no plan.",
)

KINDS: tuple[Kind, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Kind))

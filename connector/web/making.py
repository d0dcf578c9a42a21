"""A new client in three steps and a look at all of it: what each form gave is carried on, and checked again each time.

A stranger's trap: hidden fields are a person's words like any other. Nothing is taken from them unchecked, and of an
advisor the partner is never taken from a form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.domain.words import ClientStatus, Plan
from connector.runs import made_here, workspace
from connector.runs.errors import INPUT, StopError
from connector.runs.made_here import Asking, Quote, Row
from connector.web import made, made_files, made_templates
from connector.web.asked import PageRequest
from connector.web.models import Made
from connector.web.site import site

PLAN, CLIENT, USERS, CONFIRM = STEPS = ("plan", "client", "users", "confirm")
FIELDS = ("partner", "choice", "name", "domain", "advisors", "employees", "users")
_TEMPLATE, _OWN = "template:", "plan:"
LONGEST = 200
_NOT_YET = "W-000000"  # the id of a client that has none


@dataclass(frozen=True)
class State:
    """Where a person is.

    Attributes:
        step: the form to be shown, one of `STEPS`.
        given: what all forms gave so far.
        quote: what the client would be billed; None before that can be asked.
        fault: what is wrong with what was given; None for nothing.
        made: the client, once it is made.
    """

    step: str
    given: Mapping[str, str]
    quote: Quote | None = None
    fault: StopError | None = None
    made: Made | None = None


def asking(request: PageRequest) -> Asking:
    """Who asks for a price.

    Raises:
        StopError: the rules or mappings have faults.
    """
    config, only = site().config(), request.user.partner_id
    templates = made_files.templates(site().folder)
    return Asking(workspace.open_files(config), config.limits, site().now(), only, templates)


def go_on(request: PageRequest) -> State:
    """What comes after the form that a request sent.

    Raises:
        StopError: the rules or mappings have faults, so that no price can be told.
    """
    given = {name: request.POST.get(name, "").strip()[:LONGEST] for name in FIELDS}
    given["partner"] = request.user.partner_id or given["partner"]
    sent = request.POST.get("step", "")
    if sent not in STEPS:
        return State(PLAN, given)
    if "back" in request.POST:
        return State(STEPS[max(STEPS.index(sent) - 1, 0)], given)
    state = State(PLAN, given)
    try:
        asked = asking(request)
        row = _row(given, asked)
        if sent == PLAN:
            return replace(state, step=CLIENT)
        state = replace(state, step=sent)
        quote = _quote(row, asked)
        if sent != CONFIRM:
            return replace(state, step=STEPS[STEPS.index(sent) + 1], quote=quote)
        state = replace(state, quote=quote)
        refuse_other(quote, request.POST.get("told", ""))
        whole = {**row, "domain": quote.domain}
        return replace(state, made=made.make(whole, request.user.name, made.words(quote)))
    except StopError as stop:
        return replace(state, fault=stop)


def _row(given: Mapping[str, str], asked: Asking) -> Row:
    """The row of the client.

    Raises:
        StopError: the partner, or the plan or template, is none.
    """
    owner, choice = given["partner"], given["choice"]
    day = made_here.today(asked.files.rulebook, owner, asked.now)
    plan = choice.removeprefix(_OWN) if choice.startswith(_OWN) else ""
    template = choice.removeprefix(_TEMPLATE) if choice.startswith(_TEMPLATE) else ""
    if plan not in {*Plan} and template not in {name for name, *_ in made_templates.offered(owner)}:
        step = "Choose full feature Spoke, Assessment Only, or a template of this partner."
        raise StopError("no plan and no template of this partner was chosen", step, INPUT)
    texts = {name: given[name] for name in ("name", "domain", "advisors", "employees", "users")}
    made_on = {"plan": plan, "template": template, "created_on": day.isoformat(), "status": ClientStatus.ACTIVE.value}
    return {"client_ref": _NOT_YET, "partner_id": owner, **texts, **made_on}


def _quote(row: Row, asked: Asking) -> Quote:
    """What the client would be billed.

    Raises:
        StopError: something about it is missing or cannot be read.
    """
    name = row["name"]
    if not name[:1].isalnum() or not name.isprintable():
        raise StopError("a client needs a name that begins with a letter or a digit", "Write its name.", INPUT)
    if not row["domain"]:
        raise StopError("a client needs a website domain", "Write it as example.com.", INPUT)
    quote = priced(asked, [*made.rows(row["partner_id"]), row])
    made.refuse_twin(row["partner_id"], quote.domain)
    return quote


def priced(asked: Asking, rows: Sequence[Row]) -> Quote:
    """What the last of these clients would be billed; a full feature Spoke has a size.

    Raises:
        StopError: its row cannot be read, or its size is missing.
    """
    quote = made_here.quote(asked, rows)
    if quote.plan == Plan.FULL_SPOKE.value and not rows[-1].get("employees"):
        step = "Write a whole number such as 50, or a band such as 11-50."
        raise StopError("a full feature Spoke is priced by its size", step, INPUT)
    return quote


def refuse_other(quote: Quote, told: str) -> None:
    """Refuse what is confirmed at another price than that which was shown.

    Raises:
        StopError: it is another.
    """
    now = made.words(quote)
    if told != now:
        raise StopError(f"it would be billed otherwise now: {now}", "Look at it again, then confirm.", INPUT)

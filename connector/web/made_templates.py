"""Templates made by the page: each belongs to one partner and carries the plan that was chosen when it was made.

A stranger's trap: a client's row names the template that it was made from. So a renamed template keeps its earlier
names in the file, and no name of a partner is ever given to a second template: it could carry another plan.
"""

from django.db import transaction
from django.db.models import Max, QuerySet

from connector.domain.words import Plan
from connector.runs import made_here, workspace
from connector.runs.errors import INPUT, StopError
from connector.web import deeds, made
from connector.web.models import MadeTemplate, TemplateStep
from connector.web.settings import PEOPLE
from connector.web.site import site

MADE, RENAMED, ARCHIVED = "made", "renamed", "archived"
LONGEST = 100


def latest(partner_id: str = "") -> QuerySet[TemplateStep]:
    """What each template made here is now, the newest first; of one partner, or of all."""
    newest = TemplateStep.objects.order_by().values("template").annotate(last=Max("id")).values("last")
    found = TemplateStep.objects.filter(pk__in=newest).select_related("template").order_by("-template_id")
    return found.filter(template__partner_id=partner_id) if partner_id else found


def offered(partner_id: str = "") -> tuple[tuple[str, str, str], ...]:
    """The templates that a new client may be made from, made here or known to the ledger.

    Args:
        partner_id: the partner of the client; empty for those of every partner.

    Returns:
        the name of each, whose it is (empty: anybody's), and its plan (empty where a workbook gave it several).
    """
    steps = TemplateStep.objects.all()
    if partner_id:
        steps = steps.filter(template__partner_id=partner_id)
    own = set(steps.values_list("name", "template__partner_id"))
    active = latest(partner_id).exclude(what=ARCHIVED)
    current = active.values_list("name", "template__partner_id", "template__plan")
    return tuple(sorted({*current, *(one for one in made_here.templates(partner_id) if one[:2] not in own)}))


def make(partner_id: str, name: str, plan: str, by: str) -> MadeTemplate:
    """Make a template.

    Args:
        partner_id: whose it is.
        name: what it is called.
        plan: the plan it carries for good, a word of `domain.words.Plan`.
        by: who makes it.

    Raises:
        StopError: there is no such partner or plan, or the name cannot be given.
    """
    day = _today(partner_id)
    if plan not in {*Plan}:
        raise StopError("no plan was chosen", "Choose full feature Spoke or Assessment Only.", INPUT)
    with transaction.atomic(using=PEOPLE):
        own = _free(name, partner_id)
        template = MadeTemplate.objects.create(partner_id=partner_id, plan=plan)
        _note(template, MADE, own, day, by)
    made.write()
    return template


def rename(template: MadeTemplate, name: str, by: str) -> None:
    """Give a template another name; its plan stays, and so do clients that were made from it.

    Raises:
        StopError: it is archived, or the name cannot be given.
    """
    day = _today(template.partner_id)
    with transaction.atomic(using=PEOPLE):
        _refuse_archived(template)
        _note(template, RENAMED, _free(name, template.partner_id, template.pk), day, by)
    made.write()


def archive(template: MadeTemplate, by: str) -> None:
    """Archive a template: no client is made from it any more, and those that were keep their plan.

    Raises:
        StopError: it is archived already.
    """
    day = _today(template.partner_id)
    with transaction.atomic(using=PEOPLE):
        _note(template, ARCHIVED, _refuse_archived(template).name, day, by)


def _today(partner_id: str) -> str:
    rules = workspace.open_files(site().config()).rulebook
    return made_here.today(rules, partner_id, site().now()).isoformat()


def _refuse_archived(template: MadeTemplate) -> TemplateStep:
    """What a template is now.

    Raises:
        StopError: it is archived.
    """
    step = template.steps.latest("id")
    if step.what == ARCHIVED:
        raise StopError(f"the template {step.name} is archived already", "Load its page again.", INPUT)
    return step


def _free(name: str, partner_id: str, own: int = 0) -> str:
    """The name, its spaces made single.

    Raises:
        StopError: it cannot be read back as it is, or another template that the partner may use has or had it.
    """
    told = " ".join(name.split())
    if not told[:1].isalnum() or not told.isprintable():
        raise StopError("a template needs a name that begins with a letter or a digit", "Write its name.", INPUT)
    steps = TemplateStep.objects.filter(template__partner_id=partner_id)
    mine = {one.casefold() for one in steps.filter(template=own).values_list("name", flat=True)}
    others = {one.casefold() for one in steps.exclude(template=own).values_list("name", flat=True)}
    known = {name.casefold() for name, *_ in made_here.templates(partner_id)} - mine
    if told.casefold() in others | known:
        step = "Give another name: clients that were made from that template name it."
        raise StopError(f"partner {partner_id} has or had a template {told}", step, INPUT)
    return told


def _note(template: MadeTemplate, what: str, name: str, day: str, by: str) -> None:
    TemplateStep.objects.create(template=template, what=what, name=name, day=day, by=by, at=site().now())
    deeds.note(by, f"{what} a template", f"{name} of {template.partner_id}", template.plan)

"""How each accounting tenant of the working folder stands: reached or not and why, its consent, its limits.

A stranger's trap: to look is to call. It costs calls of the tenant's day, and may take as long as its time-out.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connector.accounting.answers import Budget, Catalogue, RetryLater
from connector.accounting.connect import Connect, TenantSettings, connect
from connector.net.errors import SetupError
from connector.runs import catalogues
from connector.runs.asking import Clock
from connector.runs.config_tenants import SANDBOX_PAIRS


@dataclass(frozen=True)
class Connection:
    """How a tenant stands.

    Attributes:
        tenant: our name of it.
        fault: why it is not reached; empty where it is.
        next_step: what to do about the fault.
        catalogue: what the organisation has set up; None where it is not reached.
        consent: what a person has agreed to and until when, in words; empty where nobody must.
        budget: what its limits allow; None where nothing is called.
    """

    tenant: str
    fault: str = ""
    next_step: str = ""
    catalogue: Catalogue | None = None
    consent: str = ""
    budget: Budget | None = None

    def to_plain(self) -> dict[str, Any]:
        """It as JSON values; nothing of it is secret."""
        return {
            "tenant": self.tenant,
            "fault": self.fault,
            "next_step": self.next_step,
            "catalogue": None if self.catalogue is None else catalogues.to_plain(self.catalogue),
            "consent": self.consent,
            "budget": None if self.budget is None else asdict(self.budget),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Connection":
        """The connection that `to_plain` was asked for."""
        found, budget = plain["catalogue"], plain["budget"]
        told = {
            "catalogue": None if found is None else catalogues.from_plain(found),
            "budget": None if budget is None else Budget(**budget),
        }
        return cls(**{**plain, **told})


def look_at(settings: TenantSettings, clock: Clock, connect: Connect = connect) -> Connection:
    """Ask a tenant what it has set up, and tell how it stands. That it is not reached is an answer, and no error."""
    try:
        system = connect(settings, clock.now, clock.sleep)
        answer = system.catalogue()
    except SetupError as error:
        return Connection(settings.name, error.message, error.next_step)
    if isinstance(answer, RetryLater):
        return Connection(settings.name, answer.reason, _unreached(settings), None, system.consent(), system.budget())
    return Connection(settings.name, "", "", answer, system.consent(), system.budget())


def _unreached(settings: TenantSettings) -> str:
    if (settings.client_id, settings.client_secret) in SANDBOX_PAIRS.values():
        return f"Start the sandbox: 'connector sandbox'. It is expected at {settings.api_url}."
    return f"Is {settings.api_url} right, and does this machine reach it? Then try again."

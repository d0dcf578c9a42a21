"""Reaching the accounting system of one tenant of the working folder."""

from collections.abc import Callable

from connector.accounting.connect import Connect
from connector.accounting.port import AccountingSystem
from connector.net.errors import SetupError
from connector.runs.asking import Clock
from connector.runs.config import Config


def say_nothing(_sentence: str) -> None:
    """Nobody is told."""


def system_of(
    config: Config, name: str, clock: Clock, connect: Connect, tell: Callable[[str], None] = say_nothing
) -> AccountingSystem:
    """The accounting system of a tenant, told of waits. Nothing is sent by this.

    Raises:
        SetupError: `connector.yaml` has no such tenant any more, or it is declared wrongly.
    """
    if name not in config.tenants:
        raise SetupError(f"connector.yaml has no tenant {name}, which documents wait for", "Declare it again there.")

    def patiently(seconds: float) -> None:
        tell(f"Waiting {seconds:.0f} s, to keep within the calls of a minute that {name} allows")
        clock.sleep(seconds)

    return connect(config.tenants[name], clock.now, patiently)

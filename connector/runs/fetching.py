"""Fetching the exports that connector.yaml declares, one after the other, into the working folder's `exports`."""

import time
from collections.abc import Callable, Mapping, Sequence

from connector.export import Export, Fetched, Rejected, RetryLater, missing_variables
from connector.export.fetch import World, fetch
from connector.export.partfile import FOLDER
from connector.runs.asking import Clock
from connector.runs.config import Config
from connector.runs.errors import StopError

Outcome = Fetched | Rejected | RetryLater
Report = Callable[[str, int, int], None]


def fetch_exports(
    config: Config, names: Sequence[str], environment: Mapping[str, str], clock: Clock, report: Report, *, restart: bool
) -> Mapping[str, Outcome]:
    """Fetch the exports named, or all of them; one that fails does not stop the others.

    Args:
        config: the settings.
        names: names of exports; none means all.
        environment: holds their keys.
        clock: time and waiting.
        report: told after each page: the name, and the records and bytes that are there.
        restart: throw away what an earlier fetch has left.

    Raises:
        StopError: an export is not declared, or none is.
    """
    if not config.exports:
        step = "Declare one under exports:; docs/operations.md shows how."
        raise StopError("connector.yaml declares no export", step)
    unknown = [name for name in names if name not in config.exports]
    if unknown:
        message = f"connector.yaml declares no export {', '.join(unknown)}"
        raise StopError(message, f"Declared are: {', '.join(config.exports)}.")
    chosen = dict.fromkeys(names or config.exports)
    world = World(clock.now, clock.sleep, time.monotonic)
    return {
        name: _fetched(config.exports[name], config, environment, world, report, restart=restart) for name in chosen
    }


def _fetched(
    export: Export, config: Config, environment: Mapping[str, str], world: World, report: Report, *, restart: bool
) -> Outcome:
    missing = missing_variables(export, environment)
    if missing:
        return Rejected(f"the environment variable {missing[0]} is not set", "Set it, then fetch again.")
    secret = environment[export.auth.variable] if export.auth else ""
    return fetch(export, config.folder / FOLDER, secret, world, report, restart=restart)

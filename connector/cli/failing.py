"""What a failure looks like from outside: one clear message with the next step, its exit code, no traceback."""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress

import typer
from typer.exceptions import TyperException

from connector.cli.output import console, print_json, print_problems, say
from connector.runs import stops
from connector.runs.errors import USAGE, StopError

_INTERRUPTED = 130
_HELP = "'connector --help' lists the commands, and 'connector COMMAND --help' what each takes."


def guarded(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    command = typer.main.get_command(app)
    with suppress(ValueError):  # only the main thread may say what a signal does
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # ending in order, like Ctrl-C
    try:
        result = command.main(list(arguments), prog_name="connector", standalone_mode=False)
        if result == _INTERRUPTED:
            raise KeyboardInterrupt  # noqa: TRY301  # typer has turned Ctrl-C into an exit code without a word
    except KeyboardInterrupt:
        stop = StopError("interrupted", "Nothing half-done was kept; run the command again.", _INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader went away; Python would complain when it flushes
        return 0
    except Exception as error:  # noqa: BLE001  # the last line of defence: a person must not get a traceback
        stop = as_stop(error)
    else:
        return result if isinstance(result, int) else 0
    return _told(stop, as_json="--json" in arguments)


def as_stop(error: Exception) -> StopError:
    """Any error as a message with its next step and exit code; wrong usage in this door's own words."""
    if isinstance(error, TyperException):
        shown = getattr(error, "format_message", lambda: str(error))()
        return StopError(str(shown).rstrip(".?") or "wrong usage", _HELP, USAGE)
    return stops.as_stop(error)


def _told(stop: StopError, *, as_json: bool) -> int:
    if as_json:
        from connector.runs.runplan import problem_to_plain  # noqa: PLC0415  # only now is it needed

        listed = [problem_to_plain(problem) for problem in stop.problems]
        plain = {"error": stop.message, "next_step": stop.next_step, "problems": listed, "exit_code": stop.exit_code}
        print_json(plain)
        return stop.exit_code
    print_problems(console(to_stderr=True), stop.problems)
    say(f"{stop.message}.")
    say(stop.next_step)
    return stop.exit_code

"""What a failure looks like from outside: one clear message with the next step, the designed exit code, no traceback.

What nobody expected is a defect: it says so, where its details were written, and that nothing half-done was kept.
"""

import os
import signal
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress

import typer
from typer.exceptions import TyperException

from connector.cli.output import console, print_json, print_problems, say
from connector.runs.errors import INPUT, USAGE, StopError

_INTERRUPTED = 130
_HELP = "'connector --help' lists the commands, and 'connector COMMAND --help' what each takes."
_DISK = "Check the rights of the folder and the room on the disk."


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
    """Any error as a message with its next step and exit code; what is none of the expected ones is a defect."""
    if isinstance(error, StopError):
        return error
    if isinstance(error, TyperException):
        shown = getattr(error, "format_message", lambda: str(error))()
        return StopError(str(shown).rstrip(".?") or "wrong usage", _HELP, USAGE)
    # These rooms are loaded by then if one of their errors is here, and are not worth loading for '--help'.
    from connector.ledger import RefusedError, StoreError  # noqa: PLC0415
    from connector.net.errors import SetupError  # noqa: PLC0415

    if isinstance(error, StoreError | SetupError):
        return StopError(error.message, error.next_step, USAGE)
    if isinstance(error, RefusedError):
        message = f"the ledger refused what would have been written twice or wrongly: {error}"
        return StopError(message, "Nothing was written. Plan again and approve that.", INPUT)
    if isinstance(error, OSError):
        told = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
        return StopError(told, _DISK, USAGE)
    return StopError(
        f"this is a defect of the program: {type(error).__name__}",
        f"Its details are in {_written(error)}; send them with your report. What was committed before is kept.",
        INPUT,
    )


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


def _written(error: Exception) -> str:
    """Write the traceback of a defect to a private file, and say where."""
    handle, path = tempfile.mkstemp(prefix="connector-defect-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return path

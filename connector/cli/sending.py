"""push: send, read back, tie out, and say plainly what needs a person."""

from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connector.cli import opening
from connector.cli.output import finish, progress_bar, say
from connector.cli.show import show_tie_out
from connector.runs.errors import REMAINS, USAGE
from connector.runs.push_result import Progress, PushResult
from connector.runs.reading_back import ToImport
from connector.runs.sending import Sent, Wish, send


def push(folder: Path, wish: Wish, *, as_json: bool) -> None:
    """Send what is approved."""
    with opening.opened(folder) as config, progress_bar("documents", shown=not as_json) as bar:
        sent = send(config, wish, opening.clock(), reporter(bar))
    finish(sent.to_plain(), exit_code(sent), as_json=as_json, render=lambda to: show_sent(to, sent))


def reporter(bar: Callable[[str, int, int], None]) -> Callable[[Progress], None]:
    """What a push tells: its progress to the bar, and every sentence that is not the last one again to the person."""
    last = [""]

    def report(progress: Progress) -> None:
        bar("documents", progress.settled, max(progress.total, 1))
        if progress.message != last[0]:
            last[0] = progress.message
            say(progress.message)

    return report


def exit_code(sent: Sent) -> int:
    """2 when a connection is set up wrongly, 3 when something remains, else 0."""
    if sent.setup_faults:
        return USAGE
    return REMAINS if sent.remains else 0


def show_sent(to: Console, sent: Sent) -> None:
    """What a push did, for people."""
    for name, result in sent.results.items():
        _show_result(to, name, result, by_file=name in sent.files)
    for files in sent.files.values():
        show_files(to, files)
    for name, (message, next_step) in sent.setup_faults.items():
        to.print(Text(f"{name}: {message}", style="red"))
        to.print(Text(f"  {next_step}"))
    for name, reason in sent.unread.items():
        to.print(Text(f"{name}: not read back: {reason}", style="yellow"))
    for tied in sent.tied:
        show_tie_out(to, tied)
    if not sent.tied and not sent.results:
        to.print(Text("Nothing is approved and unsent."))
    if sent.remains or sent.setup_faults:
        to.print(Text("Something remains: 'connector exceptions' lists it."))


def show_files(to: Console, files: Iterable[ToImport]) -> None:
    """The files that wait for a person, each with what is to be done."""
    for one in files:
        documents = "1 document" if one.documents == 1 else f"{one.documents} documents"
        to.print(Text(f"To import: {one.file} ({documents})", style="bold"))
        to.print(Text(f"  {one.next_step}"))


def _show_result(to: Console, name: str, result: PushResult, *, by_file: bool) -> None:
    done, there = ("written to a file", "a file") if by_file else ("booked", "the books")
    to.print(Text(f"{name}: {len(result.booked)} {done}, {len(result.adopted)} found in {there} already."))
    for one in (*result.rejected, *result.quarantined, *result.drift):
        to.print(Text(f"  {one.number}: {one.reason}", style="red"))
    for credit in result.applied:
        to.print(Text(f"  {credit.number}: {credit.told}."))
    for one in result.unapplied:
        to.print(Text(f"  {one.number}: booked, but not applied: {one.reason}", style="red"))
    for waiting in result.waiting:
        when = f"not before {waiting.not_before:%Y-%m-%d %H:%M:%S} UTC" if waiting.not_before else "with the next push"
        to.print(Text(f"  {waiting.number}: {when}: {waiting.reason}", style="yellow"))
    if result.stopped:
        again = f" It can go on at {result.resume_at:%Y-%m-%d %H:%M:%S} UTC." if result.resume_at else ""
        to.print(Text(f"  stopped: {result.stopped}{again}", style="yellow"))

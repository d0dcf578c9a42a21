"""One work, in this process: `python -m connector.web.worker FOLDER NUMBER`. Only `works` starts it."""

import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.runs import crashpoints
from connector.runs.asking import Clock
from connector.runs.stops import as_stop
from connector.web import settings
from connector.web.peoplefile import FILE, open_people, secret_of
from connector.web.site import Site, serve_site

_BEAT_SECONDS = 5.0


def main(folder: str, number: str) -> int:
    """Do the work and keep what came of it; 0, also where it was refused: what is told then says why."""
    place = Path(folder)
    settings.configure(secret_of(place))
    serve_site(Site(place, Clock(lambda: datetime.now(UTC), time.sleep, time.monotonic)))
    open_people(place / FILE)
    crashpoints.arm_from(os.environ.get(crashpoints.VARIABLE, ""))

    from connector.web.doing import do  # noqa: PLC0415 - Django is configured by now
    from connector.web.models import Work  # noqa: PLC0415 - as above

    work = Work.objects.get(pk=int(number))
    with _beating(work.pk):
        try:
            found = do(work)
        except Exception as error:  # noqa: BLE001 - the last line of defence: a person must be told
            stop = as_stop(error)
            told = f"{stop.message[0].upper()}{stop.message[1:]}. {stop.next_step}"
            problems = [str(problem) for problem in stop.problems]
            _end(work.pk, "failed", told, {"problems": problems})
        else:
            _end(work.pk, "done", "", found)
    return 0


def _end(number: int, state: str, told: str, found: Mapping[str, Any]) -> None:
    from connector.web.models import Work  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    Work.objects.filter(pk=number).update(state=state, told=told, found=dict(found), ended_at=now, beat_at=now)


@contextmanager
def _beating(number: int) -> Iterator[None]:
    """Give a sign of life until the work ends."""
    from django.db import connections  # noqa: PLC0415 - Django is configured by now

    from connector.web.models import Work  # noqa: PLC0415 - as above

    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT_SECONDS):
            Work.objects.filter(pk=number).update(beat_at=datetime.now(UTC))
        connections.close_all()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

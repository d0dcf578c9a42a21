"""``python -m connector.sandbox``: the sandbox as a process of its own.

Owns its command line. What a stranger would get wrong: the address goes to standard output in one line, flushed, so
that a test can wait for it.
"""

import argparse
import sys
from pathlib import Path

from connector.sandbox.server import serve
from connector.sandbox.store import StateError


def main() -> int:
    """Serve until told to stop; 2 when the port or the state file cannot be used."""
    parser = argparse.ArgumentParser(prog="connector.sandbox", description="Xero and QuickBooks with invented books.")
    parser.add_argument("--state", type=Path, default=Path("sandbox.sqlite3"), help="the state file")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    chosen = parser.parse_args()
    try:
        serve(chosen.state, chosen.host, chosen.port, _announce)
    except (OSError, StateError) as error:
        sys.stderr.write(f"The sandbox cannot start: {error}\n")
        return 2
    return 0


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

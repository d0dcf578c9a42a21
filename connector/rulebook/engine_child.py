"""The child process that runs the rule engine: questions on standard input, answers on standard output, both JSON.

It is a process of its own because the engine's C code can crash or hang; then the rulebook is refused, not the program.
"""

import json
import sys

from connector.rulebook.engine import ask


def main() -> None:
    """Answer every question; anything that goes wrong ends the process with its reason on standard error."""
    questions = json.load(sys.stdin)
    json.dump([ask(question["rules"], question["facts"]) for question in questions], sys.stdout)


if __name__ == "__main__":
    main()

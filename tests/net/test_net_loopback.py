"""One answer of a browser to this machine: only to the expected path, only for so long, with nothing kept."""

import socket
import threading
import time

import pytest
import requests

from connector.net.errors import SetupError
from connector.net.loopback import OneAnswer, is_loopback


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_answer_to_the_path_is_taken_and_others_are_told_off(capfd: pytest.CaptureFixture[str]) -> None:
    root = f"http://127.0.0.1:{free_port()}"
    told: list[tuple[int, str]] = []

    def browse() -> None:
        for path in ("/favicon.ico", "/callback?code=other&state=old", "/callback", "/callback?code=canary&state=s"):
            reply = requests.get(f"{root}{path}", timeout=10)
            told.append((reply.status_code, reply.text.partition("<p>")[2]))

    with OneAnswer(f"{root}/callback", "Done & <well>.", "s") as waiting:
        browser = threading.Thread(target=browse)
        browser.start()
        assert waiting.wait(10) == "/callback?code=canary&state=s"
        browser.join(timeout=10)
    assert told == [
        (404, "There is nothing here.</p>"),
        (400, "This answer belongs to another attempt to connect: use the newest page.</p>"),
        (400, "This answer belongs to another attempt to connect: use the newest page.</p>"),
        (200, "Done &amp; &lt;well&gt;.</p>"),
    ]
    assert "canary" not in "".join(capfd.readouterr())


def test_nobody_is_waited_for_longer_than_told() -> None:
    """However often somebody else knocks meanwhile."""
    root, over = f"http://127.0.0.1:{free_port()}", threading.Event()

    def knock() -> None:
        while not over.wait(0.05):
            requests.get(f"{root}/callback?code=c&state=old", timeout=10)

    with OneAnswer(f"{root}/callback", "", "s") as waiting:
        knocking = threading.Thread(target=knock)
        knocking.start()
        begun = time.monotonic()
        assert waiting.wait(0.5) == ""
        assert time.monotonic() - begun < 5
        over.set()
        waiting.wait(0.2)  # whoever still knocks gets an answer
        knocking.join(timeout=15)


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/callback"
        with pytest.raises(SetupError, match="cannot be listened at") as raised:
            OneAnswer(address, "", "s")
    assert raised.value.next_step == "End what uses it, or choose --paste."


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:8766/callback", True),
        ("http://127.0.0.1/", True),
        ("http://[::1]:8766/callback", False),
        ("https://localhost/callback", False),
        ("http://books.example/callback", False),
    ],
)
def test_what_is_this_machine(address: str, *, expected: bool) -> None:
    assert is_loopback(address) == expected

"""The production set-up as it is written down: the sample service and the sample nginx, PostgreSQL, a real browser.

Only what a machine must have of its own is changed in the samples: ports, the certificate and folders.
"""

import configparser
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from browser_kit import NAME, REQUIRED, Person
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, expect
from serving_kit import served
from world import World, client

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "page"
TIME_OUT_SECONDS = 20
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
LACKING = "no nginx on this machine (apt-get install nginx-light): the production set-up is not tried"


@pytest.fixture
def nginx() -> str:
    """Where nginx is."""
    if NGINX is None:
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(LACKING)
        pytest.skip(LACKING)
    return NGINX


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def certificate(folder: Path) -> None:
    """A certificate of the page's name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )


@contextmanager
def proxied(program: str, folder: Path, page: str) -> Iterator[tuple[int, int]]:
    """The sample's nginx before a page: the ports of TLS and of plain HTTP."""
    certificate(folder)
    tls, plain = free_port(), free_port()
    site = _changed(
        (SAMPLES / "nginx.conf").read_text(encoding="utf-8"),
        {
            "listen 443 ssl": f"listen 127.0.0.1:{tls} ssl",
            "listen 80": f"listen 127.0.0.1:{plain}",
            "/etc/ssl/partner-billing": str(folder),
            "http://127.0.0.1:8800": page,
        },
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    whole = (
        f"{user}daemon off; master_process off; pid {folder}/pid;\nevents {{}}\n"
        f"http {{ access_log off;\n{temporary}{site}}}\n"
    )
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    with subprocess.Popen([program, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]) as process:
        try:
            _wait_for(tls, process)
            yield tls, plain
        finally:
            process.terminate()
            process.wait(TIME_OUT_SECONDS)


def _changed(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + TIME_OUT_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "nginx did not start"
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx does not listen")


def sample_arguments() -> list[str]:
    """What the sample service starts `connector` with, after `serve`."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign] - the names of systemd have capitals
    unit.read_string((SAMPLES / "connector-page.service").read_text(encoding="utf-8"))
    program, command, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert (Path(program).name, command) == ("connector", "serve")
    return arguments


@pytest.mark.usefixtures("on_postgres")
def test_the_main_job_behind_nginx_over_tls_with_the_ledger_on_a_server(
    world: World, window: Browser, nginx: str
) -> None:
    folder = world.folder.parent / "nginx"
    folder.mkdir()
    with (
        served(world.folder, *sample_arguments()) as (page, first),
        proxied(nginx, folder, page) as (tls, plain),
    ):
        away = requests.get(
            f"http://127.0.0.1:{plain}/", headers={"Host": NAME}, timeout=TIME_OUT_SECONDS, allow_redirects=False
        )
        assert (away.status_code, away.headers["Location"]) == (301, f"https://{NAME}/")
        url = f"https://{NAME}:{tls}"
        assert first.startswith(f"https://{NAME}/join/?key=")
        _bill(window, url, first.replace(f"https://{NAME}", url), world)
    assert len(world.invoices("11111111-1111-4111-8111-111111111111")) == 1


def _bill(opened: Browser, url: str, first: str, world: World) -> None:
    ada = Person(opened, url)
    ada.join(first, "Ada")
    cookies = ada.context.cookies()
    assert {one["name"] for one in cookies if one["secure"]} == {one["name"] for one in cookies} != set()
    assert ada.page.evaluate("document.styleSheets[0].cssRules.length") > 0
    ada.upload(Path(world.partners()), Path(world.clients(client("C-1"))))
    ada.plan("2025-06-20")
    ada.page.get_by_role("button", name="Approve").click()
    ada.page.get_by_role("button", name="Send to the books").click()
    ada.page.wait_for_url("**/runs/R-*/", timeout=60_000)
    expect(ada.page.locator("h1")).to_contain_text("closed")
    assert ada.complaints == []


def test_the_guide_shows_the_samples_as_they_are() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:nginx|ini)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert blocks == [(SAMPLES / name).read_text(encoding="utf-8") for name in ("connector-page.service", "nginx.conf")]

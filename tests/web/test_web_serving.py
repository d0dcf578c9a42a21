"""The page as it is served: on this machine alone, and behind a proxy that speaks TLS, as the guide says."""

from http import HTTPStatus

import pytest
import requests
from serving_kit import served
from world import World

from connector.web.peoplefile import FILE, SECRET

TIME_OUT_SECONDS = 20
NAME = "billing.example.com"
PROXY = {"Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


def got(url: str, **headers: str) -> requests.Response:
    """An answer, as it comes."""
    return requests.get(url, headers=headers, timeout=TIME_OUT_SECONDS, allow_redirects=False)


def test_it_serves_this_machine_with_private_files(alone: World) -> None:
    with served(alone.folder) as (url, first):
        assert url.startswith("http://127.0.0.1:")
        assert got(f"{url}/health/").json()["ok"] is True
        style = got(f"{url}/static/web/style.css")
        assert style.headers["Content-Type"].startswith("text/css")
        assert got(first).status_code == HTTPStatus.OK
        assert got(f"{url}/health/", Host="evil.example").status_code == HTTPStatus.BAD_REQUEST
        assert "server" not in {name.lower() for name in style.headers}
    for name in (FILE, SECRET):
        assert (alone.folder / name).stat().st_mode & 0o077 == 0


def test_behind_a_proxy_everything_is_over_tls(alone: World) -> None:
    with served(alone.folder, "--behind-tls", "--name", NAME) as (url, first):
        assert first.startswith(f"https://{NAME}/join/?key=")
        plain = got(f"{url}/sign-in/", Host=NAME)
        assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{NAME}/sign-in/")
        page = got(f"{url}/sign-in/", **PROXY)
        assert page.status_code == HTTPStatus.OK
        assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
        assert "Secure" in page.headers["Set-Cookie"]


def test_without_a_proxy_nobody_can_claim_to_be_one(alone: World) -> None:
    with served(alone.folder) as (url, _):
        page = got(f"{url}/sign-in/", **{"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"})
        assert "Secure" not in page.headers["Set-Cookie"]
        assert "Strict-Transport-Security" not in page.headers


def test_a_secret_that_others_can_read_or_that_is_short_is_refused(
    alone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = alone.folder / SECRET
    secret.write_text("x" * 60, encoding="utf-8")
    secret.chmod(0o644)
    refused = alone.run("serve", "--port", "0")
    assert (refused.code, refused.plain["next_step"]) == (2, f"Run: chmod 600 {secret.resolve()}")
    monkeypatch.setenv("CONNECTOR_PAGE_SECRET", "short")
    assert "fewer than 40 characters" in alone.run("serve", "--port", "0").plain["error"]

"""The tokens of a consent at rest: sealed under a key kept apart, for one tenant, and never shown."""

import base64
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from consent_kit import Ahead, file_of, source, store, stored
from quickbooks_kit import settings

from connector.accounting.oauth.tokenfile import Tokens
from connector.accounting.oauth.tokenkeys import TokenKeys
from connector.accounting.settings import TenantSettings
from connector.net.errors import SetupError
from connector.sandbox.quickbooks import US_COMPANY
from connector.sealed import UnsealError, new_key, seal, unseal

ACCESS, REFRESH = "canary-access-31", "canary-refresh-9c1e"
AGAIN = "Run 'connector connect quickbooks qb-books': it writes the file anew."
PUT_BACK = "Put the key back (docs/operations.md), or run 'connector connect quickbooks qb-books'."
DAY = datetime(2026, 11, 26, tzinfo=UTC)
TOKENS = Tokens(US_COMPANY.realm, ACCESS, DAY, REFRESH, refresh_until=DAY, scopes="accounting")
ONE, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def made(folder: Path, given: str | None = None, name: str = "qb-books") -> TenantSettings:
    """A tenant whose keys are of the environment, or of the key file in its folder."""
    found = settings("https://books.example", folder, name=name)
    assert found.consent is not None
    keys = TokenKeys(given, folder / ".token-key")
    return replace(found, consent=replace(found.consent, keys=keys, token_file=folder / "tokens" / f"{name}.json"))


def path_of(folder: Path, name: str = "qb-books") -> Path:
    return folder / "tokens" / f"{name}.json"


def refusal(one: TenantSettings) -> tuple[str, str]:
    """What is told of a file that does not open, once it is known to hold no secret."""
    with pytest.raises(SetupError) as raised:
        stored(one)
    error = raised.value
    said = f"{error!r} {error} {error.__cause__} {error.__context__} {one!r} {file_of(one)!r}"
    assert [secret for secret in (ACCESS, REFRESH, ONE, OTHER) if secret in said] == []
    return error.message, error.next_step


@pytest.mark.parametrize("given", [None, ONE, f"{ONE} {OTHER}"])
def test_what_is_stored_is_read_and_cannot_be_seen(tmp_path: Path, given: str | None) -> None:
    one = made(tmp_path, given)
    store(one, TOKENS)
    assert stored(one) == TOKENS
    seen = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert [secret for secret in (ACCESS, REFRESH, US_COMPANY.realm) if secret.encode() in seen] == []
    assert (tmp_path / ".token-key").exists() == (given is None)


def test_the_key_file_is_its_owners_alone_and_apart_from_the_tokens(tmp_path: Path) -> None:
    store(made(tmp_path), TOKENS)
    key, tokens = tmp_path / ".token-key", path_of(tmp_path)
    modes = [path.stat().st_mode & 0o777 for path in (key, tokens, tokens.parent)]
    assert modes == [0o600, 0o600, 0o700]
    before = key.read_text()
    store(made(tmp_path), TOKENS)
    assert key.read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".token-key", "tokens"]


def test_the_token_file_alone_gives_no_access(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    store(made(tmp_path / "here"), TOKENS)
    path_of(tmp_path / "there").parent.mkdir(parents=True, mode=0o700)
    path_of(tmp_path / "there").write_bytes(path_of(tmp_path / "here").read_bytes())
    path_of(tmp_path / "there").chmod(0o600)
    message = "qb-books.json is sealed, and its key is neither in CONNECTOR_TOKEN_KEY nor in .token-key"
    assert refusal(made(tmp_path / "there")) == (message, PUT_BACK)
    assert not (tmp_path / "there" / ".token-key").exists()


@pytest.mark.parametrize(
    ("given", "where"), [(OTHER, "CONNECTOR_TOKEN_KEY"), (None, ".token-key")], ids=["environment", "file"]
)
def test_another_key_is_told_from_damage(tmp_path: Path, given: str | None, where: str) -> None:
    store(made(tmp_path, ONE), TOKENS)
    if given is None:
        store(made(tmp_path, name="uk-books"), TOKENS)
    assert refusal(made(tmp_path, given)) == (f"qb-books.json is sealed under another key than {where} holds", PUT_BACK)


def test_a_key_is_replaced_by_writing_the_new_one_before_it(tmp_path: Path) -> None:
    """What the old key sealed is sealed anew when it is next used; then the old one can go."""
    store(made(tmp_path, ONE), TOKENS)
    assert stored(made(tmp_path, f"{OTHER}\n{ONE}")) == TOKENS
    assert stored(made(tmp_path, OTHER)) == TOKENS
    assert refusal(made(tmp_path, ONE))[1] == PUT_BACK


def test_the_key_file_takes_several_keys_too(tmp_path: Path) -> None:
    store(made(tmp_path), TOKENS)
    key = tmp_path / ".token-key"
    head, old = key.read_text().splitlines()
    key.write_text(f"{head}\n{ONE}\n{old}\n")
    assert stored(made(tmp_path)) == TOKENS
    assert stored(made(tmp_path, ONE)) == TOKENS


def swapped(envelope: dict[str, str], folder: Path) -> dict[str, str]:
    """The file of another tenant, made to look like ours."""
    store(made(folder, ONE, "uk-books"), TOKENS)
    return json.loads(path_of(folder, "uk-books").read_text()) | {"tenant": envelope["tenant"]}


def tampered(envelope: dict[str, str], _: Path) -> dict[str, str]:
    sealed = bytearray(base64.b64decode(envelope["sealed"]))
    sealed[-20] ^= 1
    return envelope | {"sealed": base64.b64encode(sealed).decode()}


@pytest.mark.parametrize(
    "change",
    [
        swapped,
        tampered,
        lambda envelope, _: envelope | {"sealed": envelope["sealed"][:8]},
        lambda envelope, _: envelope | {"sealed": "ż"},
    ],
)
def test_what_was_changed_or_is_anothers_does_not_open(
    tmp_path: Path, change: Callable[[dict[str, str], Path], dict[str, str]]
) -> None:
    one = made(tmp_path, ONE)
    store(one, TOKENS)
    path = path_of(tmp_path)
    path.write_text(json.dumps(change(json.loads(path.read_text()), tmp_path)))
    message = "qb-books.json was changed since it was written, or was written for another tenant"
    assert refusal(one) == (message, AGAIN)


def test_every_byte_counts(tmp_path: Path) -> None:
    one = made(tmp_path, ONE)
    store(one, TOKENS)
    path = path_of(tmp_path)
    sealed = base64.b64decode(json.loads(path.read_text())["sealed"])
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 0x40]) + sealed[place + 1 :]
        with pytest.raises(UnsealError):
            unseal("connector-tokens-1\x1fqb-books", base64.b64decode(ONE), changed)


def test_the_file_of_another_tenant_is_named_as_that(tmp_path: Path) -> None:
    store(made(tmp_path, ONE, "uk-books"), TOKENS)
    path_of(tmp_path, "uk-books").rename(path_of(tmp_path))
    assert refusal(made(tmp_path, ONE)) == ("qb-books.json was written for another tenant", AGAIN)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ("", "is damaged"),
        ('{"tenant_id": "canary-access-31"}', "is damaged"),
        ('{"format": "connector-tokens-1", "tenant": 7, "key": "", "sealed": ""}', "is damaged"),
        (
            '{"format": "connector-tokens-2", "tenant": "qb-books", "key": "", "sealed": ""}',
            "was written by another version of the program",
        ),
        (
            json.dumps({"tenant_id": "7", "access": ACCESS, "refresh": REFRESH, "access_until": "2026-11-26"}),
            "holds tokens that are not sealed, as files from before were",
        ),
    ],
)
def test_a_file_that_is_not_ours_is_told_without_what_is_in_it(tmp_path: Path, text: str, reason: str) -> None:
    one = made(tmp_path, ONE)
    store(one, TOKENS)
    path_of(tmp_path).write_text(text)
    assert refusal(one) == (f"qb-books.json {reason}", AGAIN)
    store(one, TOKENS)
    assert stored(one) == TOKENS


def test_a_file_that_is_not_utf8_is_damaged(tmp_path: Path) -> None:
    one = made(tmp_path, ONE)
    store(one, TOKENS)
    path_of(tmp_path).write_bytes(b"\xff\xfe\x00")
    assert refusal(one) == ("qb-books.json is damaged", AGAIN)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "CONNECTOR_TOKEN_KEY holds no key"),
        ("canary-access-31", "CONNECTOR_TOKEN_KEY holds something that is no key (1 of 1)"),
        (f"{ONE} {OTHER[:-4]}", "CONNECTOR_TOKEN_KEY holds something that is no key (2 of 2)"),
        ("ż" * 44, "CONNECTOR_TOKEN_KEY holds something that is no key (1 of 1)"),
    ],
)
def test_what_is_no_key_is_told_and_not_shown(tmp_path: Path, given: str, told: str) -> None:
    store(made(tmp_path, ONE), TOKENS)
    message, step = refusal(made(tmp_path, given))
    assert message == told
    assert "'openssl rand -base64 32'" in step
    with pytest.raises(SetupError):
        store(made(tmp_path, given), TOKENS)


def test_keys_in_the_other_alphabet_of_base64_are_taken(tmp_path: Path) -> None:
    key = base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode()
    assert "_" in key
    store(made(tmp_path, key), TOKENS)
    assert stored(made(tmp_path, base64.b64encode(b"\xfb\xff" * 16).decode())) == TOKENS


def test_a_key_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    store(made(tmp_path), TOKENS)
    (tmp_path / ".token-key").chmod(0o640)
    message, step = refusal(made(tmp_path))
    assert message == ".token-key, the key of the tokens, can be read by others"
    assert step.startswith(f"Run 'chmod 600 {tmp_path}/.token-key'; if others could read it, replace the key")


@pytest.mark.parametrize("text", ["", "# only words\n", "# words\nno key\n"])
def test_a_key_file_without_a_key_is_told(tmp_path: Path, text: str) -> None:
    store(made(tmp_path), TOKENS)
    (tmp_path / ".token-key").write_text(text)
    assert refusal(made(tmp_path))[0].startswith(".token-key holds ")


def test_a_key_file_that_cannot_be_made_or_read_is_told(tmp_path: Path) -> None:
    one = made(tmp_path)
    assert one.consent is not None
    nowhere = replace(one, consent=replace(one.consent, keys=TokenKeys(None, tmp_path / "absent" / ".token-key")))
    with pytest.raises(SetupError, match="the key of the tokens, cannot be used"):
        store(nowhere, TOKENS)
    store(one, TOKENS)
    (tmp_path / "file").write_text("")
    within = replace(one, consent=replace(one.consent, keys=TokenKeys(None, tmp_path / "file" / ".token-key")))
    assert "the key of the tokens, cannot be used" in refusal(within)[0]


def test_those_who_need_a_key_at_once_get_one_key(tmp_path: Path) -> None:
    keys = TokenKeys(None, tmp_path / ".token-key")
    ready, got = threading.Barrier(8), []

    def take() -> None:
        ready.wait()
        got.append(keys.sealing())

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert got == [keys.sealing()] * 8
    assert [path.name for path in tmp_path.iterdir()] == [".token-key"]


def test_a_token_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    store(made(tmp_path), TOKENS)
    path_of(tmp_path).chmod(0o640)
    assert refusal(made(tmp_path)) == (
        "qb-books.json, which holds access to the books, can be read by others",
        f"Run 'chmod 600 {path_of(tmp_path)}', and connect again if others could read it.",
    )


def test_a_folder_that_cannot_be_made_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("no folder")
    with pytest.raises(SetupError, match="cannot be used"):
        source(settings("https://books.example", tmp_path), Ahead()).token()
    with pytest.raises(SetupError, match="cannot be used"):
        file_of(made(tmp_path)).read()


def test_nothing_of_keys_and_tokens_is_logged_or_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    one = made(tmp_path, f"{ONE} {OTHER}")
    store(one, TOKENS)
    assert one.consent is not None
    keys = one.consent.keys
    seen = f"{stored(one)!r} {one!r} {keys!r} {keys.known()!r} {vars(file_of(one))!r} {caplog.text}"
    assert [secret for secret in (ACCESS, REFRESH, ONE, OTHER) if secret in seen] == []
    for key in keys.known():
        assert repr(key.secret) not in seen


def test_what_is_sealed_opens_under_its_key_and_name_alone() -> None:
    key = new_key()
    sealed = seal("name", key, b"plain")
    assert unseal("name", key, sealed) == b"plain"
    assert seal("name", key, b"plain") != sealed
    for name, other in (("another", key), ("name", new_key())):
        with pytest.raises(UnsealError):
            unseal(name, other, sealed)

"""Settings to a connection: what is missing is told, and connecting calls nobody."""

import pytest
import responses
from accounting_kit import connected

from connector.accounting.answers import CredentialsError
from connector.net.errors import SetupError


@responses.activate
def test_connecting_calls_nobody() -> None:
    system = connected(quiet_seconds=7)
    assert (system.tenant, system.capabilities.quiet.total_seconds()) == ("us-books", 7)
    assert len(responses.calls) == 0


def test_an_unknown_system_is_told() -> None:
    with pytest.raises(SetupError, match="'abacus' is not known"):
        connected(system="abacus")


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_missing_credentials_are_told(missing: str) -> None:
    with pytest.raises(CredentialsError, match="us-books: the client id or the client secret is missing"):
        connected(**{missing: ""})

"""Where a ledger is: a file (SQLite), or a database of a PostgreSQL server named by a URL.

A stranger's trap: a password is part of a server's value and never of its text, so that no message and no log shows it.
Without one, libpq looks for it as usual: PGPASSWORD, ~/.pgpass, a service.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = ("postgresql", "postgres")
# What else of libpq a URL may say. Anything that could change how the ledger works stays out.
OPTIONS = (
    "connect_timeout",
    "host",
    "keepalives_idle",
    "passfile",
    "port",
    "service",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
)
_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Server:
    """A database of a PostgreSQL server.

    Attributes:
        host: a name, an address, or the folder of a socket; empty: what libpq takes by itself.
        port: 0: what libpq takes by itself.
        user: the login; empty: as above.
        database: the database's name; empty where a service names it.
        password: empty where libpq finds it elsewhere.
        options: further settings of the connection, of `OPTIONS`.
    """

    host: str
    port: int
    user: str
    database: str
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The URL without its password."""
        login = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{login}{host}{f':{self.port}' if self.port else ''}/{self.database}"

    @property
    def name(self) -> str:
        """What a person calls it: the database."""
        return self.database or str(self)

    def parameters(self) -> dict[str, str]:
        """What libpq is given to connect."""
        stated = {
            "host": self.host,
            "port": str(self.port) if self.port else "",
            "user": self.user,
            "dbname": self.database,
            "password": self.password,
        }
        return {**self.options, **{key: value for key, value in stated.items() if value}}

    def exists(self) -> bool:
        """Whether a ledger has been made there.

        Raises:
            StoreError: the server or its database cannot be reached.
        """
        from connector.ledger.servers import holds_ledger  # noqa: PLC0415 - psycopg is loaded when a server is asked

        return holds_ledger(self)


Place = Path | Server


def is_url(text: str) -> bool:
    """Whether a setting means a server and not a file."""
    return text.partition(":")[0].lower() in SCHEMES and "://" in text


def server_of(url: str) -> Server:
    """The server that a URL names.

    Raises:
        ValueError: what is wrong with it; the message holds nothing of the URL but the name of an option.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError:
        raise ValueError(f"its port is not a number from 1 to {_HIGHEST_PORT}") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted({*options} - {*OPTIONS})
    if unknown:
        raise ValueError(f"it has the option {unknown[0]}; known are {', '.join(OPTIONS)}")
    database = unquote(parts.path.removeprefix("/"))
    if "/" in database or parts.fragment:
        raise ValueError("it does not end with the name of a database")
    if not database and "service" not in options:
        raise ValueError("it names no database")
    return Server(
        host=unquote(parts.hostname or ""),
        port=port,
        user=unquote(parts.username or ""),
        database=database,
        password=unquote(parts.password or ""),
        options=options,
    )

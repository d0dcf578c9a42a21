"""`exports:` in connector.yaml: where an export is, how it is paged, and which environment variable holds its key.

Secrets never stand in the file: an export names the variable. The stranger's trap: what is not https, and what is not a
public address, must be told explicitly.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from connector.declared import Node, Reader, ScalarNode

FORMATS = ("json", "ndjson", "parquet", "csv")
JSON = "json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_PARAMETER = re.compile(r"[A-Za-z0-9_.\[\]-]+")
_REQUIRED = ("url", "format")
_NUMBERS = {"time_out_seconds": (1, 600), "largest_mb": (1, 10_000), "most_pages": (1, 1_000_000)}
_FLAGS = ("allow_http", "allow_private")
_OPTIONAL = ("sheet", "records", "paging", "auth", *_FLAGS, *_NUMBERS)
_LARGEST_PAGE = 100_000

KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class Paging:
    """How the next page is asked for: by a cursor in the query, or by a link that the page holds.

    Attributes:
        next: the keys that lead to the next cursor or link; nothing there means that the page is the last.
        cursor_param: the query's name for the cursor; "" when `next` leads to a link.
        size_param, size: the query's name for the number of records in a page, and that number; "" and 0 for none.
    """

    next: KeyPath
    cursor_param: str = ""
    size_param: str = ""
    size: int = 0


@dataclass(frozen=True)
class Auth:
    """Who asks. The values stand in environment variables; these are their names.

    Attributes:
        variable: holds the bearer token, or the API key when there is a token address.
        token_url: where the key is exchanged for a token; "" when the variable holds the token itself.
        key_header: the header that carries the key there.
        token: the keys that lead to the token in the answer.
    """

    variable: str
    token_url: str = ""
    key_header: str = "X-Api-Key"
    token: KeyPath = ("access_token",)


@dataclass(frozen=True)
class Export:
    """One export.

    Attributes:
        name: its name in connector.yaml; its files begin with it.
        url: where it is.
        format: `json`, `ndjson`, `parquet` or `csv`.
        sheet: what a list without a name holds, such as clients; "" when not told.
        records: the keys that lead to the list in a page; empty when not told.
        paging: None for an export of one answer.
        auth: None for none.
        allow_http, allow_private: see `net.http.Reach`.
        time_out_seconds: how long the next bytes are waited for.
        largest_mb: millions of bytes of all pages together, unpacked.
        most_pages: more pages than this are refused.
    """

    name: str
    url: str
    format: str
    sheet: str = ""
    records: KeyPath = ()
    paging: Paging | None = None
    auth: Auth | None = None
    allow_http: bool = False
    allow_private: bool = False
    time_out_seconds: int = 30
    largest_mb: int = 100
    most_pages: int = 10_000

    @property
    def digest(self) -> str:
        """What identifies the export's content: a part fetched under another digest is not continued."""
        kept = [f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.name not in _NOT_CONTENT]
        return hashlib.sha256("\n".join(kept).encode()).hexdigest()


_NOT_CONTENT = {"name", "auth", *_FLAGS, *_NUMBERS}


def read_exports(reader: Reader, node: Node | None) -> dict[str, Export]:
    """The exports declared; faults are noted in the reader."""
    named = reader.mapping(node, "exports", open_keys=True) or {}
    found = {}
    for name, at in named.items():
        if not _NAME.fullmatch(name):
            step = "Name it in small letters, digits, - and _; its files begin with that name."
            reader.fault(at, f"{name!r} is no name of an export", step)
            continue
        export = _export(reader, name, at)
        if export is not None:
            found[name] = export
    return found


def _export(reader: Reader, name: str, node: Node) -> Export | None:
    what = f"export {name}"
    entries = reader.mapping(node, what, _REQUIRED, _OPTIONAL)
    if entries is None or any(key not in entries for key in _REQUIRED):
        return None
    flags = {key: _flag(reader, entries.get(key), key) for key in _FLAGS}
    numbers = {key: reader.whole(entries.get(key), key, *bounds) for key, bounds in _NUMBERS.items()}
    form = reader.choice(entries["format"], "format", FORMATS) or JSON
    paging = _paging(reader, entries.get("paging"))
    for key in ("paging", "records"):
        if key in entries and form != JSON:
            reader.fault(entries[key], f"{key} is for format: json; this export is {form}", "Take it out.")
    return Export(
        name=name,
        url=_url(reader, entries["url"], "url", allow_http=flags["allow_http"]),
        format=form,
        sheet=reader.text(entries.get("sheet"), "sheet") or "",
        records=_path(reader, entries.get("records"), "records"),
        paging=paging,
        auth=_auth(reader, entries.get("auth"), allow_http=flags["allow_http"]),
        allow_http=flags["allow_http"],
        allow_private=flags["allow_private"],
        time_out_seconds=numbers["time_out_seconds"] or Export.time_out_seconds,
        largest_mb=numbers["largest_mb"] or Export.largest_mb,
        most_pages=numbers["most_pages"] or Export.most_pages,
    )


def _paging(reader: Reader, node: Node | None) -> Paging | None:
    optional = ("cursor_param", "next", "next_link", "size_param", "size")
    entries = reader.mapping(node, "paging", (), optional)
    if entries is None:
        return None
    if ("next_link" in entries) == ("cursor_param" in entries and "next" in entries):
        step = "Write cursor_param: and next:, or next_link: alone."
        reader.fault(entries.get("next_link") or node or entries["next"], "paging needs one way to the next page", step)
    if ("size" in entries) != ("size_param" in entries):
        alone = entries.get("size") or entries["size_param"]
        reader.fault(alone, "size and size_param need one another", "Write both.")
    return Paging(
        _path(reader, entries.get("next_link") or entries.get("next"), "the way to the next page"),
        _matched(reader, entries.get("cursor_param"), "cursor_param", _PARAMETER),
        _matched(reader, entries.get("size_param"), "size_param", _PARAMETER),
        reader.whole(entries.get("size"), "size", 1, _LARGEST_PAGE) or 0,
    )


def _auth(reader: Reader, node: Node | None, *, allow_http: bool) -> Auth | None:
    entries = reader.mapping(node, "auth", (), ("bearer_from", "api_key_from", "token_url", "key_header", "token"))
    if entries is None:
        return None
    if ("bearer_from" in entries) == ("api_key_from" in entries):
        step = "Write bearer_from: VARIABLE, or api_key_from: VARIABLE with its token_url."
        reader.fault(node or next(iter(entries.values())), "auth needs one of bearer_from and api_key_from", step)
    if "bearer_from" in entries:
        for key in ("token_url", "key_header", "token"):
            if key in entries:
                reader.fault(entries[key], f"{key} belongs to api_key_from", "Take it out.")
        return Auth(_matched(reader, entries["bearer_from"], "bearer_from", _VARIABLE))
    if "token_url" not in entries:
        reader.fault(node or next(iter(entries.values())), "auth does not say 'token_url'", "Add token_url: …")
        return None
    return Auth(
        _matched(reader, entries.get("api_key_from"), "api_key_from", _VARIABLE),
        _url(reader, entries["token_url"], "token_url", allow_http=allow_http),
        _matched(reader, entries.get("key_header"), "key_header", _HEADER) or Auth.key_header,
        _path(reader, entries.get("token"), "token") or Auth.token,
    )


def _url(reader: Reader, node: Node, what: str, *, allow_http: bool) -> str:
    url = reader.text(node, what) or ""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if url and (parts.scheme not in ("https", "http") or not host or not host.isascii() or " " in url):
        reader.fault(node, f"{what} is no address that can be asked", "Write it as https://platform.example.com/…")
    elif url and parts.scheme == "http" and not allow_http:
        reader.fault(node, f"{what} must begin with https://", "Where there is none, write allow_http: true.")
    elif parts.username or parts.password or parts.fragment:
        step = "Name the environment variable that holds the secret under auth:."
        reader.fault(node, f"{what} may hold no user, password or #", step)
    return url


def _path(reader: Reader, node: Node | None, what: str) -> KeyPath:
    text = reader.text(node, what)
    keys = tuple((text or "").split("."))
    if text and node is not None and not all(keys):
        reader.fault(node, f"{what} is no path of keys", "Write it as data.items.")
    return keys if text else ()


def _matched(reader: Reader, node: Node | None, what: str, pattern: re.Pattern[str]) -> str:
    text = reader.text(node, what) or ""
    if text and node is not None and not pattern.fullmatch(text):
        reader.fault(node, f"{what} is not a name of the form needed", "Write the name alone, without spaces or signs.")
        return ""
    return text


def _flag(reader: Reader, node: Node | None, what: str) -> bool:
    if node is None:
        return False
    if isinstance(node, ScalarNode) and not node.quoted and node.text in ("true", "false"):
        return node.text == "true"
    reader.fault(node, f"{what} is neither true nor false", "Write true or false.")
    return False


def missing_variables(export: Export, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The environment variables that the export needs and that are not set."""
    return (export.auth.variable,) if export.auth and not environment.get(export.auth.variable) else ()

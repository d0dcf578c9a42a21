"""The spelling in which records carry a domain: a rule that names another one would never fit, and nobody would know.

The rules are those of intake: lower case, without scheme, `www.`, port, path and final dot, other scripts as `xn--…`.
"""

import re

import idna

_LONGEST = 253
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")


def normalised(text: str) -> str | None:
    """The domain as a record carries it, or None when the text cannot be a domain."""
    plain = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower())
    host = re.sub(r":[0-9]+$", "", re.split(r"[/?#\\]", plain)[0]).rstrip(".")
    try:
        host = idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:  # the caller says that it is no domain
        return None
    bare = host.removeprefix("www.")
    host = bare if "." in bare else host
    return host if len(host) <= _LONGEST and HOST.fullmatch(host) else None

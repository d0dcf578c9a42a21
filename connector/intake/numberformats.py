"""Number formats that show a whole number otherwise than plainly: `00000`, `"C-"0000`, `000-000`.

Identifiers are read as they are shown. Formats for amounts (thousands, decimals, percent, currency) are none of these:
what they show is the number itself.
"""

import re
from functools import cache

_TOKEN = re.compile(
    r'(?P<literal>"[^"]*"|\\.|[-/ ])|(?P<digit>[0#?])|(?P<nothing>_.|\[(?:Black|Red|\$-[0-9A-Fa-f]+)\])'
)
_PLAIN = re.compile(r"[A-Za-z0-9._/# -]*")
_WHOLE = re.compile(r"[0-9]+(?:\.0+)?")


def is_telling(code: str) -> bool:
    """Whether the format shows whole numbers with leading zeros or with letters of its own."""
    return bool(_parts(code))


def shown_as(code: str, number: str) -> str | None:
    """What a cell with this format shows for a whole number of 0 or more; None when it shows the number itself.

    Args:
        code: the format, as the workbook writes it; "" for none.
        number: the stored value, as the workbook writes it.
    """
    parts = _parts(code)
    if not parts or not _WHOLE.fullmatch(number):
        return None
    digits = number.partition(".")[0]
    places = sum(part in {"0", "#", "?"} for part in parts)
    shown: list[str] = []
    left = list(digits)
    for part in reversed(parts):
        if part not in {"0", "#", "?"}:
            shown.append(part[1:])
            continue
        places -= 1
        if places == 0:  # the first place takes all digits that are left
            shown.append("".join(left) or ("0" if part == "0" else ""))
        elif left:
            shown.append(left.pop())
        elif part == "0":
            shown.append("0")
    text = "".join(reversed(shown))
    return text if text != digits else None


@cache
def _parts(code: str) -> tuple[str, ...]:
    """The places (`0`, `#`, `?`) and the literals (`=text`) of the format's first section; none when it is another."""
    parts: list[str] = []
    position = 0
    section = code
    while position < len(section) and section[position] != ";":
        token = _TOKEN.match(section, position)
        if token is None:
            return ()
        position = token.end()
        if token["digit"]:
            parts.append(token["digit"])
        elif token["literal"]:
            literal = token["literal"].strip('"') if token["literal"][0] == '"' else token["literal"][-1]
            if not _PLAIN.fullmatch(literal) or (" " in literal and literal.strip()):
                return ()  # words beside a number, such as "day ", are no part of an identifier
            parts.extend(["=" + literal] if literal else [])
    zeros = parts.count("0")
    literals = "".join(part[1:] for part in parts if part[0] == "=").strip()
    telling = zeros > 1 or (zeros and literals and not parts[-1].startswith("= "))
    return tuple(parts) if telling else ()

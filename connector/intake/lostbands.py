"""Size bands that a spreadsheet program has taken for dates: `2-10` is 2 October to it, `11-50` is November 1950."""

import re

_MONTH = r"(?:jan|feb|m[aä]r|mrz|apr|ma[iy]|mei|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zé]*\.?"
_BY = r"[-/.\s]+"
_DATES = (
    r"[+-]?[0-9]{4,}-[0-9]{2}-[0-9]{2}(?:[T ].*)?",
    r"[0-9]{1,2}[/.][0-9]{1,2}[/.](?:[0-9]{2}|[0-9]{4})",
    rf"[0-9]{{1,2}}{_BY}{_MONTH}(?:{_BY}[0-9]{{2,4}})?",
    rf"{_MONTH}{_BY}[0-9]{{1,4}}",
)
_OF_2_10 = (
    r"[0-9]{4}-(?:10-02|02-10)(?:[T ].*)?",
    rf"(?:0?2{_BY}o[ck]t|10{_BY}feb).*",
    rf"o[ck]t[a-z]*\.?{_BY}0?2|feb[a-z]*\.?{_BY}10",
    r"(?:0?2[/.]10|10[/.]0?2)[/.].*",
)
_OF_11_50 = (r"[0-9]{2}50-11-.*", rf"nov[a-z]*\.?{_BY}(?:[0-9]{{2}})?50")


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_DATE, _BANDS = _any(_DATES), ((_any(_OF_2_10), "2-10"), (_any(_OF_11_50), "11-50"))


def lost_band(text: str) -> str | None:
    """The band that a date in a column of sizes was: "" when the date does not show it, None when it is no date."""
    if not _DATE.fullmatch(text):
        return None
    return next((band for pattern, band in _BANDS if pattern.fullmatch(text)), "")

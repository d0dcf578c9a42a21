"""The one kind of problem that several rooms of a plan tell of: a row that the last upload had. It rests on nothing."""

from connector.domain.problems import Kind, Severity

GONE = Kind(
    "record-gone",
    "A client or purchase of the last upload is not in this one; nothing was cancelled or credited",
    "Bring the row back. If the client has left, archive it on the platform: its row then comes with that status.",
    Severity.WARNING,
    scope="record",
)

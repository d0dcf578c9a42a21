"""A name without a file."""


def make() -> str:
    return "clients.xlsx"

"""A link to itself: no user, not even root, can read it."""

from pathlib import Path


def make() -> str:
    Path("clients.csv").symlink_to("clients.csv")
    return "clients.csv"

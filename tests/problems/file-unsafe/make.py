"""An archive with a part that would leave its folder."""

import zipfile


def make() -> str:
    with zipfile.ZipFile("clients.xlsx", "w") as archive:
        archive.writestr("xl/../../outside.xml", "x")
    return "clients.xlsx"

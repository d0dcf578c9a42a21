"""The arguments and options that many commands share, spelt once."""

from pathlib import Path
from typing import Annotated

import typer

HERE = Path()

Folder = Annotated[
    Path, typer.Option("--folder", "-C", help="The working folder.", envvar="CONNECTOR_FOLDER", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Run = Annotated[str, typer.Argument(help="A run, such as R-0001; 'latest' is the last one planned.")]

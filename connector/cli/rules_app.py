"""The commands of `connector rules`. Each file that adds one imports what it needs when the command runs."""

import typer

app = typer.Typer(no_args_is_help=True, help="The rules: what is billed, at which price.")

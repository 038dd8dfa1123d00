"""The command ``schema``: the JSON Schema of production files, for editors and other programs."""

import json
from typing import Annotated

import typer

from studio.production.file_schema import file_schema
from studio_cli.streams import end

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Print the JSON Schema of production files, by which an editor completes and checks them.")
def schema(
    included: Annotated[bool, typer.Option("--included", help="of files that productions include")] = False,
) -> None:
    print(json.dumps(file_schema(included=included), indent=2, ensure_ascii=False))
    end(0)

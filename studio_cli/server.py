"""The command ``server stop``: ends the Prefect servers that stay for the next command, if none uses them."""

from typing import Annotated, Literal

import typer

from studio.errors import StudioError
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.produce import run_command
from studio_cli.standing_server import standing

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Stop the Prefect server that stays for the next command. One that is in use goes on.")
def server(
    action: Annotated[Literal["stop"], typer.Argument(help="what to do with it", metavar="stop")],
) -> None:
    console = Terminal(highlight=False, soft_wrap=True)

    async def go() -> None:
        found = list(standing(load_settings().home, stop=action == "stop"))
        for one in found:
            if one.leases == 0:
                console.print(f"the server of process {one.pid} ends", markup=False)
        if not found:
            console.print("no Prefect server stays for this home")
        used = [one for one in found if one.leases]
        if used:
            raise StudioError(
                f"a Prefect server is in use by {used[0].leases} command(s)", where=f"process {used[0].pid}",
                hint="wait until they have ended, or stop them",
            )  # fmt: skip

    run_command(go())

"""Steps of a worker before it runs a flow of this project."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def enter_project() -> dict[str, str]:
    """Pull step: go to the folder of this project's installation, or that of ``STUDIO_DIR``.

    A worker begins each run in an empty folder that it deletes afterwards, so a ledger made there would be lost.
    """
    folder = Path(os.environ.get("STUDIO_DIR") or PROJECT).expanduser().absolute()
    if not (folder / "prefect.yaml").is_file():
        raise NotADirectoryError(
            f"{folder} is not the project's folder: set STUDIO_DIR to the one that holds prefect.yaml"
        )
    os.chdir(folder)
    return {"directory": str(folder)}

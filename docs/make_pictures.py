"""Make the pictures of films in ``docs/pictures``: ``report.jpg`` and ``everything.jpg``.

    python docs/make_pictures.py

The bundled example and ``productions/examples/everything.yaml`` are made in the sandbox, in a temporary folder, by the
command that a user would type: nothing is billed, and nothing of the user's is touched. ``report.jpg`` is the report of
the one in a browser, from its head to the end of the storyboard; ``everything.jpg`` is the contact sheet of the other.
Needs Chromium. The pictures of Prefect's UI are made by the tests that look at it: ``make pictures`` makes all.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
EVERYTHING = ROOT / "productions" / "examples" / "everything.yaml"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
WIDTH, HEIGHT = 1180, 900  # of the window: wide enough for three scenes beside each other
MARGIN = 24  # pixels below the storyboard
QUALITY = 84
LONGEST = 1800.0  # seconds for a film
PATIENCE = 60_000.0  # milliseconds for a page
#: True once the film of a page shows its first frame.
SHOWN = "() => [...document.querySelectorAll('video')].every(video => video.readyState >= 2)"
#: New controls, which know that it is loaded: those of before go on turning for a while.
RENEW = "() => document.querySelectorAll('video').forEach(v => { v.controls = false; v.controls = true })"


def main() -> None:
    """Make both films, and their pictures."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit("error: pictures of a page need Chromium: install it, so that `chromium` is found")
    with tempfile.TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True) as folder:
        bundled, everything = (made(Path(folder), *more) for more in ((), (EVERYTHING,)))
        photograph(bundled / "report.html", PICTURES / "report.jpg", browser)
        shutil.copyfile(everything / "contact-sheet.jpg", PICTURES / "everything.jpg")


def made(folder: Path, *production: Path | str, drift: int = 0) -> Path:
    """Make a film in the sandbox, its books in the folder, with colours that drift. The folder of its files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LUMA", "PREFECT", "STUDIO"))}
    places = {"STUDIO_HOME": folder / "home", "STUDIO_FILMS": folder / "films", "PREFECT_HOME": folder / "prefect"}
    environment = kept | {name: str(place) for name, place in places.items()}
    # A Prefect server of its own, that ends with it.
    environment |= {"STUDIO_PREFECT_IDLE": "0", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    environment |= {"STUDIO_SANDBOX_DRIFT": str(drift)} if drift else {}
    done = subprocess.run(
        [sys.executable, "-m", "flows.produce", *map(str, production), "--json"], cwd=ROOT, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LONGEST, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"error: no film, so no picture: exit status {done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout)
    return Path(told["out"])


def photograph(page_file: Path, out: Path, browser: str) -> None:
    """Save a report from its head to the end of its storyboard, as a browser of this width shows it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        page = window.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB", timezone_id="UTC", color_scheme="light"
        )
        page.set_default_timeout(PATIENCE)
        page.goto(page_file.as_uri())
        page.wait_for_function(SHOWN)
        page.evaluate(RENEW)
        end = page.locator("#storyboard").evaluate("part => part.getBoundingClientRect().bottom + window.scrollY")
        part: Any = {"x": 0, "y": 0, "width": WIDTH, "height": round(end) + MARGIN}
        page.screenshot(
            path=out, type="jpeg", quality=QUALITY, full_page=True, clip=part, animations="disabled", caret="hide"
        )
        window.close()


if __name__ == "__main__":
    main()

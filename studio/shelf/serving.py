"""The films folder over HTTP, for a browser on this machine: read-only, and films alone.

What is served lies in a folder with a finished film (or the traces of one): nothing beside it, nothing hidden, nothing
that a link leads out to. A request has to name this machine by an address, or by a name that was allowed: a page
elsewhere whose name was made to lead here (DNS rebinding) is refused.
"""

from __future__ import annotations

import asyncio
import ipaddress
import mimetypes
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from studio.errors import StudioError
from studio.money import usd
from studio.report.formats import seconds
from studio.shelf.films import Shelf, ShelvedFilm, has_record, shelf_of
from studio.storage.ownership import CONTACT_SHEET, FILM

HERE = Path(__file__).parent
REPORT = "report.html"
PARTS = 3  # of the path of a film's file: slug, run, name
SERVICE = "studio-producer-films"  # by which `/healthz` is known
#: Types that a browser may show; anything else is saved as a file.
SHOWN = ("video/mp4", "image/jpeg", "image/png", "text/html", "text/css", "text/plain", "audio/mpeg", "text/vtt")
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "private, no-cache",  # asked for again, and answered with 304 where nothing changed
}
#: The report has a policy of its own in the page; this one adds that no other page may frame it.
PAGE_POLICY = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"
INDEX_POLICY = f"default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; {PAGE_POLICY}"


@dataclass(frozen=True)
class Remote:
    """Films in a store of another machine, by their path in it (``slug/run/film.mp4``). Both block.

    ``address``: a fresh address of a file, which a browser is sent to, and which is shown to nobody else. ``page``: a
    report itself, because the links in it lead to what lies beside it; None where there is none.
    """

    address: Callable[[str], str]
    page: Callable[[str], bytes | None]


def create_app(
    films: Path, *, names: Collection[str] = (), shelf: Callable[[], Shelf] | None = None,
    store: Remote | None = None,
) -> FastAPI:  # fmt: skip
    """The application that serves a films folder.

    ``names``: host names, beside addresses and localhost, by which it may be asked. ``shelf`` lists the films (default:
    those of the folder). ``store`` has the films that are not in it.
    """
    app = FastAPI(title="Studio Producer: films", docs_url=None, redoc_url=None, openapi_url=None)
    root, allowed = films.absolute(), {name.lower() for name in names} | {"localhost"}
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if not _is_allowed(request.headers.get("host", ""), allowed):
            return PlainTextResponse("this name is not allowed: set STUDIO_LINKS to it\n", 421, SAFE)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("read only\n", 405, SAFE | {"allow": "GET, HEAD"})
        response = await call_next(request)
        for name, value in SAFE.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(StudioError)
    async def failed(_: Request, error: StudioError) -> PlainTextResponse:
        """503 and one line, where the store cannot be asked."""
        return PlainTextResponse(f"{error.message}\n", 503, SAFE)

    @app.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> JSONResponse:
        """200 while it serves."""
        return JSONResponse({"service": SERVICE})

    @app.api_route("/", methods=["GET", "HEAD"])
    async def index() -> HTMLResponse:
        """The shelf: every finished film, the newest first."""
        found = await asyncio.to_thread(shelf or (lambda: shelf_of(root)))
        rows = [_row(film, root) for film in found.films]
        page = pages.get_template("index.html").render(films=rows)
        return HTMLResponse(page, headers={"content-security-policy": INDEX_POLICY})

    @app.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def file(path: str, request: Request) -> Response:
        """One file of a film's folder, or a part of it; a folder leads to its report."""
        found = await asyncio.to_thread(served_file, root, path)
        if found is None:
            key = _key(path) if store is not None else ""
            if store is not None and key.endswith(REPORT) and path.rstrip("/").endswith(REPORT):
                page = await asyncio.to_thread(store.page, key)
                if page is not None:
                    return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY})
            elif store is not None and key.endswith(REPORT):
                return _to_report(path)
            elif store is not None and key:
                address = await asyncio.to_thread(store.address, key)
                return RedirectResponse(address, 307, {"cache-control": "no-store"})
            return PlainTextResponse("there is no such film\n", 404)
        if found.is_dir():
            return _to_report(path)
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        policy = {"content-security-policy": PAGE_POLICY} if kind == "text/html" else {}
        named = None if kind in SHOWN else found.name
        whole = FileResponse(found, media_type=kind, headers=policy, filename=named, stat_result=found.stat())
        tag = whole.headers["etag"]
        if request.headers.get("if-none-match") == tag and "range" not in request.headers:
            return Response(status_code=304, headers={"etag": tag})
        return whole

    return app


def _to_report(path: str) -> RedirectResponse:
    """To the report of a folder; relative to this request, so that it works behind a proxy, too."""
    name = path.rstrip("/").rpartition("/")[2]
    return RedirectResponse(REPORT if path.endswith("/") else f"{quote(name)}/{REPORT}", 307)


def _key(path: str) -> str:
    """The path of a film's file in a store (``slug/run/film.mp4``); of its folder, that of the report. Empty for any
    other path."""
    parts = path.rstrip("/").split("/")
    if len(parts) < PARTS - 1 or any(not part or part.startswith(".") or "\\" in part for part in parts):
        return ""
    return "/".join([*parts, REPORT] if len(parts) < PARTS else parts)


def served_file(root: Path, path: str) -> Path | None:
    """The file or film folder that a request's path names; None for all that is not served."""
    parts = path.rstrip("/").split("/")
    if any(not part or part.startswith(".") or "\0" in part or "\\" in part for part in parts):
        return None
    try:
        base, found = root.resolve(strict=True), root.joinpath(*parts).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # not there; a name that no file can have; links in a circle
        return None
    if not found.is_relative_to(base) or any(part.startswith(".") for part in found.relative_to(base).parts):
        return None
    folder = found if found.is_dir() else found.parent
    while folder != base and not has_record(folder):
        folder = folder.parent
    if folder == base or (found.is_dir() and found != folder):
        return None
    return found if found.is_dir() or found.is_file() else None


def _is_allowed(host: str, names: Collection[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _row(film: ShelvedFilm, root: Path) -> dict[str, str | bool]:
    """The row of a film in the index."""
    folder = quote(film.folder.relative_to(root).as_posix())

    def there(name: str) -> str:
        return f"{folder}/{name}" if film.url or (film.folder / name).is_file() else ""

    return {
        "title": film.title, "version": film.version, "whole": film.whole, "run": film.run,
        "made": f"{film.made_at:%Y-%m-%d %H:%M} UTC", "length": "" if film.seconds is None else seconds(film.seconds),
        "film": f"{folder}/{FILM}", "report": there(REPORT),
        "sheet": there(CONTACT_SHEET),
        "cost": "" if film.total is None else f"{usd(film.total)}{'' if film.billed else ' (not billed)'}",
    }  # fmt: skip

"""A film's report as one file: film and takes are in it, small, and it asks the network and the disk for nothing.

It is made from the report that the run wrote beside the film. Addresses that only make sense in the film's folder
are taken out, so that it can be sent to anybody.
"""

from __future__ import annotations

import html
import re
import tempfile
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from studio.disk import disk_errors
from studio.errors import BadClip, BadInput, FfmpegError
from studio.media.first_look import first_look
from studio.media.small import VERSION, SmallForm, has_sound, small_copy
from studio.report.files import write_atomically
from studio.report.formats import size
from studio.report.thumbnails import data_uri
from studio.shelf.films import ShelvedFilm
from studio.shelf.package import AGAIN
from studio.storage.kept import Kept

REPORT = "report.html"
MOST: Final = 18_000_000  # bytes of the file: mail makes it a third longer, and most servers take 25 MB
FILM_MOST = 9_000_000  # bytes of the film in it, before base64 makes it a third longer
TAKE_MOST, TAKE_SIDE = 400_000, 640
#: Attributes that may hold an address.
ADDRESSES = ("href", "src", "poster", "srcset")
Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True)
class Single:
    """A report in one file. ``encoded``: the film in it is smaller than the one that was made; ``takes``: that can be
    played in it, ``stills``: of which it has pictures alone."""

    path: Path
    bytes: int
    film_bytes: int
    encoded: bool
    takes: int
    stills: int


def write_single(film: ShelvedFilm, out: Path, *, home: Path) -> Single:
    """Write a film's report to ``out`` as one file. ``home`` is where small copies are kept.

    Raises BadInput where the report is missing or the film was changed, FfmpegError where the film cannot be made
    small, CannotWrite.
    """
    try:
        page = (film.folder / REPORT).read_text("utf-8")
    except FileNotFoundError:
        raise BadInput("its run left no report", where=str(film.folder), hint=AGAIN) from None
    kept = Kept(home / "kept")
    if film.sha256 and not kept.digests.is_sound(film.path, film.sha256):
        raise BadInput("the film was changed after it was made", where=str(film.path), hint=AGAIN)
    with disk_errors("the report", out.parent):
        whole = film.path.stat().st_size
        shown = film.path.read_bytes() if whole <= FILM_MOST else _small(film.path, FILM_MOST, kept)
        embedder = _Embedder(film, data_uri(shown, "video/mp4"), kept, MOST - len(page.encode()))
        embedder.note = _note(whole, len(shown), takes='id="takes"' in page)
        embedder.feed(page)
        embedder.close()
        data = "".join(embedder.written).encode(errors="replace")
    write_atomically(out, data)
    return replace(embedder.told, path=out, bytes=len(data), film_bytes=len(shown), encoded=len(shown) < whole)


def _note(whole: int, shown: int, *, takes: bool) -> str:
    smaller = f"the film is here in {size(shown)} instead of {size(whole)}"
    told = f"This page is one file: {smaller if shown < whole else 'the film is as it was made'}"
    return f"{told}, and takes are small, or pictures where there was no room." if takes else f"{told}."


def _small(path: Path, most: int, kept: Kept, side: int | None = None) -> bytes:
    """A small copy of a film or clip, made once for its content. Raises BadClip, FfmpegError."""
    sound = has_sound(path)
    form = SmallForm.of(first_look(path).seconds, most, sound=sound)
    form = form if side is None else replace(form, side=min(side, form.side))

    def make() -> bytes:
        with tempfile.TemporaryDirectory(prefix="studio-small-") as work:
            small_copy(path, Path(work) / "small.mp4", form, sound=sound)
            return (Path(work) / "small.mp4").read_bytes()

    return kept.once("small-copies", (VERSION, kept.digests.of(path), form.side, form.rate), make)


class _Embedder(HTMLParser):
    """The page as it is read, with what it refers to in it. ``written`` are its parts; ``room`` are bytes left."""

    def __init__(self, film: ShelvedFilm, shown: str, kept: Kept, room: int) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self.note = ""
        self.told = Single(Path(), 0, 0, encoded=False, takes=0, stills=0)
        self._film, self._shown, self._kept = film, shown, kept
        self._room = room - len(shown)
        self._until = ""  # the end tag up to which nothing is written
        self._film_seen = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if self._until:
            return
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if (tag, *classes) in (("p", "beside"), ("a", "play")):
            self._until = tag
        elif tag == "video":
            self._until = tag  # its words for browsers without videos have links
            self._video(given)
        elif tag == "meta" and given.get("http-equiv") == "Content-Security-Policy":
            policy = re.sub(r"media-src [^;]*", "media-src data:", given.get("content") or "")
            self._tag(tag, given | {"content": policy})
        elif any(name in given and not _inside(given[name]) for name in ADDRESSES):
            kept = {name: value for name, value in given.items() if name not in ADDRESSES or _inside(value)}
            self._tag(tag, kept | ({"href": "#film"} if "data-at" in given else {}))
        else:
            self.written.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        if not self._until:
            self.written.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if not self._until:
            if tag == "section" and self._film_seen and self.note:  # the end of the film's
                self.written.append(f'<p class="fine">{html.escape(self.note)}</p>\n')
                self.note = ""
            self.written.append(f"</{tag}>")
        elif tag == self._until:
            self._until = ""

    def handle_data(self, data: str) -> None:
        self._plain(data)

    def handle_entityref(self, name: str) -> None:
        self._plain(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._plain(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._plain(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._plain(f"<!{decl}>")

    def _plain(self, text: str) -> None:
        if not self._until:
            self.written.append(text)

    def _video(self, given: dict[str, str | None]) -> None:
        if not self._film_seen:
            self._film_seen = True
            self._tag("video", given | {"src": self._shown})
            self.written.append("</video>")
            return
        source = self._take(given.get("src") or "")
        if source is not None:
            self.told = replace(self.told, takes=self.told.takes + 1)
            self._tag("video", given | {"src": source})
            self.written.append("</video>")
            return
        self.told = replace(self.told, stills=self.told.stills + 1)
        if poster := given.get("poster"):
            self._tag("img", {"src": poster, "alt": given.get("aria-label"), "class": "still-take"} | _style(given))

    def _take(self, address: str) -> str | None:
        """The address of a take's clip in the page; None where there is no room for it, or it cannot be read."""
        path = self._film.folder / unquote(address.partition("#")[0])
        if _inside(address) or not path.resolve().is_relative_to(self._film.folder.resolve()):
            return None
        if self._room < TAKE_MOST * 4 // 3:
            return None
        try:
            uri = data_uri(_small(path, TAKE_MOST, self._kept, TAKE_SIDE), "video/mp4")
        except (OSError, BadClip, FfmpegError):
            return None
        if len(uri) > self._room:
            return None
        self._room -= len(uri)
        return uri

    def _tag(self, name: str, given: dict[str, str | None]) -> None:
        told = "".join(f" {key}" if value is None else f' {key}="{html.escape(value)}"' for key, value in given.items())
        self.written.append(f"<{name}{told}>")


def _style(given: dict[str, str | None]) -> dict[str, str | None]:
    return {"style": given["style"]} if "style" in given else {}


def _inside(address: str | None) -> bool:
    """True for an address within the page, or one that holds what it names."""
    return not address or address.startswith(("#", "data:"))

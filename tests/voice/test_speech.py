"""Speech by the real programs: heard, timed, kept sentence by sentence; and programs that fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.errors import NoEngine, SpeechError
from studio.storage.kept import Kept
from studio.voice.choice import Chosen, chosen
from studio.voice.command import Command
from studio.voice.espeak import Espeak
from studio.voice.piper import Piper
from studio.voice.programs import Patience
from studio.voice.speech import Text, speech_of, speeches
from studio.voice.values import Speech, Voice, VoiceInfo

WHERE = "scene 'dusk', field 'narration'"
TEXT = "The sea is calm tonight. A ship comes home.\nNobody waits for it."
ESPEAK = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "kept")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "speech"


def needs_piper(kept: Kept) -> Piper:
    piper = Piper(kept.digests)
    if not piper.installed() or not piper.voices():
        pytest.skip("piper-tts or its voice is not installed")
    return piper


def samples(speech: Speech) -> NDArray[np.int16]:
    with wave.open(str(speech.path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def assert_is_speech(sound: NDArray[np.int16]) -> None:
    """Speech is loud at times and quiet at others, and its power lies below 4 kHz, in no single tone."""
    blocks = sound[: len(sound) // 960 * 960].reshape(-1, 960).astype(float)
    levels = np.sqrt((blocks**2).mean(1)) / 32768
    assert levels.max() > 0.05
    assert levels.max() > 10 * max(np.quantile(levels, 0.1), 1e-6)
    power = (np.abs(np.fft.rfft(blocks * np.hanning(960))) ** 2).sum(0)  # 50 Hz each
    assert power[:80].sum() > 0.8 * power.sum()  # noise has a sixth of its power there
    assert np.sort(power)[-3:].sum() < 0.8 * power.sum()


@ESPEAK
def test_a_text_is_spoken(kept: Kept, folder: Path) -> None:
    """Each sentence is heard at its place, with a pause after it, longer after a paragraph."""
    speech = speech_of(TEXT, Voice("espeak-ng", language="en-US"), kept, folder, where=WHERE)
    sound = samples(speech)
    assert_is_speech(sound)
    assert speech.told == "espeak-ng en-us"
    assert [part.text for part in speech.spoken] == [
        "The sea is calm tonight.", "A ship comes home.", "Nobody waits for it.",
    ]  # fmt: skip
    first, second, third = speech.spoken
    assert second.start - (first.start + first.seconds) == Fraction(1, 4)
    assert third.start - (second.start + second.seconds) == Fraction(1, 2)
    assert speech.seconds == third.start + third.seconds == Fraction(len(sound), 48000)
    for part in speech.spoken:
        heard = np.flatnonzero(np.abs(sound[int(part.start * 48000) :][: int(part.seconds * 48000)].astype(int)) > 100)
        assert heard[0] <= 2400  # at most 50 ms of silence before it
        assert part.seconds * 48000 - heard[-1] <= 2402


@ESPEAK
def test_language_and_speed_change_it(kept: Kept, folder: Path) -> None:
    """Another speed changes the length, another language the sound."""
    plain, quick, slow, german = (
        speech_of(TEXT, voice, kept, folder)
        for voice in (
            Voice("espeak-ng"), Voice("espeak-ng", speed=Decimal(2)), Voice("espeak-ng", speed=Decimal("0.5")),
            Voice("espeak-ng", language="de"),
        )
    )  # fmt: skip
    assert quick.seconds < plain.seconds * Fraction(7, 10)
    assert slow.seconds > plain.seconds * Fraction(14, 10)
    assert german.told == "espeak-ng de"
    assert len({speech.sha256 for speech in (plain, quick, slow, german)}) == 4


def test_piper_speaks(kept: Kept, folder: Path) -> None:
    """A neural voice speaks; without chance, so that the same text is equally long everywhere."""
    piper = needs_piper(kept)
    speech = speech_of(TEXT, Voice("piper"), kept, folder)
    assert_is_speech(samples(speech))
    assert speech.told == f"piper {piper.voices()[0].name}"
    again = speech_of(TEXT, Voice("piper"), Kept(folder / "other"), folder / "others")
    assert again.spoken == speech.spoken
    quick = speech_of(TEXT, Voice("piper", speed=Decimal("1.5")), kept, folder)
    assert quick.seconds < speech.seconds * Fraction(8, 10)


def test_a_voice_in_a_folder_and_by_path(kept: Kept, tmp_path: Path) -> None:
    """A model in a folder is a voice, told by its configuration; one may be named by its path."""
    piper = needs_piper(kept)
    model = piper._models[piper.voices()[0].name][0]
    (tmp_path / "voices").mkdir()
    for end in ("", ".json"):
        (tmp_path / "voices" / f"own.onnx{end}").symlink_to(f"{model}{end}")
    engine = Piper(kept.digests, tmp_path / "voices", wheels=False)
    assert engine.voices() == (VoiceInfo("own", "en-US"),)
    found = chosen(Voice(name="own"), kept.digests, voices=tmp_path / "voices")
    assert (found.told, found.language) == ("piper own", "en-US")
    by_path = Voice(name=str(tmp_path / "voices" / "own.onnx"))
    assert chosen(by_path, kept.digests).told == "piper own"
    (tmp_path / "voices" / "own.onnx.json").unlink()
    with pytest.raises(SpeechError, match=r"own\.onnx\.json"):
        chosen(by_path, kept.digests)


class Counting(Espeak):
    """espeak-ng that notes what it was asked to speak."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []

    def speak(self, sentences: Sequence[str], voice: Voice, folder: Path) -> list[Path]:
        self.asked.append(list(sentences))
        return super().speak(sentences, voice, folder)


@ESPEAK
def test_a_changed_sentence_alone_is_made_again(kept: Kept, folder: Path) -> None:
    """Many texts are one run; a sentence is made once; only what changed is made anew, and a lost file is rejoined."""
    engine = Counting()
    choice = chosen(Voice("espeak-ng"), kept.digests, engines=[engine])
    texts = [Text("One comes. Two goes."), Text("Two goes. Three stays.")]
    first = speeches(texts, choice.voice, kept, folder, choice=choice)
    assert engine.asked == [["One comes.", "Two goes.", "Three stays."]]
    assert speeches(texts, choice.voice, kept, folder, choice=choice) == first
    speeches([Text("One comes. Four leaves.")], choice.voice, kept, folder, choice=choice)
    assert engine.asked[1:] == [["Four leaves."]]
    before = first[0].path.read_bytes()
    first[0].path.write_bytes(b"damaged")
    assert speeches(texts, choice.voice, kept, folder, choice=choice) == first
    assert first[0].path.read_bytes() == before
    assert len(engine.asked) == 2


@ESPEAK
@pytest.mark.parametrize("text", ["-v de --help", "--stdout", "$(touch pwned) `id`; <b>&amp;", "Zoë, “naïve” 3 €."])
def test_a_text_is_only_words(text: str, kept: Kept, folder: Path) -> None:
    """A text is no option and no shell's."""
    assert speech_of(text, Voice("espeak-ng"), kept, folder).seconds > Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hello 🙂", "cannot speak 🙂 (character 7 of the text, U+1F642)"),
        ("Привет", "cannot speak П (character 1"),
        ("…!", "no word that can be spoken"),
        (" \n", "is empty"),
        ("word " * 2001, "has 10,005 characters, and 10,000 are the most"),
    ],
)
@ESPEAK
def test_texts_that_cannot_be_spoken(text: str, message: str, kept: Kept, folder: Path) -> None:
    """Each is told before anything is made, with its place."""
    with pytest.raises(SpeechError) as caught:
        speech_of(text, Voice("espeak-ng"), kept, folder, where=WHERE)
    assert message in caught.value.message
    assert caught.value.where == WHERE
    assert caught.value.hint
    assert not folder.exists()


@ESPEAK
def test_voices_that_there_are_not(kept: Kept) -> None:
    """An unknown voice is told with the nearest; an unknown language, speed and folder with what to do."""
    for voice, message, hint in (
        (Voice("espeak-ng", name="en-bg"), "espeak-ng has no voice en-bg", "did you mean en-gb?"),
        (Voice("espeak-ng", language="xx"), "speaks the language xx", "STUDIO_VOICES"),
        (Voice("espeak-ng", speed=Decimal(3)), "between 0.5 and 2", "1 is"),
        (Voice(name="there/is/none.onnx"), "no voice at", ".onnx"),
        (Voice("command"), "none is given", "words"),
        (Voice(command=("say", "hello")), "where its sound goes", "{out}"),
        (Voice("piper", command=("say", "{out}")), "the engine is piper", "leave"),
    ):
        if voice.name.endswith(".onnx"):
            needs_piper(kept)
        with pytest.raises(SpeechError) as caught:
            chosen(voice, kept.digests, where=WHERE)
        assert message in caught.value.message
        assert hint in caught.value.hint
        assert caught.value.where == WHERE
    with pytest.raises(SpeechError, match="is no folder"):
        chosen(Voice(), kept.digests, voices=Path("/there/is/none"))


def test_no_engine(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that installs espeak-ng is told if it is not on PATH."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoEngine) as caught:
        chosen(Voice("espeak-ng"), kept.digests, where=WHERE)
    assert caught.value.hint == "apt-get install espeak-ng"
    with pytest.raises(NoEngine) as caught:
        chosen(Voice(), kept.digests, engines=[Espeak(), Espeak()])
    assert "are not installed" in caught.value.message


@ESPEAK
def test_auto_takes_the_engine_that_has_the_language(kept: Kept) -> None:
    """piper where it has a voice for the language and region, else espeak-ng; a voice's name decides, too."""
    piper = needs_piper(kept)
    for voice, told in (
        (Voice(), f"piper {piper.voices()[0].name}"),
        (Voice(language="en_US"), f"piper {piper.voices()[0].name}"),
        (Voice(language="en-GB"), "espeak-ng en-gb"),
        (Voice(language="de-AT"), "espeak-ng de"),
        (Voice(language="zh-CN"), "espeak-ng cmn"),
        (Voice(name="DE"), "espeak-ng de"),
    ):
        assert chosen(voice, kept.digests).told == told


BEEP = """
import sys, wave
with wave.open(sys.argv[1], "wb") as file:
    file.setnchannels(2); file.setsampwidth(2); file.setframerate(22050)
    file.writeframes(b"\\0\\x40\\0\\x40\\0\\xc0\\0\\xc0" * 5000)
"""


def command(tmp_path: Path, code: str, *words: str) -> Voice:
    """A voice that is a small program in Python."""
    script = tmp_path / "speak.py"
    script.write_text(code)
    return Voice("command", command=(sys.executable, str(script), "{out}", *words))


def test_a_command_speaks(tmp_path: Path, kept: Kept, folder: Path) -> None:
    """It has the text by standard input, or as one word; voice and language where they are asked for."""
    noted = tmp_path / "noted"
    code = BEEP + f"open({str(noted)!r}, 'a').write(repr((sys.stdin.read(), sys.argv[2:])) + '\\n')"
    speech = speech_of("-x, €. {out}!", command(tmp_path, code, "{voice}:{language}"), kept, folder)
    assert speech.told == Path(sys.executable).name
    assert [part.seconds for part in speech.spoken] == [Fraction(round(10000 * 48000 / 22050) + 4800, 48000)] * 2
    assert noted.read_text().splitlines() == [repr(("-x, €.", [":en"])), repr(("{out}!", [":en"]))]
    noted.unlink()
    speech_of("-x; $(id) {out}", command(tmp_path, code, "{text}"), kept, folder)
    assert noted.read_text().splitlines() == [repr(("", [" -x; $(id) {out}"]))]


def test_a_changed_program_speaks_again(tmp_path: Path, kept: Kept, folder: Path) -> None:
    """A command's sentences are made anew when the file that it names has changed."""
    before = speech_of("Go.", command(tmp_path, BEEP), kept, folder)
    after = speech_of("Go.", command(tmp_path, BEEP.replace("5000", "9000")), kept, folder)
    assert after.seconds > before.seconds


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; print('no voice'); sys.exit('cannot: my-secret-1')", "failed with status 1: cannot: …"),
        ("import sys; sys.exit(3)", "failed with status 3, and said nothing"),
        ("pass", "wrote no sound for the sentence “Go.”"),
        ("import sys; open(sys.argv[1], 'w').write('<html>no</html>')", "is no WAV file"),
        ("import sys; open(sys.argv[1], 'wb').write(b'RIFF\\x24\\0\\0\\0WAVEfmt ')", "wrote for the sentence “Go.”"),
        (BEEP.replace('b"\\0\\x40\\0\\x40\\0\\xc0\\0\\xc0"', "bytes(8)"), "wrote silence for the sentence “Go.”"),
        (BEEP.replace("5000", "7000000"), "longer than 600 s"),
    ],
)
def test_a_command_that_fails(
    code: str, message: str, tmp_path: Path, kept: Kept, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One error says what it did, with the end of its words and no secret; nothing is kept of it."""
    monkeypatch.setenv("VOICE_TOKEN", "my-secret-1")
    with pytest.raises(SpeechError) as caught:
        speech_of("Go.", command(tmp_path, code), kept, folder, where=WHERE)
    assert message in str(caught.value)
    assert caught.value.where == WHERE
    assert caught.value.hint
    assert not folder.exists()
    assert speech_of("Go.", command(tmp_path, BEEP), kept, folder).seconds > 0


def test_a_command_that_hangs_is_ended(tmp_path: Path, kept: Kept, folder: Path) -> None:
    """It is ended with what it started, however long that would run."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    code = (
        "import os, subprocess, sys, time\n"
        f"held = os.open({str(pipe)!r}, os.O_WRONLY)\n"
        "os.write(held, b'on')\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], pass_fds=[held])\n"
        "time.sleep(600)"
    )
    voice = command(tmp_path, code)
    choice = Chosen(Command(kept.digests, patience=Patience(3, 0)), voice, "")
    with pytest.raises(SpeechError, match="was not finished after 3 s, and was ended"):
        speeches([Text("Go.", WHERE)], voice, kept, folder, choice=choice)
    with os.fdopen(end, "rb") as file:
        os.set_blocking(end, True)
        assert file.read() == b"on"  # it ends when the last process that holds the pipe has ended


def test_no_such_program(kept: Kept, folder: Path) -> None:
    """A command whose program is not there is told by its name."""
    with pytest.raises(SpeechError, match="there is no program speak-nothing"):
        speech_of("Go.", Voice(command=("speak-nothing", "{out}")), kept, folder, where=WHERE)


def test_longer_than_allowed_in_all(tmp_path: Path, kept: Kept, folder: Path) -> None:
    """Sentences that are 600 s only together are refused, too."""
    with pytest.raises(SpeechError, match="longer than 600 s"):
        speech_of("Go. Come.", command(tmp_path, BEEP.replace("5000", "3500000")), kept, folder)
    assert not folder.exists() or not list(folder.iterdir())


@ESPEAK
def test_what_is_kept_is_spoken_without_libraries_of_media(tmp_path: Path) -> None:
    """A plan whose speech is kept loads neither libav nor numpy."""
    program = (
        "import sys; from pathlib import Path; from studio.storage.kept import Kept\n"
        "from studio.voice.speech import speech_of; from studio.voice.values import Voice\n"
        f"speech_of('Go.', Voice('espeak-ng'), Kept(Path({str(tmp_path)!r})), Path({str(tmp_path / 's')!r}))\n"
        "print(sorted({'av', 'numpy', 'PIL', 'ffmpeg'} & set(sys.modules)))"
    )
    shown = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    ]
    assert shown == ["['av', 'numpy']", "[]"]

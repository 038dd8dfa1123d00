"""Speech: sentences that are spoken once, by real engines and by programs that misbehave."""

from __future__ import annotations

import shutil
import sys
import wave
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.errors import BadInput, VoiceFailed
from studio.voice.engines import Engine, chosen, engines
from studio.voice.espeak import EspeakNg
from studio.voice.piper import Piper
from studio.voice.speech import RATE, SpeechMaker
from studio.voice.values import Speech, Voice, VoiceInfo

TEXT = "Night falls, and nobody has lit the lamp. Who is there?\nThen a light."
WHERE = "scene 'dusk', field 'narration'"
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
needs_piper = pytest.mark.skipif(not Piper().installed, reason="piper-tts and a voice are not installed")


def maker(folder: Path, voice: Voice, command: Sequence[str] = ()) -> SpeechMaker:
    found = chosen(voice, engines(command=command))
    assert found is not None
    return SpeechMaker(found[0], voice, found[1], folder)


def samples(speech: Speech) -> NDArray[np.float64]:
    with wave.open(str(speech.path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768


def program(folder: Path, body: str) -> tuple[str, ...]:
    """A voice engine in a few lines of Python; ``out`` is the file that it is to write, ``text`` what it is to say."""
    script = folder / "engine.py"
    script.write_text(f"import sys, wave, math, struct, time\nout, text = sys.argv[1], sys.stdin.read()\n{body}\n")
    return (sys.executable, str(script), "{out}")


SAYS = """
with open(sys.argv[0] + '.log', 'a') as log: log.write(text + '\\n')
file = wave.open(out, 'wb'); file.setnchannels(1); file.setsampwidth(2); file.setframerate(22050)
tone = b''.join(struct.pack('<h', int(9000 * math.sin(n / 8))) for n in range(900 * len(text)))
file.writeframes(bytes(22050) + tone + bytes(22050)); file.close()
"""


@pytest.mark.parametrize("voice", [pytest.param(Voice("piper"), marks=needs_piper),
                                   pytest.param(Voice("espeak-ng"), marks=needs_espeak)], ids=str)  # fmt: skip
def test_a_text_is_spoken(voice: Voice, tmp_path: Path) -> None:
    """Each sentence is heard in its time, with a pause between two, and a longer one between lines."""
    speech = maker(tmp_path, voice).speeches({WHERE: TEXT})[WHERE]

    sound = samples(speech)
    assert [one.text for one in speech.spoken] == [
        "Night falls, and nobody has lit the lamp.", "Who is there?", "Then a light.",
    ]  # fmt: skip
    first, second, third = speech.spoken
    assert second.start - first.start - first.seconds == Fraction(1, 4)
    assert third.start - second.start - second.seconds == Fraction(1, 2)
    assert speech.seconds == third.start + third.seconds == Fraction(len(sound), RATE)
    assert 2 < speech.seconds < 8
    for one in speech.spoken:
        said = sound[int(one.start * RATE) : int((one.start + one.seconds) * RATE)]
        assert np.sqrt(np.mean(said**2)) > 0.01
        assert _is_speech(said)
    pause = sound[int((first.start + first.seconds) * RATE) : int(second.start * RATE)]
    assert not np.any(pause)


def _is_speech(sound: NDArray[np.float64]) -> bool:
    """True if most of its power is where voices have theirs, and its loudness changes as that of syllables does."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    voiced = power[(hertz > 60) & (hertz < 5000)].sum() / power.sum()
    blocks = sound[: len(sound) // 1200 * 1200].reshape(-1, 1200)
    levels = np.sqrt((blocks**2).mean(axis=1))
    return bool(voiced > 0.8 and levels.std() > 0.3 * levels.mean())


@needs_espeak
def test_language_and_speed_change_it(tmp_path: Path) -> None:
    """Another language is another sound, and half the speed nearly twice the time."""

    def told(voice: Voice) -> Speech:
        return maker(tmp_path, voice).speeches({WHERE: "Night falls."})[WHERE]

    plain, german, slow = (
        told(Voice("espeak-ng")),
        told(Voice("espeak-ng", language="de")),
        told(Voice("espeak-ng", speed=Decimal("0.5"))),
    )
    assert plain.sha256 != german.sha256
    assert slow.seconds > plain.seconds * Fraction(3, 2)


def test_a_changed_sentence_is_spoken_alone(tmp_path: Path) -> None:
    """All others are used again; and so is the whole text, when it is asked for again."""
    command = program(tmp_path, SAYS)
    log = tmp_path / "engine.py.log"
    first = maker(tmp_path / "kept", Voice("command"), command).speeches({WHERE: "One. Two. Three."})[WHERE]
    log.write_text("")

    changed = maker(tmp_path / "kept", Voice("command"), command).speeches({WHERE: "One. Zwei. Three."})[WHERE]
    assert log.read_text() == "Zwei.\n"
    again = maker(tmp_path / "kept", Voice("command"), command).speeches({WHERE: "One. Two. Three."})[WHERE]

    assert log.read_text() == "Zwei.\n"
    assert again == first
    assert changed.sha256 != first.sha256
    assert first.spoken[0].seconds < Fraction(1, 2)  # the second of silence at its ends is cut off


def test_a_damaged_sentence_is_spoken_again(tmp_path: Path) -> None:
    """What is kept is read as what it is, or made anew."""
    command = program(tmp_path, SAYS)
    made = maker(tmp_path / "kept", Voice("command"), command)
    first = made.speeches({WHERE: "One."})[WHERE]
    (sentence,) = [path for path in (tmp_path / "kept").rglob("*.wav") if path.parent.name != "texts"]
    sentence.write_bytes(sentence.read_bytes()[:100])

    assert made.speeches({WHERE: "One."})[WHERE] == first


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("sys.exit('no such speaker: ada')", "failed with status 1: no such speaker: ada"),
        ("pass", "wrote no sound for 'One.'"),
        ("open(out, 'w').write('<html>')", "wrote no sound for 'One.'"),
        (SAYS.replace("9000", "0"), "wrote silence for 'One.'"),
    ],
    ids=["fails", "writes nothing", "writes garbage", "writes silence"],
)
def test_an_engine_that_fails(body: str, told: str, tmp_path: Path) -> None:
    """It is one error at the text, and nothing of it is kept."""
    with pytest.raises(VoiceFailed) as failed:
        maker(tmp_path / "kept", Voice("command"), program(tmp_path, body)).speeches({WHERE: "One."})
    assert told in str(failed.value)
    assert failed.value.where == WHERE
    assert not list((tmp_path / "kept").rglob("*.wav"))


def test_a_text_is_no_option_and_no_command(tmp_path: Path) -> None:
    """It is the program's standard input, whatever it looks like."""
    command = program(tmp_path, SAYS)
    text = "--help $(touch /tmp/x) `id`; rm"
    maker(tmp_path / "kept", Voice("command"), command).speeches({WHERE: text})
    assert (tmp_path / "engine.py.log").read_text() == f"{text}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Lit. Ночь наступает.", "cannot speak Cyrillic letters: 'Н' at 'Ночь наступает.'"),
        ("灯", "cannot speak Chinese characters"),
        ("🎉 …", "has no letter that can be spoken"),
        ("a" * 10_001, "has 10,001 characters, and 10,000 are the most"),
    ],
)
@needs_espeak
def test_a_text_that_cannot_be_spoken(text: str, told: str, tmp_path: Path) -> None:
    """It is found before the engine runs, with its place."""
    with pytest.raises(BadInput) as refused:
        maker(tmp_path, Voice("espeak-ng")).speeches({WHERE: text})
    assert told in refused.value.message
    assert refused.value.where == WHERE


def test_speech_that_is_too_long(tmp_path: Path) -> None:
    """Ten minutes are the most; the engine's own words are counted."""
    long = SAYS.replace("range(900 * len(text))", "range(22050 * 601)")
    with pytest.raises(BadInput, match="takes 601 s to say, and 600 s are the most"):
        maker(tmp_path / "kept", Voice("command"), program(tmp_path, long)).speeches({WHERE: "One."})


class Absent:
    """An engine that is not installed."""

    id, remedy, installed = "piper", "pip install piper-tts", False

    def voices(self) -> tuple[VoiceInfo, ...]:
        return ()

    def made_from(self, voice: Voice, info: VoiceInfo) -> tuple[str, ...]:
        return ()

    def speak(self, sentences: Sequence[str], voice: Voice, info: VoiceInfo, folder: Path) -> list[Path]:
        raise AssertionError


def test_an_engine_that_is_not_installed() -> None:
    """Named, it is an error with what installs it; for any voice it is passed over."""
    known: dict[str, Engine] = {"piper": Absent()}
    with pytest.raises(BadInput, match="piper is not installed") as refused:
        chosen(Voice("piper"), known)
    assert refused.value.hint == "pip install piper-tts"
    assert chosen(Voice("auto"), known) is None
    with pytest.raises(BadInput, match="there is no voice engine 'siri'"):
        chosen(Voice("siri"), known)


@needs_espeak
def test_a_voice_that_is_not_there() -> None:
    """The nearest is named, or those that there are."""
    known: dict[str, Engine] = {"espeak-ng": EspeakNg()}
    with pytest.raises(BadInput, match="espeak-ng has no voice 'en-uss'") as refused:
        chosen(Voice("espeak-ng", "en-uss"), known)
    assert refused.value.hint == "did you mean 'en-us'?"
    with pytest.raises(BadInput, match="espeak-ng has no voice for 'tlh'"):
        chosen(Voice("espeak-ng", language="tlh"), known)
    found = [chosen(Voice("espeak-ng", language=code), known) for code in ("en", "en-GB", "zh", "de-AT", "pt")]
    assert [one[1].name for one in found if one] == ["en-us", "en-gb", "cmn", "de", "pt"]


@needs_piper
def test_a_voice_by_its_file(tmp_path: Path) -> None:
    """A model of the user's own is named by its path, or lies in the folder of voices."""
    info = Piper().voices()[0]
    assert info.path is not None
    own = tmp_path / "en_GB-mine.onnx"
    own.symlink_to(info.path)
    Path(f"{own}.json").write_text('{"language": {"code": "en_GB"}}')

    by_path = chosen(Voice("piper", str(own)), engines())
    by_name = chosen(Voice("piper", "en_GB-mine"), engines(folder=tmp_path))
    by_language = chosen(Voice("piper", language="en-GB"), engines(folder=tmp_path))

    assert [one[1].path for one in (by_path, by_name, by_language) if one] == [own] * 3


@needs_piper
def test_piper_is_run_as_a_program(tmp_path: Path) -> None:
    """Its licence is another than ours: nothing of it is loaded into this program."""
    maker(tmp_path, Voice("piper")).speeches({WHERE: "One."})
    assert not {"piper", "onnxruntime"} & set(sys.modules)

"""One way of ``sound.py``: ``python sound_ways.py WAY SECONDS FOLDER MUSIC VOICE…``. Prints JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import ffmpeg as build
from film_scenes import cpu
from sound import RATE, SAID, SCENE

from studio.digests import Digests
from studio.editing.mixing import REFERENCE, rounds
from studio.media import ffmpeg
from studio.media.clip import Clip, examine
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.mix import loudness_of_sound
from studio.media.mix_values import Ducked, Laid, Mix
from studio.media.sound_file import sound_file
from studio.planning.sound_edits import MusicEdit
from studio.storage.kept import Kept

FPS = 24
DUCK, LEVEL, LUFS = 10.0, -8.0, -14.0


def clip(folder: Path, *, sound: bool) -> Clip:
    """A clip of five seconds."""
    path = folder / "clip.mp4"
    inputs = [build.input(f"testsrc2=s=160x90:r={FPS}:d={SCENE}", f="lavfi")]
    if sound:
        inputs.append(build.input(f"anoisesrc=a=0.02:c=pink:d={SCENE}:r={RATE}", f="lavfi"))
    ffmpeg.run(build.output(*inputs, str(path), vcodec="libx264", acodec="aac", g=FPS, pix_fmt="yuv420p"))
    return examine(path)


def mix(seconds: int, music: Path, voices: list[Path]) -> Mix:
    """A voice in every scene, and music under all."""
    kept = Kept()
    said = [sound_file(path, kept) for path in voices]

    def gain(path: Path, format_: str) -> float:
        found = loudness_of_sound(path, format_, 0)
        assert found is not None
        return REFERENCE - found.integrated

    gains = [gain(one.path, one.form) for one in said]
    voice = tuple(
        Laid(
            said[n % 10].path, said[n % 10].sha256, "wav", 0, n * SCENE * FPS + 6, round(SAID * FPS), gain=gains[n % 10]
        )
        for n in range(seconds // SCENE)
    )
    theme = sound_file(music, kept)
    edit = MusicEdit(theme.path, theme.sha256, theme.form, 0, theme.seconds, fade_in=FPS, fade_out=3 * FPS)
    whole = Laid(theme.path, theme.sha256, theme.form, 0, 0, 1, gain=gain(theme.path, theme.form) + LEVEL)
    return Mix(voice, (Ducked(tuple(rounds(whole, edit, seconds * FPS)), DUCK),), loudness=LUFS)


def plain(seconds: int, folder: Path, music: Path, voices: list[Path]) -> None:
    """The same by one graph of ffmpeg, twice: loudnorm measures, then brings to the loudness."""
    program = ffmpeg.binary()
    count = seconds // SCENE
    inputs = [word for n in range(count) for word in ("-i", str(voices[n % 10]))]
    inputs += ["-stream_loop", "-1", "-t", str(seconds), "-i", str(music)]
    delays = ";".join(
        f"[{n}:a]adelay={round((n * SCENE + 0.25) * 1000)}:all=1,aformat=channel_layouts=stereo[v{n}]"
        for n in range(count)
    )
    graph = (
        f"{delays};{''.join(f'[v{n}]' for n in range(count))}amix=inputs={count}:normalize=0,apad,atrim=0:{seconds},"
        f"asplit[v][k];[{count}:a]volume={LEVEL}dB[m];[m][k]sidechaincompress=threshold=0.004:ratio=20:attack=60:"
        f"release=700:mix=0.684[d];[v][d]amix=inputs=2:normalize=0,loudnorm=I={LUFS}:TP=-1.5:LRA=11"
    )
    script = folder / "graph.txt"

    def run(more: str, *out: str) -> str:
        script.write_text(graph + more)
        graph_given = ["-/filter_complex", str(script)]
        command = [program, "-hide_banner", "-nostdin", "-y", *inputs, *graph_given, *out]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        return done.stderr

    said = run(":print_format=json", "-f", "null", "-")
    found = json.loads(said[said.rindex("{") : said.rindex("}") + 1])
    measured = "".join(
        f":measured_{name}={found[f'input_{key}']}"
        for name, key in (("I", "i"), ("TP", "tp"), ("LRA", "lra"), ("thresh", "thresh"))
    )
    run(f"{measured}:offset={found['target_offset']}:linear=true", "-ar", str(RATE), "-c:a", "aac", "-b:a", "192k",
        str(folder / "film.m4a"))  # fmt: skip


def main() -> None:
    """Make one film, and say what it took."""
    way, seconds, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    music, voices = Path(sys.argv[4]), [Path(name) for name in sys.argv[5:]]
    ffmpeg.identity()
    if way == "plain":
        began, used = time.perf_counter(), cpu()
        plain(seconds, folder, music, voices)
        print(json.dumps({"seconds": time.perf_counter() - began, "cpu": cpu() - used, "frames": seconds * FPS}))
        return
    shown = clip(folder, sound=way == "all")
    laid = None if way == "silent" else mix(seconds, music, voices)
    segments = [replace(Segment(shown.path, shown), name=f"s{n}") for n in range(seconds // SCENE)]
    began, used = time.perf_counter(), cpu()
    film = concatenate(
        segments, folder / "film.mp4", spec=FilmSpec(160, 90, Fraction(FPS)), pieces=folder / "pieces", mix=laid,
        digests=Digests(folder / "digests"),
    )  # fmt: skip
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu": cpu() - used, "frames": film.frames}))


if __name__ == "__main__":
    main()

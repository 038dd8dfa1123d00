"""Films of finished files: whole runs in a sandbox, by plain steps."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from studio.editing.assembly import Assembly
from studio.errors import AssetError
from studio.execution.executor import PlainSteps, execute, publish_assets
from studio.execution.film import make_film
from studio.execution.record import record_of
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.planning import reframed
from studio.planning.plan import Plan
from studio.production import Production, parse_production
from studio.report.records import RunRecord
from studio.report.timeline import timeline
from studio.settings import load_settings
from tests.execution.conftest import SIZE
from tests.media.clips import make
from tests.support.footage import uneven
from tests.support.running import Sandbox

pytestmark = [pytest.mark.timeout(600)]
RATE = 8000  # of a sound as it is compared


@dataclass
class Made:
    plan: Plan
    record: RunRecord
    film: Assembly

    @property
    def frames(self) -> list[str]:
        """The digest of every frame of the film, as decoded."""
        assert self.film.film is not None
        return digests(self.film.film.path)

    def notes(self, word: str) -> list[str]:
        return [str(note) for note in (*self.record.notes, *self.film.film.notes) if word in str(note)]


def digests(path: Path) -> list[str]:
    """The digest of every frame of a clip, as decoded."""
    with av.open(str(path)) as container:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in container.decode(video=0)]


def tone(path: Path, begin: float, end: float) -> float | None:
    """The loudest frequency of a film's sound between two moments, in Hz; None where it is silent, or has no sound."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        parts = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    heard = np.concatenate(parts)[int(begin * RATE) : int(end * RATE)]
    if float(np.abs(heard).max(initial=0)) < 0.01:
        return None
    return float(np.abs(np.fft.rfft(heard)).argmax() * RATE / len(heard))


def film(folder: Path, *scenes: dict[str, Any], **fields: Any) -> Production:
    given = {"title": "A Film", "model": "ray-flash-2", "resolution": "540p", "scenes": list(scenes), **fields}
    return parse_production(given, base=folder)


async def made(production: Production, out: Path, *, budget: Decimal | None = None, **options: Any) -> Made:
    """The film of a production, and its record. ``budget``: of this run."""
    async with open_session(load_settings()) as session:
        plan, seeds = await session.plan(production, **options)
        run = Run(session, plan, seeds, run_id=out.name, out=out, budget=budget, started_at=datetime.now(UTC))
        await run.begin()
        steps = PlainSteps()
        done = await execute(run, steps, await publish_assets(run, steps))
        for result in done.results.values():
            assert result.error is None, result.error
        footage = {end.value.sha256 for end in done.footage.values() if end.value}
        assert None not in footage
        joined = await make_film(run, {n: e.value.sha256 or "" for n, e in done.footage.items() if e.value})
        return Made(plan, record_of(run, done.results, joined), joined)


async def test_finished_clips_of_one_form_are_copied(workplace: Path, files: Path) -> None:
    """A film of finished clips needs no key, no sandbox and no order: their frames are in it unchanged, their sound is
    kept, and the report says what they are, at no cost."""
    done = await made(film(files, {"id": "a", "clip": "one.mp4"}, {"id": "b", "clip": "two.mp4"}), workplace / "out")
    assert done.frames == digests(files / "one.mp4") + digests(files / "two.mp4")
    assert done.film.film.method == "remux"
    assert tone(done.film.film.path, 0.1, 1.4) == pytest.approx(440, abs=3)
    assert [(s.outcome, s.cost, s.model) for s in done.record.shots] == [("own clip", 0, "own clip")] * 2
    assert not (workplace / ".studio" / "sandbox").exists()


async def test_another_form_is_normalised_and_a_part_is_cut(workplace: Path, files: Path) -> None:
    """A part of a clip, and clips of other sizes and rates, become pieces of the film's form, as long as planned."""
    production = film(
        files, {"id": "a", "clip": "one.mp4", "in": 0.5, "out": 1}, {"id": "b", "clip": "other.mp4", "sound": "none"}
    )
    done = await made(production, workplace / "out")
    assert (done.film.film.frames, [c.frames for c in done.record.cuts]) == (12 + 48, [12, 48])
    assert (done.film.film.width, done.film.film.height) == (960, 540)
    record = done.record.shots[0]
    assert (record.begins, record.seconds) == (Fraction(1, 2), Fraction(1, 2))
    assert (record.first_frame.name, record.last_frame.name) == ("frame-12.png", "frame-23.png")
    (item, *_) = timeline(done.record, workplace / "out").video_tracks()[0]
    assert (item.source_range.start_time.value, item.source_range.duration.value) == (12, 12)
    assert tone(done.film.film.path, 0.05, 0.45) == pytest.approx(440, abs=8)
    assert tone(done.film.film.path, 0.6, 2.4) is None
    assert done.notes("the sound of other.mp4 (aac 44100 Hz mono) is dropped (sound: none)")
    assert done.notes("fitted to 960x540 with bars")


async def test_an_upright_film_of_wide_clips(workplace: Path, files: Path) -> None:
    """In another shape a finished clip is cropped here to fill the frame, or shown whole with bars where that is
    written, and nothing is bought."""
    for fit, corner in ((None, False), ("pad", True)):
        scene = {"id": "a", "clip": "one.mp4"} | ({"fit": fit} if fit else {})
        done = await made(reframed(film(files, scene), "9:16"), workplace / f"out-{fit}")
        assert (done.film.film.width, done.film.film.height) == (540, 960)
        with av.open(str(done.film.film.path)) as container:
            first = next(container.decode(video=0)).to_ndarray(format="gray")
        assert (float(first[:100].max()) < 20) is corner
        assert bool(done.notes("cut to fill the frame" if fit is None else "with bars, at no cost"))


async def test_an_uneven_clip_lasts_as_long_as_it_is_shown(workplace: Path, tmp_path: Path) -> None:
    """A part of a clip with a variable rate begins and ends at its times."""
    uneven(tmp_path / "phone.mp4")
    done = await made(film(tmp_path, {"id": "a", "clip": "phone.mp4", "in": 0.5, "out": 1.75}), workplace / "out")
    assert done.film.film.frames == done.record.cuts[0].frames == pytest.approx(30, abs=7)
    assert done.plan.shots[0].seconds * 24 == pytest.approx(done.film.film.frames, abs=0.5)


@pytest.mark.long
async def test_scenes_go_on_from_a_finished_clip(at_sandbox: Path, sandbox: Sandbox, files: Path) -> None:
    """A scene begins with the last frame that is used, a bridge has both frames; a rerun buys nothing, nor does a part
    that begins elsewhere; another end is another purchase."""

    def production(**part: Any) -> Production:
        return film(
            files, {"id": "a", "clip": "one.mp4"} | part, {"id": "on", "prompt": "on it goes", "continue_from": "a"},
            {"id": "over", "prompt": "over the sea", "continue_from": "a", "lead_into": "b"},
            {"id": "b", "clip": "two.mp4"},
        )  # fmt: skip

    first = await made(production(out=1), at_sandbox / "one")
    assert len(sandbox.books()["creates"]) == 2
    frames = [set(c["request"]["keyframes"]) for c in sandbox.books()["creates"]]
    assert sorted(map(sorted, frames)) == [["frame0"], ["frame0", "frame1"]]
    seams = {(s.before, s.after): s.ssim for s in first.film.seams}
    assert (seams["a", "on"] or 0) > 0.9
    assert (seams["over", "b"] or 0) > 0.9
    assert first.film.film.method == "mixed"
    assert first.frames[-24:] == digests(files / "two.mp4")
    again = await made(production(out=1, **{"in": 0.25}), at_sandbox / "two")
    assert (again.record.cost, len(sandbox.books()["creates"])) == (0, 2)
    await made(production(), at_sandbox / "three")
    assert len(sandbox.books()["creates"]) == 4


@pytest.mark.long
async def test_a_modified_clip_keeps_the_sound_of_its_footage(at_sandbox: Path, files: Path) -> None:
    """The sound of the file is heard under the modified clip, and under one that is made of that; ``none`` drops it."""
    production = film(
        files, {"id": "oil", "prompt": "in oil", "modify": "one.mp4"},
        {"id": "ink", "prompt": "in ink", "modify": "oil"},
        {"id": "mute", "prompt": "in chalk", "modify": "one.mp4", "sound": "none"},
    )  # fmt: skip
    done = await made(production, at_sandbox / "out")
    path, edges = done.film.film.path, [float(c.start_frame / 24) for c in done.record.cuts]
    assert tone(path, edges[0] + 0.1, edges[1] - 0.1) == pytest.approx(440, abs=3)
    assert tone(path, edges[1] + 0.1, edges[2] - 0.1) == pytest.approx(440, abs=3)
    assert tone(path, edges[2] + 0.1, edges[2] + 1.3) is None
    assert done.notes("scene 'mute': the sound of its footage (aac 44100 Hz mono) is dropped (sound: none)")


@pytest.fixture
def served(files: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of the files over HTTP, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Say nothing."""

        def log_request(self, *args: Any) -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(files)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


async def test_a_clip_behind_a_url_is_fetched_once(workplace: Path, files: Path, served: tuple[str, list[str]]) -> None:
    """It is fetched when it is planned for the first time, and never again while it is here; one that is not there is
    refused with scene and field, and without the query of its address."""
    url, asked = served
    production = film(files, {"id": "a", "clip": f"{url}/one.mp4?sig=secret"})
    async with open_session(load_settings()) as session:
        for _ in range(2):
            plan, _ = await session.plan(production)
            assert plan.shots[0].own is not None
        with pytest.raises(AssetError, match="status 404") as refused:
            await session.plan(film(files, {"id": "a", "clip": f"{url}/gone.mp4?sig=secret"}))
    assert asked[0].startswith("/one.mp4")
    assert len(asked) == 2
    assert refused.value.where == "scene 'a', field 'clip'"
    assert "secret" not in str(refused.value)


async def test_files_that_are_no_whole_clips(workplace: Path, files: Path) -> None:
    """A damaged file is refused before anything is bought, with scene, field and remedy."""
    whole = (files / "one.mp4").read_bytes()
    (files / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    async with open_session(load_settings()) as session:
        with pytest.raises(AssetError) as refused:
            await session.plan(film(files, {"id": "a", "clip": "cut.mp4"}))
    assert refused.value.where == "scene 'a', field 'clip'"
    assert "its file" in refused.value.message
    assert refused.value.hint


async def test_a_sound_that_cannot_be_decoded_is_told(workplace: Path, files: Path) -> None:
    """A clip whose sound has an unknown codec is silent in the film, and a note says so."""
    from tests.assets.test_sound_of_footage import renamed

    renamed(files / "one.mp4", b"mp4a", b"apac")
    done = await made(film(files, {"id": "a", "clip": "one.mp4"}), workplace / "out")
    assert done.notes("scene 'a': one.mp4: its sound (codec apac) cannot be decoded, and is dropped")
    assert not done.film.film.has_audio


@pytest.mark.long
async def test_clips_without_colour_tags_are_unchanged_beside_a_new_scene(at_sandbox: Path, tmp_path: Path) -> None:
    """What ffmpeg writes by default, at the film's size and rate, is copied beside what is generated; a clip that
    cannot be is told before anything is bought, and after the run in the same words."""
    for number, name in enumerate(("one", "two")):
        make(tmp_path / f"{name}.mp4", frames=24, size=SIZE, start=40 * number)
    make(tmp_path / "deep.mp4", frames=24, size=SIZE, options=("-pix_fmt", "yuv420p10le", "-profile:v", "high10"))
    scenes = [
        {"id": "one", "clip": "one.mp4"},
        {"id": "bridge", "prompt": "on it goes", "continue_from": "one", "lead_into": "two"},
        {"id": "two", "clip": "two.mp4"}, {"id": "deep", "clip": "deep.mp4"},
    ]  # fmt: skip
    done = await made(film(tmp_path, *scenes), at_sandbox / "out")
    own = [digests(tmp_path / f"{name}.mp4") for name in ("one", "two")]
    assert (done.frames[:24], done.frames[-48:-24]) == tuple(own)
    assert done.film.film.method == "mixed"
    (told,) = [str(note) for note in done.plan.notes if "encoded again" in str(note)]
    assert told.startswith("deep is encoded again: its pictures are yuv420p10le, not yuv420p (8 bit). To keep its ")
    assert told in done.film.film.notes
    assert "one and two are copied, frame for frame; all else is encoded to fit" in done.film.film.notes

"""Footage is measured once: the plan counts what the sandbox charges, and what is sent hides nothing."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.assets import SeedFootage, source_key
from studio.media.clip import examine
from studio.media.measure import measure
from studio.media.seam import compare
from studio.planning import draw_plan
from studio.planning.plan import Shot
from studio.production import Production
from studio.providers.price_book import load_prices
from tests.media.clips import ffmpeg
from tests.support.agents_api import client
from tests.support.footage import FORMS, trimmed, uneven, whole
from tests.support.publisher import published
from tests.support.sandbox_in_process import Sandbox
from tests.support.seeds import Source, look

pytestmark = pytest.mark.usefixtures("nothing_kept")

WITHOUT_HIDDEN = "without the 17 stored frames that its edit list hides"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of every form."""
    folder = tmp_path_factory.mktemp("forms")
    return {name: build(folder / f"{number}.mp4") for number, (name, (build, _)) in enumerate(FORMS.items())}


async def looked_at(path: Path, folder: Path) -> SeedFootage:
    """The footage in a file, as it is measured and sent."""
    seed = await look(Source(path=str(path)), folder, footage=True)
    assert isinstance(seed, SeedFootage)
    return seed


def shot_of(seed: SeedFootage, model: str) -> Shot:
    """The one shot of a film that modifies it."""
    scene = {"id": "one", "prompt": "make it rain here", "modify": "seed.mp4"}
    written = {"title": "Rain", "model": model, "resolution": "540p", "scenes": [scene]}
    production = Production.model_validate(written)
    asset = production.footage_of(production.scenes[0])
    assert asset is not None
    drawn = draw_plan(production, prices=load_prices(), images={source_key(asset): seed}, realm="luma")
    return drawn.shots[0]


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
async def test_the_quote_is_what_is_charged(
    files: dict[str, Path],
    unrendered: Sandbox,
    tmp_path: Path,
    form: str,
) -> None:
    """For footage of every form: as many frames stored as shown in what is sent, and both APIs charge the quote."""
    seed = await looked_at(files[form], tmp_path)
    assert seed.path is not None
    sent = measure(seed.path)
    assert (sent.stored, sent.seconds, sent.plain) == (sent.shown, seed.seconds, True)
    assert seed.frames == sent.shown
    source = measure(files[form])
    assert source.shown == FORMS[form][1]
    assert sent.frames == source.frames
    with published({"/sent.mp4": seed.path.read_bytes()}) as base:
        url = f"{base}/sent.mp4"
        for model in ("ray-2", "ray-flash-2", "ray-3"):
            shot = shot_of(seed, model)
            assert shot.seconds == seed.seconds
            await modified(unrendered, model, url)
            charged = unrendered.server_state.books.creates()[-1]
            assert charged.cents == shot.quote.usd * 100, model
            assert charged.state == "completed", charged.note


async def modified(sandbox: Sandbox, model: str, url: str) -> None:
    """Order the footage at ``url`` in another look, over HTTP, and wait for its end."""
    words: dict[str, Any] = {"prompt": "make it rain here"}
    if model == "ray-3":
        video = {"resolution": "540p", "edit": {"strength": "flex_1"}}
        source = {"url": url, "media_type": "video/mp4"}
        await client(sandbox).generations.create(
            model="ray-3.2", type="video_edit", video=video, source=source, **words
        )
    else:
        await sandbox.luma.generations.video.modify(
            generation_type="modify_video", mode="flex_1", model=model, media={"url": url}, **words
        )
    await sandbox.settle(lambda: sandbox.clock.advance(1))


async def test_the_sandbox_counts_what_is_shown(files: dict[str, Path], unrendered: Sandbox) -> None:
    """Footage that another client sends as it is, hidden frames and all, is charged by what a player shows of it."""
    with published({"/trimmed.mp4": files["edit list"].read_bytes()}) as base:
        await modified(unrendered, "ray-2", f"{base}/trimmed.mp4")
    made = unrendered.server_state.books.creates()[-1]
    assert made.inputs is not None
    assert (made.inputs["source"]["frames"], made.cents) == (31, 25)


@pytest.mark.parametrize("form", [name for name in FORMS if "edit list" in name])
async def test_what_is_sent_shows_the_same(files: dict[str, Path], tmp_path: Path, form: str) -> None:
    """The first and the last frame of what is cut anew are those that were shown before, and its sound is as long."""
    seed = await looked_at(files[form], tmp_path / "kept")
    assert seed.path is not None
    before = examine(files[form], frames_dir=tmp_path / "before")
    after = examine(seed.path, frames_dir=tmp_path / "after")
    assert (after.width, after.height) == (before.width // 2 * 2, before.height // 2 * 2)
    assert after.has_audio == before.has_audio
    if after.width == before.width:
        for one, other in ((before.first_frame, after.first_frame), (before.last_frame, after.last_frame)):
            assert one is not None
            assert other is not None
            assert compare(one, other).ssim > 0.98


async def test_what_only_begins_late_is_copied(files: dict[str, Path], tmp_path: Path) -> None:
    """Footage whose frames are all shown is not encoded: its picture's packets are the source's own."""
    for form in ("late picture", "late picture, no sound", "two sounds", "head trim", "fragments"):
        seed = await looked_at(files[form], tmp_path)
        assert seed.path is not None
        assert examine(seed.path).packets == examine(files[form]).packets
        assert seed.notes == ("cut to its picture, without what comes before or after it",)


async def test_the_source_names_the_purchase(files: dict[str, Path], tmp_path: Path) -> None:
    """The key of an order is made of the source's own hash, whatever is sent of it: earlier books stay valid."""
    data = files["edit list"].read_bytes()
    seed = await looked_at(files["edit list"], tmp_path)
    assert seed.sha256 == hashlib.sha256(data).hexdigest() != seed.content
    shot = shot_of(seed, "ray-2")
    assert shot.source is not None
    assert shot.source.ref == seed.sha256


def test_a_key_of_an_earlier_version_is_the_same() -> None:
    """The key of an edit of ordinary footage is the one that earlier versions wrote into their books."""
    seed = SeedFootage("f", "f" * 64, "video/mp4", ".mp4", 1280, 720, 96, Fraction(24), Fraction(4), 999)
    assert shot_of(seed, "ray-2").key == "ea6e2f6f0951adc68cef3730dab6a56ed004492cf97c578e0ac1d025ed77bbc0"


async def test_footage_is_cut_once_and_always_alike(files: dict[str, Path], tmp_path: Path) -> None:
    """The same source gives the same bytes in every home; in one home it is cut once, unless the file was damaged."""
    seed = await looked_at(files["edit list"], tmp_path / "one")
    assert (seed.frames, seed.notes) == (31, (WITHOUT_HIDDEN,))
    assert (await looked_at(files["edit list"], tmp_path / "other")).content == seed.content
    assert seed.path is not None
    before = seed.path.stat().st_mtime_ns
    assert await looked_at(files["edit list"], tmp_path / "one") == seed
    assert seed.path.stat().st_mtime_ns == before
    seed.path.write_bytes(b"damaged")
    assert (await looked_at(files["edit list"], tmp_path / "one")).content == seed.content
    assert hashlib.sha256(seed.path.read_bytes()).hexdigest() == seed.content


async def test_remote_footage_with_hidden_frames_is_sent_by_us(files: dict[str, Path], tmp_path: Path) -> None:
    """Footage at a URL is not sent by that URL where it has to be cut anew."""
    data = files["edit list"].read_bytes()
    source = Source(url="https://x.example/a.mp4")
    seed = await look(source, tmp_path, footage=True, answer=lambda _: httpx.Response(200, content=data))
    assert isinstance(seed, SeedFootage)
    assert seed.url is None
    assert seed.path is not None
    assert measure(seed.path).stored == 31


async def test_hidden_frames_and_a_place(tmp_path: Path) -> None:
    """Footage that is cut anew says no more of itself than other footage does."""
    source = whole(tmp_path / "whole.mp4")
    ffmpeg("-ss", "0.7", "-i", source, "-c", "copy", "-metadata", "title=SECRET", tmp_path / "told.mp4")
    seed = await looked_at(tmp_path / "told.mp4", tmp_path / "kept")
    assert seed.notes == (WITHOUT_HIDDEN, "without its metadata")
    assert seed.path is not None
    assert b"SECRET" not in seed.path.read_bytes()


@pytest.mark.long
async def test_a_limit_holds_for_what_is_shown(tmp_path: Path) -> None:
    """Ten seconds of which a part is hidden are as long as what is left: no limit is held against hidden frames."""
    source = trimmed(tmp_path / "long.mp4", frames=250)
    seed = await looked_at(source, tmp_path / "kept")
    assert measure(source).stored * Fraction(1, 24) > 10 + Fraction(1, 24)
    assert seed.seconds < 10
    assert shot_of(seed, "ray-2").seconds == seed.seconds


def test_a_variable_rate_is_counted_by_its_length(tmp_path: Path) -> None:
    """Two seconds are 48 frames of what is made, even where 36 frames are stored."""
    length = measure(uneven(tmp_path / "uneven.mp4"))
    assert (length.stored, length.rate, length.seconds, length.frames) == (36, None, 2, 48)


def test_a_begun_frame_counts(tmp_path: Path) -> None:
    """A length between two frames of 24 a second is the next whole one, so that no bill is above the quote."""
    length = measure(whole(tmp_path / "thirty.mp4", rate="30", frames=43))
    assert length.frames == ceil(Fraction(43, 30) * 24) == 35

"""Checks before the first order: folders are writable, no foreign files replaced, the disk has room, prices told."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from studio.disk import disk_errors, of_status
from studio.errors import CannotWrite, SettingsError
from studio.execution import preflight
from studio.execution.run import Run
from studio.execution.session import Session, open_session
from studio.production import Production
from studio.report.files import write_atomically
from studio.settings import load_settings
from studio.storage.ownership import FILES, NOTE, check_ours, claim, sign
from studio.wording import Surface, asked_from
from tests.support.running import Sandbox, command

FILM = "title: Alone\nmodel: ray-flash-2\nresolution: 540p\nscenes:\n  - id: only\n    prompt: a quiet harbour\n"
OURS = {"schema_version": 1, "slug": "alone", "run": {"id": "r"}, "film": None}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 5 MB. Skips where none can be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
async def session(workplace: Path) -> Session:
    """A session of this folder, without any service."""
    async with open_session(load_settings()) as opened:
        yield opened


async def run_of(session: Session, out: Path, **changes: object) -> Run:
    scenes = [{"id": "only", "prompt": "a quiet harbour"}]
    fields = {"title": "Alone", "model": "ray-flash-2", "resolution": "540p", "scenes": scenes}
    plan, seeds = await session.plan(Production.model_validate(fields | changes))
    return Run(session, plan, seeds, run_id="r", out=out, budget=None, started_at=datetime.now(UTC))


def refused(run: Run) -> SettingsError:
    """The error of the check; nothing is left of what it tried out."""
    with pytest.raises(SettingsError) as error, asked_from(Surface.COMMAND):
        preflight.check_places(run.session, run.plan, run.out)
    assert "nothing was ordered" in error.value.hint
    return error.value


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_cannot_be_written_is_said_before_anything_is_ordered(workplace: Path, sandbox: Sandbox) -> None:
    """``--out`` or STUDIO_FILMS that is a file, or a foreign film.mp4, gives exit status 2, one error and no order.

    A rerun into one's own folder still works.
    """
    (workplace / "film.yaml").write_text(FILM)
    (workplace / "afile").write_text("mine")
    (workplace / "mine").mkdir()
    (workplace / "mine" / "film.mp4").write_text("my holidays")
    live = {"LUMAAI_BASE_URL": sandbox.url}
    for args, given, told in (
        (["--out", "afile"], {}, "afile is a file, not a folder"),
        (["--out", (workplace / "afile").as_uri()], {}, "afile is a file, not a folder"),
        (["--out", "afile/deeper"], {}, "afile is a file, not a folder"),
        (["--out", "mine"], {}, "film.mp4 was not made by this production"),
        ([], {"STUDIO_FILMS": "afile"}, "STUDIO_FILMS: "),
    ):
        done = command(workplace, "film.yaml", *args, **live, **given)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert told in done.stderr
        assert "nothing was ordered" in done.stderr
    assert (workplace / "afile").read_text() == "mine"
    assert (workplace / "mine" / "film.mp4").read_text() == "my holidays"
    assert sandbox.prompts() == []
    for _ in range(2):
        done = command(workplace, "film.yaml", "--out", "out", **live)
        assert done.returncode == 0, done.stderr
    (workplace / "out" / "film.mp4").write_text("my own cut")
    done = command(workplace, "film.yaml", "--out", "out", **live)
    assert (done.returncode, "is not the film that this production" in done.stderr) == (2, True), done.stderr
    assert len(sandbox.prompts()) == 1


@pytest.mark.parametrize("name", ["", *preflight.KEPT])
async def test_a_folder_of_ours_that_is_a_file(session: Session, name: str) -> None:
    """STUDIO_HOME, or any folder in it, that is a file is refused by that name, whatever is written there later."""
    place = session.home / name if name else session.home
    shutil.rmtree(place, ignore_errors=True)
    place.write_text("")
    error = refused(await run_of_plan(session, Path("out").absolute()))
    assert error.where == "STUDIO_HOME"
    assert f"{place} is a file" in error.message


async def run_of_plan(session: Session, out: Path) -> Run:
    """A run whose plan was made before anything happened to the folders."""
    ledger, session.ledger.orders = session.ledger.orders, lambda keys: {}
    try:
        return await run_of(session, out)
    finally:
        session.ledger.orders = ledger


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
async def test_a_name_that_no_folder_has(session: Session, workplace: Path, name: str) -> None:
    """A name that the system refuses is one clear error."""
    assert refused(await run_of(session, workplace / name)).where == "--out"


async def test_a_link_that_leads_nowhere(session: Session, workplace: Path) -> None:
    """A dangling link is called that, not a file."""
    (workplace / "link").symlink_to("nowhere")
    assert "a link that leads nowhere" in refused(await run_of(session, workplace / "link" / "out")).message


async def test_what_was_tried_out_is_removed(session: Session, workplace: Path) -> None:
    """A run that may begin finds its folder made and claimed, without a probe in it."""
    fine = await run_of(session, workplace / "new")
    preflight.check_places(session, fine.plan, fine.out)
    assert [path.name for path in (workplace / "new").iterdir()] == [NOTE]


async def test_a_disk_that_is_too_small(session: Session, small: Path) -> None:
    """A disk without the room for the film is told with figures, before anything is ordered, and no folder stays."""
    run = await run_of(
        session, small / "out" / "deeper", scenes=[{"id": "only", "prompt": "a harbour", "duration": 60}]
    )
    error = refused(run)
    assert error.where == "--out"
    assert "has 5.2 MB free, and this run needs about 56." in error.message
    assert "(the film 2" in error.message
    assert "clips of its timeline 2" in error.message
    assert list(small.iterdir()) == []


async def test_a_file_in_the_place_of_the_clips(workplace: Path) -> None:
    """A film's folder in which `clips` is a file is refused before anything is ordered."""
    out = workplace / "out"
    out.mkdir()
    (out / "clips").write_text("mine")
    async with open_session(load_settings()) as session:
        error = refused(await run_of(session, out))
    assert error.where == "--out"
    assert str(out / "clips") in error.message
    assert (out / "clips").read_text() == "mine"


def test_the_estimate_of_a_clip(tmp_path: Path) -> None:
    """The estimated size of a clip is near that of the sandbox's: 5 s at 540p are about 2.1 MB."""
    pixels, frames = 960 * 540, 120
    assert 2_000_000 < pixels * frames * preflight.CLIP_BITS / 8 < 3_000_000


@pytest.mark.parametrize("name", FILES)
def test_files_that_nobody_claims(tmp_path: Path, name: str) -> None:
    """A file that a run would write is foreign unless something says that it is ours."""
    (tmp_path / name).write_text("{}")
    with pytest.raises(SettingsError, match=f"{name} was not made by this production"):
        check_ours(tmp_path, "alone", FILES, where="--out")
    (tmp_path / name).unlink()
    (tmp_path / "holiday.mov").write_text("no concern of ours")
    check_ours(tmp_path, "alone", FILES, where="--out")


def test_files_of_the_same_production(tmp_path: Path) -> None:
    """The manifest names the production and its film; another slug, or another film, is foreign."""
    (tmp_path / "film.mp4").write_bytes(b"ours")
    digest = hashlib.sha256(b"ours").hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps(OURS | {"film": {"sha256": digest}}))
    check_ours(tmp_path, "alone", FILES, where="--out")
    with pytest.raises(SettingsError, match="of another production, 'alone'"):
        check_ours(tmp_path, "other", FILES, where="--out")
    (tmp_path / "film.mp4").write_bytes(b"mine")
    with pytest.raises(SettingsError, match="not the film that this production"):
        check_ours(tmp_path, "alone", FILES, where="--out")


def test_a_film_whose_manifest_was_never_written(tmp_path: Path) -> None:
    """A run that was killed between film and manifest can be run again: its note knows the film."""
    claim(tmp_path, "alone")
    for content in (b"one", b"two"):
        sign(tmp_path / "film.mp4", hashlib.sha256(content).hexdigest())
    for content in (b"one", b"two"):
        (tmp_path / "film.mp4").write_bytes(content)
        check_ours(tmp_path, "alone", FILES, where="--out")
    with pytest.raises(SettingsError, match="another production"):
        check_ours(tmp_path, "other", FILES, where="--out")
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(SettingsError, match=r"manifest\.json was not made"):
        check_ours(tmp_path, "alone", FILES, where="--out")


def test_a_link_or_a_folder_in_the_way(tmp_path: Path) -> None:
    """A film.mp4 that is a folder or a link is never replaced."""
    (tmp_path / "manifest.json").write_text(json.dumps(OURS))
    (tmp_path / "film.mp4").mkdir()
    with pytest.raises(SettingsError, match="in the way"):
        check_ours(tmp_path, "alone", FILES, where="--out")


def test_a_file_beside_the_report_is_not_overwritten(tmp_path: Path) -> None:
    """Writing report.html does not overwrite a foreign ``report.html.part``."""
    (tmp_path / "report.html.part").write_text("mine")
    write_atomically(tmp_path / "report.html", b"ours")
    assert (tmp_path / "report.html.part").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.html.part"]


def test_a_disk_that_is_full_in_the_middle(tmp_path: Path) -> None:
    """A full disk while the report or the film is written is one error with place and remedy; a network error is not.

    /dev/full is a disk without room; ffmpeg reports one by its exit status.
    """
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match=r"report\.html cannot be written to .*file") as error:
        write_atomically(tmp_path / "file" / "report.html", b"")
    assert "what was bought is kept" in error.value.hint
    if Path("/dev/full").exists():
        with (
            pytest.raises(CannotWrite, match=r"the film cannot be written to .*: No space left"),
            disk_errors("the film", tmp_path),
        ):
            Path("/dev/full").write_bytes(b"x" * 10)
    assert (of_status(228), of_status(1)) == ("No space left on device", "")
    with pytest.raises(TimeoutError), disk_errors("the film", tmp_path):
        raise TimeoutError


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_disk_that_is_full_at_the_join(workplace: Path, sandbox: Sandbox, small: Path) -> None:
    """The film's disk fills up while the clip is made: one error, exit status 1, and the clip need not be bought again.

    The disk is filled by hand once the run has begun.
    """
    (workplace / "film.yaml").write_text(FILM)
    sandbox.again(latency=2)

    def fill() -> None:
        deadline = time.monotonic() + 300
        while not sandbox.books()["creates"] and time.monotonic() < deadline:
            time.sleep(0.05)
        (small / "filler").write_bytes(bytes(shutil.disk_usage(small).free - 65_536))

    filling = threading.Thread(target=fill)
    filling.start()
    done = command(workplace, "film.yaml", "--out", str(small / "f"), LUMAAI_BASE_URL=sandbox.url)
    filling.join()
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert f"the film cannot be written to {small / 'f'}: No space left on device" in done.stderr
    assert "what was bought is kept" in done.stderr
    (small / "filler").unlink()
    again = command(workplace, "film.yaml", "--out", str(small / "f"), LUMAAI_BASE_URL=sandbox.url)
    assert again.returncode == 0, again.stderr
    assert len(sandbox.prompts()) == 1


async def test_a_price_of_nothing_is_told(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of a billed service names the price table by which shots cost $0.00; one of the sandbox does not."""
    (workplace / "mine.toml").write_text(
        '[tables.gift]\ndated = 2026-01-01\n[tables.gift.prices."ray-flash-2"]\n"540p" = {"5s" = "0", "9s" = "0"}\n'
    )
    monkeypatch.setenv("STUDIO_PRICE_BOOK", "mine.toml")
    async with open_session(load_settings()) as session:
        assert (await run_of(session, workplace)).plan.notes == ()
    monkeypatch.setenv("LUMAAI_API_KEY", "k")
    async with open_session(load_settings()) as session:
        run = await run_of(session, workplace)
    assert run.plan.to_pay == Decimal(0)
    (note,) = run.plan.notes
    assert note.startswith("price table gift (2026-01-01) says that 1 shot cost $0.00")

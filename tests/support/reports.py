"""Records of runs, small and large, with pictures painted for them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from studio.editing.values import FilmPart, Heard
from studio.ledger.filing import Booking
from studio.ledger.values import EntryKind
from studio.report.records import BudgetRecord, FilmCut, FilmRecord, RunRecord, SeamRecord, ShotRecord, TakeRecord

START = datetime(2025, 11, 22, 10, 42, 5, tzinfo=UTC)


ERROR = """scene 'storm': the service failed this generation twice: "Ray could not process the request"
  attempt 1 · 10:43:31 UTC · refunded $0.32
  attempt 2 · 10:44:58 UTC · refunded $0.32
  → run the same production again; it pays only for this scene and for what is made from it"""


LOOKS = {  # colours: sky above, sky below, sea, sun
    "harbour": ((42, 74, 116), (242, 170, 110), (26, 52, 78), (255, 226, 170)),
    "climb": ((58, 66, 110), (226, 132, 104), (30, 44, 66), (255, 210, 150)),
    "lamp": ((18, 22, 48), (94, 74, 110), (14, 20, 38), (255, 240, 200)),
    "stair": ((30, 36, 70), (150, 96, 104), (20, 30, 48), (255, 226, 180)),
}


def paint(path: Path, look: str, moved: float, *, size: tuple[int, int] = (640, 360)) -> Path:
    """Paint a sea, a low sun and a lighthouse; ``moved`` 0 to 1 is how far the camera has moved."""
    width, height = size
    top, low, sea, sun = (np.array(colour, float) for colour in LOOKS[look])
    y, x = np.mgrid[0:height, 0:width].astype(float)
    x, y = (x - width / 2) / height, y / height
    horizon = 0.62
    picture = top + (low - top) * np.clip(y / horizon, 0, 1)[..., None] ** 1.4
    sun_x, sun_y = -0.35 + 0.25 * moved, 0.52 - 0.1 * moved
    glow = np.exp(-(((x - sun_x) ** 2 + (y - sun_y) ** 2) * 14))[..., None]
    picture += (sun - picture) * glow * 0.85
    wave = np.sin(y * 190 + 3 * np.sin(x * 9 + moved * 3)) * np.clip(y - horizon, 0, 1) * 60
    water = sea + (low - sea) * np.exp(-np.abs(x - sun_x) * 6)[..., None] * 0.5 + wave[..., None]
    picture = np.where((y > horizon)[..., None], water, picture)
    hill = horizon - 0.16 * np.exp(-(((x - 0.55 + 0.3 * moved) * 2.4) ** 2))
    picture = np.where(((y > hill) & (y < horizon + 0.02))[..., None], sea * 0.45, picture)
    at, scale = 0.55 - 0.3 * moved, 1 + 0.8 * moved
    body = (np.abs(x - at) < (0.016 + 0.02 * (y - 0.2)) * scale) & (y > 0.46 - 0.2 * scale) & (y < 0.5)
    stripe = (np.floor(y * 22) % 2 == 0)[..., None]
    picture = np.where(body[..., None], np.where(stripe, (196, 62, 48), (236, 228, 214)), picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)
    return path


def after(seconds: float) -> datetime:
    """The time this many seconds into the run."""
    return START + timedelta(seconds=seconds)


def shot(folder: Path, name: str, outcome: str = "new", **more: object) -> ShotRecord:
    """A shot of five seconds, made and on disk."""
    look = str(more.pop("look", name if name in LOOKS else "harbour"))
    start = float(str(more.pop("moved", 0.0)))
    clip = folder / "clips" / f"{name}.mp4"
    clip.parent.mkdir(parents=True, exist_ok=True)
    clip.write_bytes(b"not a real clip")
    made = ShotRecord(
        id=name,
        scene=name,
        outcome=outcome,  # type: ignore[arg-type]
        prompt=f"The {name}, painted.",
        model="ray-2",
        resolution="720p",
        aspect_ratio="16:9",
        seconds=Fraction(5),
        order=hashlib.sha256(name.encode()).hexdigest(),
        generation_id=f"5d1c{len(name):04x}-77aa-4e0b-9d2f-{name.encode().hex():0<12}"[:36],
        price_table="luma-2025-11 per pixel",
        attempts=1,
        clip=clip,
        sha256="ab" * 32,
        bytes=2_400_000,
        frames=120,
        width=1280,
        height=720,
        first_frame=paint(folder / "frames" / f"{name}-first.png", look, start),
        last_frame=paint(folder / "frames" / f"{name}-last.png", look, start + 0.5),
        request={"prompt": f"The {name}, painted.", "keyframes": {"frame0": {"type": "generation", "id": "order:ab"}}},
    )
    return replace(made, **more)  # type: ignore[arg-type]


def sample(folder: Path) -> RunRecord:
    """Six scenes on two branches: three new, one reused, one failed, one that waited for it; made with slates."""
    lacking = {
        "clip": None, "sha256": None, "frames": 0, "width": 0, "height": 0, "bytes": 0,
        "first_frame": None, "last_frame": None, "generation_id": None,
    }  # fmt: skip
    shots = (
        shot(
            folder, "harbour", cost=Decimal("0.32"), camera=("Dolly In", "Low angle"),
            prompt="A small harbour before sunrise. The sea is flat, the first light lies on the water, and far out on "
            "its rock the lighthouse is still burning.",
            submitted_at=after(2), completed_at=after(49), downloaded_at=after(53),
        ),
        shot(
            folder, "lamp", "reused", reused=Decimal("0.32"), camera=("Static",), moved=0.5,
            prompt="Inside the lamp room: the great lens turns slowly, and the keeper's hand rests on the brass rail.",
        ),
        shot(
            folder, "climb", cost=Decimal("0.54"), parents=("harbour",), camera=("Crane Up",), moved=0.5,
            resolution="1080p", take=2, attempts=2, refunded=Decimal("0.54"),
            prompt="The path up to the tower, steep and wet. We follow the keeper's lantern as it swings.",
            submitted_at=after(50), completed_at=after(128), downloaded_at=after(134),
        ),
        shot(
            folder, "storm", "failed", parents=("harbour",), refunded=Decimal("0.64"), attempts=2, error=ERROR,
            prompt="Clouds come in fast from the west. The harbour empties; one boat does not turn back.",
            submitted_at=after(50), completed_at=after(173), **lacking,
        ),
        shot(
            folder, "rescue", "not started", parents=("storm",), order="", attempts=0,
            prompt="The boat against the swell, the beam passing over it once, twice, and then holding.", **lacking,
        ),
        shot(
            folder, "stair", cost=Decimal("0.0455"), parents=("climb", "lamp"), camera=("Orbit Right",), moved=0.4,
            prompt="A bridge between the climb and the lamp room: the spiral stair from below, light falling down it.",
            submitted_at=after(131), completed_at=after(184), downloaded_at=after(188),
        ),
    )  # fmt: skip
    film = folder / "film.mp4"
    if not film.exists():
        film.write_bytes(b"not a real film")
    order = ("harbour", "climb", "stair", "lamp", "storm", "rescue")
    return RunRecord(
        title="The Keeper's Last Light",
        slug="last-light",
        run_id="amber-heron-7f3a",
        out=folder,
        started_at=START,
        finished_at=after(196),
        service="sandbox",
        billed=False,
        shots=shots,
        cuts=cuts_of(shots, order, slates=("storm", "rescue")),
        seams=(
            SeamRecord("harbour", "climb", True, 0.9934, 43.1),
            SeamRecord("climb", "stair", True, 0.9512, 27.8),
            SeamRecord("stair", "lamp", True, 0.8641, 17.2),
            SeamRecord("lamp", "storm", False, 0.412, 9.3),
        ),
        film=FilmRecord(
            path=film, frames=720, fps=Fraction(24), width=1280, height=720, bytes=11_830_000,
            sha256="c0ffee" + "0" * 58, has_audio=False, method="normalise",
            notes=("'climb' is 1920×1080: scaled to the film's 1280×720.",),
        ),
        budget=Decimal("5.00"),
        budgets=(BudgetRecord("production", Decimal("5.00"), Decimal("0.9055")),),
        production={"title": "The Keeper's Last Light", "scenes": [{"id": name} for name in order]},
        notes=("Two scenes stand as slates: --allow-missing was given.",),
    )  # fmt: skip


def cut_of(known: ShotRecord, at: int, *, frames: int = 120, slate: bool = False) -> FilmCut:
    """The place in the film of a scene of one shot, shown from its first frame on."""
    parts = () if slate or known.clip is None else (part_of(known, at, frames=frames),)
    return FilmCut(known.scene, (known.id,), at, frames, slate=slate, parts=parts)


def part_of(known: ShotRecord, at: int, *, start: int = 0, frames: int = 120, heard: Heard | None = None) -> FilmPart:
    """Frames of a shot's clip of 24 frames a second in the film."""
    assert known.clip is not None
    return FilmPart(
        shot=known.id, at=at, frames=frames, clip=known.clip, sha256=known.sha256 or "", clip_frames=known.frames,
        clip_fps=Fraction(24), start=start, length=frames, begins=Fraction(start, 24), heard=heard,
    )  # fmt: skip


def cuts_of(shots: Sequence[ShotRecord], order: Sequence[str], slates: Sequence[str] = ()) -> tuple[FilmCut, ...]:
    """Scenes of one shot each, of five seconds, in this order."""
    known = {shot.id: shot for shot in shots}
    return tuple(cut_of(known[name], 120 * n, slate=name in slates) for n, name in enumerate(order))


def large(folder: Path, count: int = 100, *, painted: bool = True) -> RunRecord:
    """Many shots in chains of five, with noisy frames that compress badly."""
    rng = np.random.default_rng(7)
    shots, seams = [], []
    for index in range(count):
        name = f"scene-{index + 1:03d}"
        frames = []
        for end in ("first", "last"):
            path = folder / "frames" / f"{name}-{end}.jpg"
            frames.append(path)
            if not painted:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            hue = np.array([128 + 100 * math.sin(index + turn) for turn in (0, 2, 4)])
            noise = rng.normal(0, 42, (180, 320, 1)) + hue
            Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).resize((640, 360)).save(path, quality=90)
        chained = index % 5 > 0
        start = (index % 5) * 40 + index % 7
        shots.append(
            ShotRecord(
                id=name, scene=name, outcome="new" if index % 3 else "reused", prompt=f"Shot {index + 1}. " * 12,
                model="ray-2", resolution="720p", aspect_ratio="16:9", seconds=Fraction(5),
                parents=(f"scene-{index:03d}",) if chained else (), order=f"{index:064x}", generation_id=f"gen-{index}",
                cost=Decimal("0.32") if index % 3 else Decimal(0), reused=Decimal(0) if index % 3 else Decimal("0.32"),
                price_table="luma-2025-11", submitted_at=after(start), completed_at=after(start + 36),
                downloaded_at=after(start + 39), clip=folder / f"{name}.mp4", frames=120, width=1280, height=720,
                first_frame=frames[0], last_frame=frames[1],
            )
        )  # fmt: skip
        if index:
            seams.append(SeamRecord(f"scene-{index:03d}", name, chained, 0.99 if chained else 0.4, 40.0))
    base = sample(folder)
    assert base.film is not None
    return replace(
        base,
        title="A hundred shots",
        shots=tuple(shots),
        seams=tuple(seams),
        cuts=cuts_of(shots, [s.id for s in shots]),
        film=replace(base.film, frames=120 * count),
        production={},
        finished_at=after(260),
    )


def finished(folder: Path) -> RunRecord:
    """The sample with more in it: a still to start from, a clip finished in two steps, two takes of one shot and
    three of another, a scene that is stale, and a scene that Ray 3 made."""
    base = sample(folder)
    harbour, lamp, climb, storm, rescue, stair = base.shots
    still = shot(
        folder, "harbour.still", "reused", scene="harbour", endpoint="image", model="photon-1", resolution="still",
        seconds=Fraction(0), frames=0, width=0, height=0, clip=None, first_frame=None, last_frame=None,
        still=paint(folder / "stills" / "keeper.jpg", "lamp", 0.9), sha256="cd" * 32, reused=Decimal("0.015"),
        prompt="The keeper on the quay. An old man with a lantern and a yellow coat.",
    )  # fmt: skip
    large = shot(
        folder, "climb.large", scene="climb", look="climb", moved=0.5, endpoint="upscale", finishes="climb", take=2,
        resolution="4k", width=3840, height=2160, cost=Decimal("0.71"), parents=("climb",), prompt=climb.prompt,
        submitted_at=after(136), completed_at=after(158), downloaded_at=after(163),
    )  # fmt: skip
    sounded = shot(
        folder, "climb.large.sound", scene="climb", look="climb", moved=0.5, endpoint="audio",
        finishes="climb.large", take=2, resolution="4k", width=3840, height=2160, cost=Decimal("0.10"),
        parents=("climb.large",), prompt="gulls and water, the keeper's breath",
        submitted_at=after(165), completed_at=after(178), downloaded_at=after(186),
    )  # fmt: skip
    ray_3 = replace(
        lamp, api="agents", model="ray-3", camera=("push_in",), prompt=f"{lamp.prompt} The camera pushes in slowly.",
        request={"prompt": lamp.prompt, "hdr": True},
    )  # fmt: skip
    shots = (
        still,
        replace(harbour, parents=("harbour.still",)),
        replace(ray_3, takes=takes_of(folder, ray_3, 3, used=1)),
        replace(climb, takes=takes_of(folder, climb, 2, used=2)),
        large,
        replace(sounded, takes=takes_of(folder, sounded, 2, used=2)),
        storm,
        rescue,
        replace(stair, outcome="reused", cost=Decimal(0), reused=Decimal("0.0455"),
                submitted_at=None, completed_at=None, downloaded_at=None,
                stale="what it was made from has another take now"),
    )  # fmt: skip
    cuts = tuple(cut_of(sounded, cut.start_frame) if cut.scene == "climb" else cut for cut in base.cuts)
    return replace(base, shots=shots, cuts=cuts)


def booking(number: int, known: ShotRecord, amount: Decimal, kind: EntryKind, *, realm: str = "sandbox") -> Booking:
    """The ledger's line for a shot."""
    return Booking(
        id=f"b00c-{number}", production="light", project="light", run="run-1", at=after(number), realm=realm,
        provider=known.api, kind=kind, amount=amount, scene=known.scene, shot=known.id, take=known.take,
        endpoint=known.endpoint, model=known.model, price_table=known.price_table, order=known.order,
        generation_id=known.generation_id,
    )  # fmt: skip


def with_bookings(record: RunRecord, *, realm: str = "sandbox") -> RunRecord:
    """The record with a booking for each purchase of the run, and one for each refund."""
    lines: list[Booking] = []
    for shot in record.shots:
        if shot.cost + shot.refunded:
            lines.append(booking(len(lines), shot, shot.cost + shot.refunded, "reserved", realm=realm))
        if shot.refunded:
            lines.append(booking(len(lines), shot, -shot.refunded, "failed", realm=realm))
    return replace(record, bookings=tuple(lines))


def takes_of(folder: Path, known: ShotRecord, count: int, *, used: int) -> tuple[TakeRecord, ...]:
    """This many takes of a shot, each at its own price; the one in use is the shot itself."""
    return tuple(
        TakeRecord(
            number, known.order, known.generation_id, known.cost or known.reused, True, known.clip, None,
            known.first_frame, known.last_frame,
        )
        if number == used
        else TakeRecord(
            number, hashlib.sha256(f"{known.id} {number}".encode()).hexdigest(), f"take-{number}-of-{known.id}",
            Decimal("0.30") + number, False, folder / f"{known.id}-{number}.mp4", None,
            paint(folder / "frames" / f"{known.id}-{number}-first.png", "stair", number / 4),
            paint(folder / "frames" / f"{known.id}-{number}-last.png", "stair", number / 4 + 0.4),
        )
        for number in range(1, count + 1)
    )  # fmt: skip

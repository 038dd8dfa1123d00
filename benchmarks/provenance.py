"""Time of signing a film: a film of 60 s, joined by copy of 12 clips, with and without a signature.

    python benchmarks/provenance.py [--clips 12]

Prints the seconds of joining, of joining and signing, and of verifying, on the clock and of a processor (which others
on the machine do not change), and the bytes that a signature adds. Signing is to take less than a second.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from studio.editing.assembly import Assembly, assemble
from studio.execution.provenance import FilmSigning
from studio.media import ffmpeg
from studio.media.clip import Clip, examine
from studio.planning import draw_plan
from studio.planning.plan import Plan
from studio.production import Production
from studio.provenance.certificates import trial_credential
from studio.provenance.reading import read
from studio.provenance.signing import GENERATED
from studio.providers.price_book import load_prices

MOST = 1.0  # seconds
SECONDS = 5


def clips_of(folder: Path, count: int) -> dict[str, Clip]:
    """Clips of 5 s at 720p, of about 6 Mbit/s."""
    found = {}
    for number in range(count):
        path = folder / f"s{number}.mp4"
        source = f"testsrc2=s=1280x720:r=24,noise=alls=12:allf=t:all_seed={number},format=yuv420p"
        stream = ffmpeg.ffmpeg.input(source, f="lavfi", t=SECONDS).output(
            f"file:{path}", vcodec="libx264", preset="ultrafast", video_bitrate="6M", g=48, f="mp4"
        )
        ffmpeg.run(stream)
        found[f"s{number}"] = examine(path)
    return found


def plan_of(names: list[str]) -> Plan:
    """The plan of a film of these clips."""
    scenes = [{"id": name, "prompt": f"what is seen in {name}"} for name in names]
    written = Production.model_validate({"title": "A film", "model": "ray-flash-2", "scenes": scenes})
    return draw_plan(written, prices=load_prices(), images={}, realm="luma")


def timed(work: Callable[[], Assembly]) -> tuple[float, float, Assembly]:
    """The seconds that work takes on the clock, and of a processor in this process; and what it makes."""
    began, used = time.perf_counter(), time.process_time()
    made = work()
    return time.perf_counter() - began, time.process_time() - used, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=12)
    count = parser.parse_args().clips
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = clips_of(folder, count)
        drawn = plan_of(list(clips))
        facts = {
            name: {
                "model": "ray-flash-2", "generation_id": f"gen-{name}", "digital_source_type": GENERATED,
                "prompt_sha256": hashlib.sha256(name.encode()).hexdigest(),
            }
            for name in clips
        }  # fmt: skip
        finish = FilmSigning(trial_credential(folder), "A film", facts, {})
        plain, signed, films = [], [], []
        for number in range(3):
            for took, with_signature in ((plain, None), (signed, finish)):
                out = folder / f"{number}-{'signed' if with_signature else 'plain'}" / "film.mp4"
                seconds, used, made = timed(
                    lambda out=out, with_signature=with_signature: assemble(
                        drawn, clips, out, pieces=folder / "pieces", finish=with_signature
                    )
                )
                took.append((seconds, used))
                films.append(made.film)
        began = time.perf_counter()
        found = read(films[-1].path)
        verified = time.perf_counter() - began
        assert found is not None
        assert (found.state, len(found.ingredients)) == ("valid", count)
        (wall, used), (wall_signed, used_signed) = (
            [min(of) for of in zip(*took, strict=True)] for took in (plain, signed)
        )
        added, processor = wall_signed - wall, used_signed - used
        print(f"{count} clips, {films[0].bytes / 1e6:.1f} MB, joined by {films[0].method}")
        print(f"joined {wall:.2f} s; joined and signed {wall_signed:.2f} s; signing takes {added:.2f} s")
        print(f"of a processor, signing takes {processor:.2f} s")
        print(f"verified in {verified:.2f} s; the signature has {films[-1].bytes - films[-2].bytes:,} bytes")
        if processor > MOST:
            raise SystemExit(f"signing took more than {MOST:g} s")


if __name__ == "__main__":
    main()

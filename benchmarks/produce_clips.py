"""Clips for the benchmark ``produce.py``, rendered once: one picture that moves on from clip to clip.

Each is what the service makes at 540p: 960×540, 24 frames a second, 5 s, H.264, without sound, about a megabyte.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from studio.media.ffmpeg import binary

CLIPS, FRAMES, SIZE = 12, 120, "960x540"


def render(folder: Path) -> None:
    """Render those clips and their first frames that are not in the folder yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(CLIPS):
        clip, poster = folder / f"{number:02d}.mp4", folder / f"{number:02d}.jpg"
        if poster.exists():
            continue
        first = number * FRAMES
        picture = (
            f"testsrc2=s={SIZE}:r=24,trim=start_frame={first}:end_frame={first + FRAMES},setpts=PTS-STARTPTS,"
            "noise=alls=6:allf=t,format=yuv420p"
        )
        encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-movflags", "+faststart"]
        subprocess.run([binary(), "-v", "error", "-y", "-f", "lavfi", "-i", picture, *encode, clip], check=True)
        subprocess.run([binary(), "-v", "error", "-y", "-i", clip, "-frames:v", "1", poster], check=True)

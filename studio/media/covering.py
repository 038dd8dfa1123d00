"""Covering of a film's frames: a picture that lies over them for a while, and the fades from and to black."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import ffmpeg as build

from studio.media.encoding import rate_text
from studio.media.segments import Body, Overlay, Target


def covered(picture: Any, body: Body, target: Target, queue: int | None) -> Any:
    """The frames of a body with what lies over them. ``queue``: of its input, by which ffmpeg-python tells two inputs
    of one file apart."""
    over = _over(body)
    if over is not None:
        picture = build.filter(
            [_counted(picture, target.fps), _laid(over, body, target, queue)], "overlay", x=over.x, y=over.y,
            eof_action="pass", format="yuv420",
        )  # fmt: skip
    comes, goes = _fades(body, target)
    if comes:
        picture = picture.filter("fade", type="in", start_frame=0, nb_frames=comes)
    # The last frame is black, as the first one of the film that comes out of it.
    if goes > 1:
        picture = picture.filter("fade", type="out", start_frame=body.frames - goes, nb_frames=goes - 1)
    elif goes:
        picture = picture.filter("drawbox", color="black", t="fill", enable=f"gte(n,{body.frames - 1})")
    return picture


def covering(body: Body, target: Target) -> list[Any]:
    """The values that decide how a body is covered, for the name of its piece; empty where it is not."""
    over, (comes, goes) = _over(body), _fades(body, target)
    told: list[Any] = []
    if over is not None:
        told += ["over", over.sha256, over.x, over.y, over.start - body.start, over.frames, over.fade]
    if comes or goes:
        told += ["fades", comes, goes]
    return told


def _over(body: Body) -> Overlay | None:
    """The picture over a body; None where it is not seen in its frames."""
    over = body.segment.over
    if over is None or over.start >= body.start + body.frames or over.start + over.frames <= body.start:
        return None
    return over


def _fades(body: Body, target: Target) -> tuple[int, int]:
    """Frames of a body in which it comes out of black, and goes to it."""
    segment = body.segment
    ends = segment.fade_out and body.start + body.frames == target.frames(segment)
    return (0 if body.start else segment.fade_in), (segment.fade_out if ends else 0)


def _laid(over: Overlay, body: Body, target: Target, queue: int | None) -> Any:
    """The picture as a stream with alpha, as long as the body, seen in its frames alone."""
    begins = over.start - body.start
    skipped = max(0, -begins)  # frames of it before the body
    first = max(0, begins)
    options: dict[str, Any] = {} if queue is None else {"thread_queue_size": queue + 1}
    source = build.input(
        f"file:{over.path.absolute()}", f="image2", pattern_type="none", framerate=rate_text(target.fps), **options
    )
    still = source.filter(
        "scale", out_color_matrix=target.colors.values, out_range="tv", flags="accurate_rnd+full_chroma_int"
    ).filter("format", "yuva420p")
    stream = _counted(still.filter("loop", loop=-1, size=1), target.fps)
    if over.fade:
        stream = stream.filter("fade", type="in", start_frame=first, nb_frames=over.fade, alpha=1).filter(
            "fade", type="out", start_frame=first + over.frames - over.fade, nb_frames=over.fade, alpha=1
        )
    end = skipped + body.frames
    return _counted(stream.filter("trim", start_frame=skipped, end_frame=end), target.fps)


def _counted(picture: Any, fps: Fraction) -> Any:
    """The picture with frame n at exactly n ticks, so that two streams meet frame by frame."""
    return picture.filter("settb", f"{fps.denominator}/{fps.numerator}").filter("setpts", "N")

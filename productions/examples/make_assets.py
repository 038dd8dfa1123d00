"""Paints what the examples start from: pictures of Maya, and footage and five clips of a harbour.

    python productions/examples/make_assets.py

The files are part of the project; this script is how they came to be, so that no right of anybody else is in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import sin, tau
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HERE = Path(__file__).parent
SIZE = (960, 540)  # of the footage, at 24 frames per second
FRAMES = 120
SKIN, HAIR, SCARF, COAT = (222, 178, 150), (62, 40, 34), (196, 40, 44), (38, 62, 92)


def gradient(size: tuple[int, int], top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    """A sky: one colour above, another below."""
    share = np.linspace(0, 1, size[1])[:, None, None]
    rows = np.array(top) * (1 - share) + np.array(bottom) * share
    return Image.fromarray(np.broadcast_to(rows, (size[1], size[0], 3)).round().astype("uint8"))


def face() -> Image.Image:
    """Maya from the front, with her red scarf."""
    picture = gradient((1080, 1080), (206, 214, 220), (170, 182, 190))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((300, 170, 780, 760), fill=HAIR)  # hair behind her face
    draw.rectangle((300, 460, 780, 800), fill=HAIR)
    draw.polygon([(140, 1080), (330, 830), (750, 830), (940, 1080)], fill=COAT)
    draw.ellipse((370, 260, 710, 720), fill=SKIN)
    draw.pieslice((352, 215, 728, 560), 180, 360, fill=HAIR)
    draw.rounded_rectangle((372, 360, 420, 560), 20, fill=HAIR)
    for x in (470, 610):
        draw.ellipse((x - 30, 455, x + 30, 490), fill=(250, 250, 250))
        draw.ellipse((x - 14, 458, x + 14, 488), fill=(70, 96, 80))
        draw.arc((x - 46, 415, x + 46, 475), 200, 340, fill=HAIR, width=10)
    draw.arc((515, 500, 565, 590), 30, 150, fill=(180, 130, 108), width=7)
    draw.arc((470, 560, 610, 650), 25, 155, fill=(160, 60, 62), width=11)
    draw.rounded_rectangle((350, 715, 730, 850), 60, fill=SCARF)
    draw.polygon([(560, 800), (690, 800), (740, 1080), (610, 1080)], fill=(170, 32, 38))
    return picture.filter(ImageFilter.GaussianBlur(2))


def figure() -> Image.Image:
    """Maya at full length in her blue coat."""
    picture = gradient((1080, 1080), (206, 214, 220), (170, 182, 190))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 940, 1080, 1080), fill=(140, 146, 148))
    for x in (480, 560):
        draw.rounded_rectangle((x, 700, x + 52, 980), 16, fill=(46, 44, 52))
        draw.rounded_rectangle((x - 18, 950, x + 60, 990), 16, fill=(74, 46, 34))
    draw.polygon([(450, 330), (640, 330), (710, 780), (390, 780)], fill=COAT)
    for side in (-1, 1):
        draw.line([(545 + side * 85, 350), (545 + side * 140, 640)], fill=(32, 54, 82), width=52)
        draw.ellipse((520 + side * 145, 620, 572 + side * 145, 672), fill=SKIN)
    draw.ellipse((462, 130, 628, 330), fill=HAIR)
    draw.ellipse((486, 165, 604, 320), fill=SKIN)
    draw.pieslice((478, 148, 612, 270), 180, 360, fill=HAIR)
    draw.rounded_rectangle((478, 300, 612, 362), 28, fill=SCARF)
    draw.polygon([(560, 340), (606, 340), (626, 520), (580, 520)], fill=(170, 32, 38))
    return picture.filter(ImageFilter.GaussianBlur(2))


def harbour(number: int) -> Image.Image:
    """One frame of the footage: a boat crosses the bay from the left to the right."""
    share = number / (FRAMES - 1)
    picture = gradient(SIZE, (86, 132, 176), (238, 206, 170))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((690, 150, 780, 240), fill=(252, 226, 176))
    draw.polygon([(0, 300), (150, 230), (330, 285), (520, 250), (700, 300), (960, 270), (960, 340), (0, 340)],
                 fill=(92, 110, 126))  # fmt: skip
    draw.rectangle((0, 320, *SIZE), fill=(56, 98, 122))
    for row in range(8):
        y = 335 + row * 26
        for x in range(-80, SIZE[0] + 80, 160):
            drift = (x + row * 47 + share * 90 * (1 + row / 8)) % (SIZE[0] + 160) - 80
            draw.line([(drift, y), (drift + 40 + row * 6, y)], fill=(96, 140, 160), width=2 + row // 3)
    x, y = 120 + share * 640, 388 + 7 * sin(tau * share * 3)
    draw.polygon([(x - 70, y), (x + 70, y), (x + 46, y + 34), (x - 50, y + 34)], fill=(150, 44, 40))
    draw.line([(x, y), (x, y - 130)], fill=(70, 52, 40), width=6)
    draw.polygon([(x + 8, y - 126), (x + 8, y - 14), (x + 74, y - 14)], fill=(244, 238, 226))
    draw.polygon([(x - 8, y - 110), (x - 8, y - 14), (x - 54, y - 14)], fill=(226, 218, 204))
    draw.rectangle((0, 470, 270, 540), fill=(84, 66, 52))  # the pier
    for post in range(20, 270, 60):
        draw.rectangle((post, 440, post + 14, 540), fill=(66, 50, 40))
    return picture


@dataclass(frozen=True)
class View:
    """A clip of the harbour: the part that is seen (left, top, right, bottom), its colour and how much of that, and the
    first frame."""

    part: tuple[int, int, int, int] = (0, 0, *SIZE)
    tint: tuple[int, int, int] = (0, 0, 0)
    share: float = 0.0
    first: int = 0
    mirrored: bool = False
    sound: bool = False


#: The clips of `mixed.yaml`: finished films of three seconds, one with sound.
VIEWS = {
    "dawn": View(tint=(250, 176, 150), share=0.35),
    "pier": View(part=(0, 270, 480, 540), first=20),
    "boat": View(part=(300, 200, 780, 470), first=48, sound=True),
    "sun": View(part=(480, 90, 960, 360), tint=(255, 214, 120), share=0.2),
    "night": View(tint=(16, 26, 60), share=0.62, first=30, mirrored=True),
}
SECONDS, RATE = 3, 48_000  # of the clips; samples a second
BT709, VIDEO_RANGE = 1, 1  # by their numbers in the standard


def seen(view: View, number: int) -> Image.Image:
    """One frame of a clip."""
    picture = harbour(view.first + number).resize(SIZE, Image.Resampling.LANCZOS, box=view.part)
    if view.mirrored:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Image.blend(picture, Image.new("RGB", SIZE, view.tint), view.share)


def waves() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Three seconds of a calm sea: soft noise that swells and falls. Shape (1, samples)."""
    noise = np.random.default_rng(7).standard_normal(SECONDS * RATE)
    soft = np.convolve(noise, np.hanning(96), "same")
    swell = 0.55 + 0.45 * np.sin(tau * np.arange(soft.size) / soft.size * 2)
    return (0.2 * soft / np.abs(soft).max() * swell)[None].astype("float32")


def film(place: Path, pictures: Iterable[Image.Image], *, tagged: bool = True, sound: bool = False) -> None:
    """Pictures as an MP4, with the sound of waves if wanted. ``tagged``: it says that its colours are BT.709."""
    with av.open(str(place), "w", options={"movflags": "+faststart"}) as out:
        stream = out.add_stream("libx264", rate=24, options={"crf": "27", "preset": "slow"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, 24)
        if tagged:
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = BT709
            context.color_range = VIDEO_RANGE
        heard = out.add_stream("aac", rate=RATE, layout="mono", bit_rate=64_000) if sound else None
        for picture in pictures:
            frame = av.VideoFrame.from_image(picture)
            if tagged:
                frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if heard is not None:
            samples = av.AudioFrame.from_ndarray(waves(), format="fltp", layout="mono")
            samples.sample_rate = RATE
            out.mux(heard.encode(samples))
            out.mux(heard.encode())


if __name__ == "__main__":
    face().save(HERE / "maya-face.jpg", quality=82)
    figure().save(HERE / "maya-coat.jpg", quality=82)
    film(HERE / "harbour.mp4", map(harbour, range(FRAMES)), tagged=False)
    for name, view in VIEWS.items():
        pictures = (seen(view, number) for number in range(24 * SECONDS))
        film(HERE / f"harbour-{name}.mp4", pictures, sound=view.sound)

"""The presets of deliveries: how each is encoded, and what the file must be when it is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import ffmpeg as build

from studio.delivery.values import Master
from studio.errors import MediaError, SettingsError
from studio.media import ffmpeg
from studio.media.encoding import rate_text, timescale
from studio.media.form import FULL, UNSPECIFIED
from studio.media.sound import RATE

VERSION = 1  # of all presets: a change means that every delivery is made again
LIMITED = 1  # the range of video values
HDR = {16: "PQ", 18: "HLG"}  # transfers of high dynamic range, by their numbers in the standard
PREVIEW_FPS = Fraction(25, 2)  # 80 ms a frame, which GIF counts exactly
PREVIEW_SECONDS = 6
PREVIEW_BYTES = 6_000_000  # at most, as a rule
PREVIEW_SIDE = 480  # pixels of the longer side of a preview
SMALLEST_DNXHR = (256, 120)
Sound = Literal["", "aac", "pcm_s24le"]


@dataclass(frozen=True)
class Form:
    """The form of a delivery: what the file must be when it is measured.

    A `profile` or `tag` that is empty is not asked of it, and nothing is asked of `colors` that are unspecified (2).
    """

    preset: str
    container: str
    codec: str
    profile: str
    tag: str
    pix_fmt: str
    width: int
    height: int
    fps: Fraction
    frames: int
    colors: tuple[int, int, int, int]
    sound: Sound

    @property
    def suffix(self) -> str:
        """The ending of its file's name."""
        return f".{self.container}"

    @property
    def duration(self) -> Fraction:
        """Its length in seconds."""
        return Fraction(self.frames) / self.fps


@dataclass(frozen=True)
class _Recipe:
    """A preset: its encoder, and how its form and its encoder's options are chosen for a film."""

    encoder: str
    container: str
    codec: str
    sound: Sound
    form: Callable[[Master], tuple[str, str, str]]  # profile, tag, pix_fmt
    options: Callable[[Master], Mapping[str, Any]]
    bits: Fraction  # per pixel of a frame, about; 0: of a preview
    hdr: bool = True


def encoder_of(preset: str) -> str:
    """The encoder of ffmpeg that a preset needs."""
    return _RECIPES[preset].encoder


def bits_of(preset: str) -> Fraction:
    """The bits of a pixel of a frame, about; 0 for a preview, whose size hardly depends on the film's."""
    return _RECIPES[preset].bits


def suffix_of(preset: str) -> str:
    """The ending of the names of a preset's files."""
    return f".{_RECIPES[preset].container}"


def check_encoders(presets: Sequence[str]) -> None:
    """Check that the ffmpeg in use can encode these presets. Raises SettingsError. Blocks."""
    missing = [preset for preset in presets if encoder_of(preset) not in ffmpeg.encoders()]
    if missing:
        raise SettingsError(
            f"{ffmpeg.binary()} has no {encoder_of(missing[0])}, which it is encoded with",
            where=f"delivery '{missing[0]}'",
            hint=f"leave {' and '.join(missing)} out, or use a full ffmpeg ({ffmpeg.NEWER}); nothing was ordered",
        )


def form_of(preset: str, master: Master) -> Form:
    """The form that a film gets by a preset. Raises MediaError for a film that the preset has no form for."""
    recipe = _RECIPES[preset]
    profile, tag, pix_fmt = recipe.form(master)
    if master.colors[2] in HDR and not recipe.hdr:
        able = [name for name, other in _RECIPES.items() if other.hdr]
        raise MediaError(
            f"the film is in high dynamic range ({HDR[master.colors[2]]}), which {preset} does not show",
            hint=f"ask for {', '.join(able[:-1])} or {able[-1]}",
        )
    width, height = master.width + master.width % 2, master.height + master.height % 2
    fps, frames = master.fps, master.frames
    colors = (LIMITED, *master.colors[1:])
    if recipe.container in PREVIEWS:
        scale = min(Fraction(1), Fraction(PREVIEW_SIDE, max(master.width, master.height)))
        width, height = (max(2, round(side * scale / 2) * 2) for side in (master.width, master.height))
        fps = PREVIEW_FPS
        frames = max(1, round(min(master.duration, Fraction(PREVIEW_SECONDS)) * fps))
        colors = (0, UNSPECIFIED, UNSPECIFIED, UNSPECIFIED)
    if preset == "dnxhr" and (width < SMALLEST_DNXHR[0] or height < SMALLEST_DNXHR[1]):
        raise MediaError(
            f"the film has {width}×{height} pixels, and DNxHR begins at {SMALLEST_DNXHR[0]}×{SMALLEST_DNXHR[1]}",
            hint="ask for prores",
        )
    sound: Sound = recipe.sound if master.has_audio else ""
    return Form(
        preset, recipe.container, recipe.codec, profile, tag, pix_fmt, width, height, fps, frames, colors, sound
    )


def has_captions(preset: str) -> bool:
    """True for a preset whose pictures have the film's captions drawn into them."""
    return preset == CAPTIONED


def encoding(form: Form, master: Master, out: str, over: tuple[Any, int] | None = None) -> Any:
    """The ffmpeg-python output stream by which a film gets a form; ``out`` is the file. ``over``: the input that is
    laid over its pictures, and how far down."""
    recipe = _RECIPES[form.preset]
    source = ffmpeg.clip_input(master.path)
    picture = _preview(source["v:0"], form) if form.container in PREVIEWS else _whole(source["v:0"], form, master, over)
    options: dict[str, Any] = {"f": form.container, "vcodec": recipe.encoder, **recipe.options(master)}
    options |= {"fflags": "+bitexact"}
    if form.container in PREVIEWS:
        return picture.output(out, an=None, map_metadata=-1, **options)
    options |= {"r": rate_text(form.fps), "pix_fmt": form.pix_fmt, "video_track_timescale": timescale(form.fps)}
    options |= {"movflags": "+faststart"} if form.container == "mp4" else {}
    names = ("color_range", "color_primaries", "color_trc", "colorspace")
    options |= {name: n for name, n in zip(names, form.colors, strict=True) if n != UNSPECIFIED}
    texts = [] if over is not None else [source["s?"]]  # soft captions; chapters and title come by themselves
    options["scodec"] = "copy"
    if not form.sound:
        return build.output(picture, *texts, out, an=None, **options)
    length = f"{float(form.duration):.6f}"
    sound = source["a:0"].filter("atrim", end=length).filter("apad", whole_dur=length)
    options |= {"acodec": form.sound, "ar": RATE} | ({"audio_bitrate": "192k"} if form.sound == "aac" else {})
    return build.output(picture, sound, *texts, out, **options)


def _whole(picture: Any, form: Form, master: Master, over: tuple[Any, int] | None) -> Any:
    """Every frame of the film, in the values and the size that the form asks for."""
    if master.colors[0] == FULL:
        picture = picture.filter("scale", in_range="pc", out_range="tv")
    if (form.width, form.height) != (master.width, master.height):
        picture = picture.filter("pad", form.width, form.height, 0, 0, "black")
    if over is not None:
        pictures, down = over
        picture = picture.overlay(pictures["v:0"], x=0, y=down, eof_action="repeat")
    tags = ("range", "color_primaries", "color_trc", "colorspace")
    told = {name: n for name, n in zip(tags, form.colors, strict=True) if n != UNSPECIFIED}
    return (
        picture.filter("format", form.pix_fmt)
        .filter("setparams", **told)
        .filter("settb", f"{form.fps.denominator}/{form.fps.numerator}")
        .filter("setpts", "N")
    )


def _preview(picture: Any, form: Form) -> Any:
    """The first seconds of the film, small and at a lower rate; for GIF in a palette of their own."""
    small = (
        picture.filter("fps", fps=rate_text(form.fps), round="near")
        .filter("tpad", stop=2, stop_mode="clone")
        .filter("trim", end_frame=form.frames)
        .filter("scale", form.width, form.height, flags="lanczos")
        .filter("setsar", 1)
    )
    if form.container != "gif":
        return small.filter("format", form.pix_fmt)
    split = small.split()
    palette = split[0].filter("palettegen", stats_mode="diff")
    return build.filter([split[1], palette], "paletteuse", dither="bayer", bayer_scale=4, diff_mode="rectangle")


def _group(master: Master) -> int:
    """Frames from one keyframe to the next: two seconds."""
    return round(2 * master.fps)


def _depth(master: Master, eight: str, ten: str) -> str:
    return eight if master.depth <= 8 else ten


PREVIEWS = ("gif", "webp")
CAPTIONED = "web-captioned"
_WEB = _Recipe(
    "libx264", "mp4", "h264", "aac", lambda film: ("High", "avc1", "yuv420p"),
    lambda film: {"profile:v": "high", "preset": "medium", "crf": 20, "bf": 2, "g": _group(film)}, Fraction(1, 4),
    hdr=False,
)  # fmt: skip
_RECIPES: Mapping[str, _Recipe] = {
    "web": _WEB,
    CAPTIONED: _WEB,
    "hevc": _Recipe(
        "libx265", "mp4", "hevc", "aac",
        lambda film: (_depth(film, "Main", "Main 10"), "hvc1", _depth(film, "yuv420p", "yuv420p10le")),
        lambda film: {"preset": "medium", "crf": 22, "g": _group(film), "tag:v": "hvc1", "x265-params": "log-level=1"},
        Fraction(1, 5),
    ),
    "av1": _Recipe(
        "libsvtav1", "mp4", "av1", "aac", lambda film: ("Main", "av01", _depth(film, "yuv420p", "yuv420p10le")),
        lambda film: {"preset": 8, "crf": 28, "g": _group(film)}, Fraction(1, 5),
    ),
    "prores": _Recipe(
        "prores_ks", "mov", "prores", "pcm_s24le", lambda film: ("HQ", "apch", "yuv422p10le"),
        lambda film: {"profile:v": "hq", "vendor": "apl0"}, Fraction(9, 2),
    ),
    "dnxhr": _Recipe(
        "dnxhd", "mov", "dnxhd", "pcm_s24le",
        lambda film: (_depth(film, "DNXHR HQ", "DNXHR HQX"), "AVdh", _depth(film, "yuv422p", "yuv422p10le")),
        lambda film: {"profile:v": _depth(film, "dnxhr_hq", "dnxhr_hqx")}, Fraction(4),
    ),
    "gif": _Recipe(
        "gif", "gif", "gif", "", lambda film: ("", "", ""), lambda film: {"loop": 0}, Fraction(0), hdr=False,
    ),
    "webp": _Recipe(
        "libwebp_anim", "webp", "webp", "", lambda film: ("", "", "bgra"),
        lambda film: {"loop": 0, "quality": 75, "compression_level": 4}, Fraction(0), hdr=False,
    ),
}  # fmt: skip

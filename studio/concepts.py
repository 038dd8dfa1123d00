"""Camera concepts: Luma's 34 keys, the plain words people use for them, and the mission's prompt hints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

CONCEPTS: tuple[str, ...] = (
    "aerial", "aerial_drone", "bolt_cam", "crane_down", "crane_up", "dolly_zoom", "elevator_doors", "eye_level",
    "ground_level", "handheld", "high_angle", "low_angle", "orbit_left", "orbit_right", "over_the_shoulder", "overhead",
    "pan_left", "pan_right", "pedestal_down", "pedestal_up", "pov", "pull_out", "push_in", "roll_left", "roll_right",
    "selfie", "static", "tilt_down", "tilt_up", "tiny_planet", "truck_left", "truck_right", "zoom_in", "zoom_out",
)  # fmt: skip

#: Words for ``camera:``. An exact key always wins over a word, so ``zoom_in`` stays ``zoom_in`` there.
CAMERA_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "slow_motion": "bolt_cam",
        "bullet_time": "bolt_cam",
        "vertigo": "dolly_zoom",
        "zoom": "zoom_in",
        "orbit": "orbit_right",
        "arc": "orbit_right",
        "pan": "pan_right",
        "tilt": "tilt_up",
        "roll": "roll_right",
        "tracking": "truck_right",
        "tracking_shot": "truck_right",
        "truck": "truck_right",
        "follow": "truck_right",
        "dolly": "push_in",
        "dolly_in": "push_in",
        "push": "push_in",
        "dolly_out": "pull_out",
        "pull": "pull_out",
        "pull_back": "pull_out",
        "crane": "crane_up",
        "pedestal": "pedestal_up",
        "boom_up": "crane_up",
        "boom_down": "crane_down",
        "drone": "aerial_drone",
        "drone_shot": "aerial_drone",
        "aerial_shot": "aerial",
        "top_down": "overhead",
        "birds_eye": "overhead",
        "bird_s_eye": "overhead",
        "worms_eye": "ground_level",
        "hand_held": "handheld",
        "shaky": "handheld",
        "first_person": "pov",
        "point_of_view": "pov",
        "fixed": "static",
        "still": "static",
        "locked": "static",
        "tripod": "static",
    }
)

#: The mission's ``CAMERA_MOTION_MAP`` for ``prompt_hints:``. Here it wins over the keys; its three concepts that do
#: not exist (orbit, tracking_shot, drone_shot) become the nearest ones that do.
HINT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "slow_motion": "bolt_cam",
        "orbit": "orbit_right",
        "zoom_in": "dolly_zoom",
        "pan_left": "pan_left",
        "pan_right": "pan_right",
        "tracking": "truck_right",
        "tracking_shot": "truck_right",
        "aerial": "aerial_drone",
        "drone_shot": "aerial_drone",
    }
)


def camera_key(word: str) -> str | None:
    """The concept that a word under ``camera:`` means: an exact key, then a plain word; None if neither."""
    name = _plain(word)
    return name if name in CONCEPTS else CAMERA_WORDS.get(name)


def hint_key(hint: str) -> str | None:
    """The concept that a prompt hint means: the mission's map, then an exact key; None if it is words to add."""
    name = _plain(hint)
    return HINT_WORDS.get(name) or (name if name in CONCEPTS else None)


def nearest_camera(word: str) -> str | None:
    """The key or plain word that an unknown one was probably meant to be."""
    return next(iter(get_close_matches(_plain(word), [*CONCEPTS, *CAMERA_WORDS], n=1, cutoff=0.5)), None)


def resolve(camera: Iterable[str], hints: Iterable[str] = ()) -> tuple[str, ...]:
    """All concepts of a scene, each once, in the order written: ``camera`` first, then what the hints mean."""
    keys = [*map(camera_key, camera), *map(hint_key, hints)]
    return tuple(dict.fromkeys(key for key in keys if key))


def _plain(word: str) -> str:
    """``Zoom-In`` and ``zoom in`` are ``zoom_in``."""
    return "_".join(word.lower().replace("-", " ").replace("_", " ").replace("'", " ").split())

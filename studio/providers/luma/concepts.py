"""Camera concepts: Luma's 34 keys, the plain words people use for them, and the words for prompt hints.

ray-2 takes the keys themselves. Ray 3 has no such parameter: there each is a phrase in the prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from studio.spelling import nearest

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

#: Words for ``prompt_hints:``, the specification's ``CAMERA_MOTION_MAP``. Here a word wins over a key; the map's three
#: concepts that do not exist (orbit, tracking_shot, drone_shot) become the nearest ones that do.
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

#: Phrases on the camera for Ray 3's prompt, each a clause that can be joined with others.
PHRASES: Mapping[str, str] = MappingProxyType(
    {
        "aerial": "the camera looks at the scene from high in the air",
        "aerial_drone": "the camera flies over the scene like a drone",
        "bolt_cam": "the camera sweeps past at high speed, in slow motion",
        "crane_down": "the camera cranes down",
        "crane_up": "the camera cranes up",
        "dolly_zoom": "the camera makes a dolly zoom towards the subject",
        "elevator_doors": "the view opens as a pair of elevator doors that slide apart",
        "eye_level": "the camera is at eye level",
        "ground_level": "the camera is at ground level",
        "handheld": "the camera is handheld, with slight natural shake",
        "high_angle": "the camera looks down from a high angle",
        "low_angle": "the camera looks up from a low angle",
        "orbit_left": "the camera orbits the subject to the left",
        "orbit_right": "the camera orbits the subject to the right",
        "over_the_shoulder": "the camera looks over a shoulder",
        "overhead": "the camera looks straight down from overhead",
        "pan_left": "the camera pans left",
        "pan_right": "the camera pans right",
        "pedestal_down": "the camera moves straight down, kept level",
        "pedestal_up": "the camera moves straight up, kept level",
        "pov": "the camera sees through the subject's own eyes",
        "pull_out": "the camera pulls out slowly",
        "push_in": "the camera pushes in slowly",
        "roll_left": "the camera rolls to the left",
        "roll_right": "the camera rolls to the right",
        "selfie": "the subject holds the camera at arm's length, for a selfie",
        "static": "the camera is static on a tripod",
        "tilt_down": "the camera tilts down",
        "tilt_up": "the camera tilts up",
        "tiny_planet": "the scene is wrapped into a tiny planet seen from above",
        "truck_left": "the camera trucks left, past the subject",
        "truck_right": "the camera trucks right, past the subject",
        "zoom_in": "the lens zooms in",
        "zoom_out": "the lens zooms out",
    }
)


def phrase(key: str) -> str:
    """The phrase on the camera for a prompt: ``push_in`` is "the camera pushes in slowly"."""
    return PHRASES[key]


def sentence(keys: Iterable[str]) -> str:
    """The phrases of all keys as one sentence; empty without keys."""
    text = ", and ".join(phrase(key) for key in dict.fromkeys(keys))
    return f"{text[0].upper()}{text[1:]}." if text else ""


def in_words(prompt: str, keys: Iterable[str]) -> str:
    """The prompt with a sentence on the camera added; unchanged without keys."""
    told = sentence(keys)
    if not told:
        return prompt
    start = prompt.rstrip()
    if not start:
        return told
    return f"{start} {told}" if start.endswith((".", "!", "?", "…", ":", "。")) else f"{start}. {told}"


def words_for(key: str) -> tuple[str, ...]:
    """The plain words that ``camera`` takes for a key, as people write them."""
    return tuple(word.replace("_s_", "'s ").replace("_", " ") for word, meant in CAMERA_WORDS.items() if meant == key)


def camera_key(word: str) -> str | None:
    """The concept that a word under ``camera:`` means: an exact key, then a plain word; None if neither."""
    name = _plain(word)
    return name if name in CONCEPTS else CAMERA_WORDS.get(name)


def hint_key(hint: str) -> str | None:
    """The concept that a prompt hint means: by ``HINT_WORDS``, then an exact key; None if it is text to add."""
    name = _plain(hint)
    return HINT_WORDS.get(name) or (name if name in CONCEPTS else None)


def nearest_camera(word: str) -> str | None:
    """The key or plain word of which an unknown one is a misspelling; None where it is none."""
    return nearest(word, [*CONCEPTS, *CAMERA_WORDS], parts=False) or None


def resolve(camera: Iterable[str], hints: Iterable[str] = ()) -> tuple[str, ...]:
    """All concepts of a scene, each once, in the order written: ``camera`` first, then what the hints mean."""
    keys = [*map(camera_key, camera), *map(hint_key, hints)]
    return tuple(dict.fromkeys(key for key in keys if key))


def _plain(word: str) -> str:
    """A word in the form of a key: ``Zoom-In`` and ``zoom in`` are ``zoom_in``."""
    return "_".join(word.lower().replace("-", " ").replace("_", " ").replace("'", " ").split())

"""The prompt of a scene as it is sent: its own text, then hints, the camera in free words, and the style."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from studio.production.field_types import PROMPT_MAX, PROMPT_MIN, counted, shown
from studio.production.locations import Finding, Loc
from studio.providers.luma.concepts import camera_key, hint_key, nearest_camera

if TYPE_CHECKING:
    from studio.production.scene import Scene

_ENDS = (".", "!", "?", "…")
SHORTEST_WORDS = 3


def prompt_of(scene: Scene) -> str:
    """The prompt as it is sent: as if all that is added to it were written at its end. Empty without a prompt."""
    if not scene.prompt:
        return ""
    return joined(joined(scene.prompt, (*hints_in_words(scene), *camera_in_words(scene))), [scene.style])


def joined(prompt: str, words: Iterable[str]) -> str:
    """A prompt with words behind it: after a comma, or after a space where a sentence ends."""
    text = ", ".join(filter(None, words))
    return f"{prompt}{' ' if prompt.endswith(_ENDS) else ', '}{text}" if text else prompt


def hints_in_words(scene: Scene) -> tuple[str, ...]:
    """The hints that are no camera concepts."""
    return tuple(hint for hint in scene.prompt_hints if hint_key(hint) is None)


def camera_in_words(scene: Scene) -> tuple[str, ...]:
    """The words of ``camera`` which no concept means: it is told in the prompt."""
    return tuple(word for word in scene.camera if camera_key(word) is None)


def prompt_length(scene: Scene) -> Iterator[Finding]:
    """Checks of a prompt's length, with all that is added to it."""
    whole, own = prompt_of(scene), len(scene.prompt)
    if not own:
        if scene.clip is None and scene.generation is None:
            yield Finding((), "'prompt' is missing", "add it")
    elif own < PROMPT_MIN:
        yield Finding(("prompt",), f"has {counted(own, 'character')}", f"write at least {PROMPT_MIN}")
    elif len(whole) > PROMPT_MAX:
        added = {"prompt_hints": hints_in_words(scene), "camera": camera_in_words(scene), "style": scene.style}
        names = " and ".join(name for name, words in added.items() if words)
        more = f", {len(whole) - own} of them from {names}" if names else ""
        over = f"shorten it by {len(whole) - PROMPT_MAX}; nothing is cut silently"
        yield Finding(("prompt",), f"has {len(whole)} characters{more}, and {PROMPT_MAX} are the most", over)


def camera_slips(scene: Scene) -> Iterator[Finding]:
    """Checks of ``camera``: a word that is nearly a concept is a slip, and is not sent as words of the prompt."""
    for j, word in enumerate(scene.camera):
        if camera_key(word) is not None:
            continue
        place: Loc = ("camera", j) if len(scene.camera) > 1 else ("camera",)
        near = nearest_camera(word)
        if near:
            yield Finding(place, f"there is no camera concept {shown(word)}", f"did you mean '{near}'?")
        elif "_" in word:
            hint = "a concept has _ in it; words of your own, for the prompt, have spaces"
            yield Finding(place, f"there is no camera concept {shown(word)}", hint)
        elif sum(c.isalpha() for c in word) < SHORTEST_WORDS:
            hint = "name a concept, or tell the camera's way in words"
            yield Finding(place, f"{shown(word)} says nothing of the camera", hint)

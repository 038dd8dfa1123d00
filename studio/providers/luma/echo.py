"""Comparison of requests that were sent with Luma's echoes, to tell which generation an order bought."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from studio.providers.order_trace import Likeness, bare, order_token

# Values that a service may fill in, or leave out of its echo, although the request is the same.
_FILLED_IN: Mapping[str, tuple[Any, ...]] = {
    "loop": (None, False), "concepts": (None, []), "keyframes": (None, {}), "first_frame": (None, {}),
    "character_ref": (None, {}), "image_ref": (None, []), "style_ref": (None, []), "modify_image_ref": (None, {}),
}  # fmt: skip
# The echo's name for each kind of create.
KINDS = {
    "video": "video", "image": "image", "modify": "modify_video", "reframe": "reframe_video",
    "upscale": "upscale_video", "audio": "add_audio",
}  # fmt: skip
# Creates whose echo does not name the generation that they were made from: two of them look alike.
NAMELESS = ("upscale", "audio")
# Fields that tell one request from another, where they were sent.
_TELLING = ("prompt", "model")
_MEDIA = ("media", "first_frame", "character_ref")


def match_echo(
    sent: Mapping[str, Any], echoed: Mapping[str, Any], *, token: str, endpoint: str = "video"
) -> Likeness | None:
    """The certainty that ``echoed`` is what was ``sent`` to ``endpoint`` (as ``traceable`` keeps it); None: it is
    another request.

    ``certain``: its callback URL has this order's own ``token``. ``exact``: all identifying fields are equal.
    ``likely``: nothing differs, but an image has another URL in the echo, such as that of the service's own copy, or
    the echo leaves something out. ``possible``: nothing differs, but a field that tells requests apart is not echoed.
    """
    if not sent:
        return None
    named = order_token(echoed.get("callback_url"))
    if named is not None:
        return "certain" if named == token else None
    if echoed.get("generation_type") not in (None, KINDS.get(endpoint)):
        return None
    sure = endpoint not in NAMELESS
    silent = any(name in sent and echoed.get(name) is None for name in _TELLING) or (
        endpoint in NAMELESS and echoed.get("generation_type") is None
    )
    for name, value in sent.items():
        if name in ("keyframes", "generation_type") or (name == "id" and endpoint in NAMELESS):
            continue
        if name in _MEDIA and not (silent and echoed.get(name) is None):
            same = _media(value, echoed.get(name))
            if same is None:
                return None
            sure = sure and same == "exact"
            continue
        if name not in echoed or echoed[name] is None:
            sure = False
        elif not _equal(name, value, echoed[name]):
            return None
    for name, nothing in _FILLED_IN.items():
        if name not in sent and echoed.get(name) not in nothing:
            return None
    untold = silent and echoed.get("keyframes") is None
    frames = "likely" if untold else _frames(sent.get("keyframes"), echoed.get("keyframes"))
    if frames is None:
        return None
    if silent:
        return "possible"
    return "exact" if sure and frames == "exact" else "likely"


def _equal(name: str, sent: Any, echoed: Any) -> bool:
    if name == "concepts":
        return _keys(sent) == _keys(echoed)
    if name == "duration":
        return str(sent).removesuffix("s") == str(echoed).removesuffix("s")
    if name == "prompt":
        return _words(sent) == _words(echoed)
    return bool(sent == echoed)


def _words(prompt: Any) -> str:
    """A prompt in one form, whatever a service does to its spaces, Unicode forms and HTML entities."""
    return " ".join(unicodedata.normalize("NFC", html.unescape(str(prompt))).split())


def _keys(concepts: Any) -> set[str] | None:
    if not isinstance(concepts, list):
        return None
    return {str(c.get("key")) for c in concepts if isinstance(c, Mapping)}


def _frames(sent: Any, echoed: Any) -> Likeness | None:
    ours = sent if isinstance(sent, Mapping) else {}
    theirs = {name: frame for name, frame in echoed.items() if frame} if isinstance(echoed, Mapping) else {}
    if ours.keys() != theirs.keys():
        return None
    sure = True
    for name, frame in ours.items():
        other = theirs[name]
        if not isinstance(other, Mapping) or other.get("type") != frame.get("type"):
            return None
        if frame.get("type") == "generation":
            if frame.get("id") != other.get("id"):
                return None
        elif not _same_image(frame.get("url"), other.get("url")):
            sure = False
    return "exact" if sure else "likely"


def _media(sent: Any, echoed: Any) -> Likeness | None:
    """The comparison of footage or pictures, nested at any depth: ``exact``, or ``likely`` under other URLs."""
    if isinstance(sent, Mapping):
        if not isinstance(echoed, Mapping):
            return None
        parts = [_media(value, echoed.get(name)) for name, value in sent.items()]
    elif isinstance(sent, list | tuple):
        if not isinstance(echoed, list | tuple) or len(echoed) != len(sent):
            return None
        parts = [_media(one, other) for one, other in zip(sent, echoed, strict=True)]
    elif isinstance(sent, str) and sent.startswith(("http://", "https://")):
        return None if not isinstance(echoed, str) else "exact" if _same_image(sent, echoed) else "likely"
    else:
        return "exact" if sent == echoed else None
    if None in parts:
        return None
    return "likely" if "likely" in parts else "exact"


def _same_image(sent: Any, echoed: Any) -> bool:
    if not isinstance(sent, str) or not isinstance(echoed, str):
        return False
    # A file served from this machine is named by its hash, on another port in each run.
    if bare(sent) == bare(echoed):
        return True
    try:
        return urlsplit(sent).path == urlsplit(echoed).path
    except ValueError:
        return False

"""Words that people write for a field of a production, by what they mean: for hints of errors alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from studio.spelling import plain

_MEANT: Mapping[str, tuple[str, ...]] = {
    "aspect_ratio": ("ratio", "shape", "format", "orientation"),
    "assets": ("pictures", "images", "files", "media"),
    "audio": ("sound",),
    "budget": ("cost", "max_cost", "price", "limit", "cap"),
    "camera": ("move", "movement", "motion", "shot"),
    "character": ("person", "actor", "cast", "who"),
    "characters": ("people", "persons", "actors", "cast"),
    "colors": ("color", "colour", "colours", "grade", "grading", "color_match", "match_colors"),
    "continue_from": ("continues", "follows", "after", "from", "parent", "previous"),
    "duration": ("length", "seconds", "time", "secs"),
    "end_image": ("last_frame", "end_frame", "last_image"),
    "lead_into": ("leads_to", "leads_into", "before", "next"),
    "notes": ("note", "comment", "comments", "remark", "remarks"),
    "prompt": ("text", "description", "action", "what"),
    "prompt_hints": ("hints", "keywords", "tags"),
    "resolution": ("size", "quality", "definition"),
    "scenes": ("shots", "clips", "sequences"),
    "sound": ("audio", "music", "effects"),
    "start_image": ("first_frame", "start_frame", "image", "picture", "first_image", "reference"),
    "style": ("look", "mood", "aesthetic"),
    "title": ("name", "film_name"),
}


def meant_by(word: str, known: Collection[str]) -> str:
    """The known field that ``word`` is another word for; empty where none is, or more than one."""
    said = plain(word)
    found = [field for field, words in _MEANT.items() if field in known and said in words]
    return found[0] if len(found) == 1 else ""

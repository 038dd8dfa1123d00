"""The fields of the run forms in Prefect's UI, in the order in which they are shown, with their titles.

Neither version of the UI has groups of fields: a group is a word before the title, and fields that stand together. A
title has the words of the field's name, because errors, files and ``--param`` call it by that. A field that is in no
table comes last, under its own name.
"""

from __future__ import annotations

from collections.abc import Mapping

Titles = Mapping[str, str]

#: The parameters of the flow ``produce``.
PRODUCE: Titles = {
    "production_file": "Production: file",
    "production": "Production: written here",
    "budget": "Budget: US dollars",
    "apart": "Budget: apart",
    "plan_only": "Approval: plan only",
    "approve": "Approval: approve",
    "approve_within": "Approval: approve within, in hours",
    "draft": "Version: draft",
    "from_draft": "Version: from draft",
    "reframe": "Version: reframe",
    "only": "Scenes: only",
    "retake": "Scenes: retake",
    "renew": "Scenes: renew",
    "keep": "Scenes: keep",
    "takes": "Scenes: takes",
    "allow_missing": "Film: allow missing",
    "allow_odd": "Film: allow odd",
    "out": "Film: out, its folder",
    "catch_up": "Schedule: catch up",
    "late_after": "Schedule: late after, in minutes",
    "overlap": "Schedule: overlap",
}

_PRODUCTION: Titles = {
    "title": "Title",
    "budget": "Budget, in US dollars",
    "model": "Look: model",
    "resolution": "Look: resolution",
    "aspect_ratio": "Look: aspect ratio",
    "style": "Look: style",
    "duration": "Length: duration of a scene, in seconds",
    "length": "Length: length of the film, in seconds",
    "clips": "Length: clips",
    "scenes": "Scenes",
    "characters": "Characters",
    "assets": "Assets",
    "defaults": "Defaults of all scenes",
    "chain": "Seams: chain",
    "chains": "Seams: chains",
    "join": "Seams: join",
    "reanchor": "Seams: reanchor",
    "film": "Film",
    "reframe": "Finish: reframe",
    "reframe_from": "Finish: reframe from",
    "source_position": "Finish: source position",
    "upscale": "Finish: upscale",
    "width": "Size: width",
    "height": "Size: height",
    "slug": "Name: slug",
    "project": "Name: project",
}

_SCENE: Titles = {
    "id": "Id",
    "prompt": "Prompt",
    "duration": "Duration, in seconds",
    "start_image": "Frames: start image",
    "end_image": "Frames: end image",
    "continue_from": "Frames: continue from",
    "lead_into": "Frames: lead into",
    "join": "Frames: join",
    "guides": "Frames: guides",
    "character": "Look: character",
    "camera": "Look: camera",
    "prompt_hints": "Look: prompt hints",
    "style": "Look: style",
    "model": "Look: model",
    "resolution": "Look: resolution",
    "loop": "Look: loop",
    "hdr": "Look: HDR",
    "exr": "Look: EXR",
    "sound": "Sound",
    "transition": "Transition",
    "colors": "Colors",
    "card": "Title: card before it",
    "lower_third": "Title: lower third",
    "take": "Take",
    "draft_take": "Take: draft take",
    "final_take": "Take: final take",
    "clip": "A clip that is there: clip",
    "in": "A clip that is there: in, in seconds",
    "out": "A clip that is there: out, in seconds",
    "fit": "A clip that is there: fit",
    "generation": "A clip that is there: generation",
    "modify": "Change footage: modify",
    "strength": "Change footage: strength",
    "auto_controls": "Change footage: auto controls",
    "controls": "Change footage: controls",
    "clips": "Finish: clips",
    "upscale": "Finish: upscale",
    "source_position": "Finish: source position",
    "notes": "Notes",
}

#: The fields of a production's parts, by the names of their classes.
PARTS: Mapping[str, Titles] = {
    "Production": _PRODUCTION,
    "Scene": _SCENE,
    "Defaults": _SCENE,
    "FilmOptions": {
        "audio": "Film: audio",
        "transition": "Film: transition",
        "colors": "Film: colors",
        "fade_in": "Film: fade in, in seconds",
        "fade_out": "Film: fade out, in seconds",
        "titles": "Film: titles",
        "seams": "Film: seams",
        "deliveries": "Film: deliveries",
        "provenance": "Film: provenance",
    },
    "Titles": {
        "font": "Titles: font, its file",
        "opening": "Titles: opening",
        "closing": "Titles: closing",
        "credits": "Titles: credits",
    },
    "Card": {
        "text": "Text",
        "seconds": "Seconds",
        "transition": "Transition",
    },
    "LowerThird": {
        "text": "Text",
        "from": "From, in seconds",
        "seconds": "Seconds",
    },
    "Credits": {
        "lines": "Lines",
        "roll": "Roll",
        "seconds": "Seconds",
        "transition": "Transition",
    },
    "Credit": {
        "role": "Role",
        "name": "Name",
    },
    "Asset": {
        "id": "Id",
        "path": "Path",
        "url": "URL",
        "kind": "Kind",
        "description": "Description",
    },
    "Character": {
        "id": "Id",
        "description": "Description",
        "images": "Images",
    },
    "Guide": {
        "at": "At, in seconds",
        "image": "Image",
    },
    "Controls": {
        "pose": "Controls: pose",
        "depth": "Controls: depth",
        "normals": "Controls: normals",
        "trajectory": "Controls: trajectory",
        "face": "Controls: face",
    },
    "SourcePosition": {
        "x": "Source position: x",
        "y": "Source position: y",
        "width": "Source position: width",
        "height": "Source position: height",
    },
    "Chain": {
        "scenes": "Scenes",
        "character": "Character",
    },
}

"""The table of assumptions about unseen behaviour of the Dream Machine API; the other API's is in ``agents/``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumption:
    """One thing that the sandbox does without knowing that the service does it.

    name:    how it is switched
    value:   what holds unless it is switched
    choices: what it can be switched to; empty means any number
    source:  where it comes from; "guess" where nobody has seen it
    about:   what it decides
    """

    name: str
    value: str
    choices: tuple[str, ...]
    source: str
    about: str


DREAM_MACHINE: tuple[Assumption, ...] = (
    Assumption(
        "detail_prefix",
        "status",
        ("status", "none"),
        "seen in answers recorded by other clients",
        "whether an error's detail starts with its status: `400: Prompt is required`",
    ),
    Assumption(
        "shape_status",
        "422",
        ("422", "400"),
        "guess; a list of {type, loc, msg, input} was seen, which FastAPI sends with 422",
        "the status for a field that is unknown, of the wrong type or not one of the listed values",
    ),
    Assumption(
        "unknown_fields",
        "ignored",
        ("ignored", "refused"),
        "guess: published clients send enhance_prompt, negative_prompt or camera_motion, and no complaint of theirs is "
        "known; refused shows a character_ref on a video or a modify_video on create",
        "what becomes of a field that the route does not know",
    ),
    Assumption(
        "null_fields",
        "accepted",
        ("accepted", "refused"),
        "seen: Luma's own ComfyUI node sends image_ref: null; refused shows an argument given as None",
        "what becomes of `null` for an optional field: the same as leaving it out",
    ),
    Assumption(
        "model",
        "optional",
        ("optional", "required"),
        "Luma's guide leaves it out for images, clients before lumaai 1.9 for videos too; later ones require it",
        "whether a video create and an image create may leave the model out",
    ),
    Assumption(
        "default_video_model",
        "ray-1-6",
        ("ray-1-6", "ray-2", "ray-flash-2"),
        "guess: a video of lumaai 1.2 names no model and 1.7 lists ray-1-6 first, so theirs is likely the oldest one",
        "the model of a video where none is asked for",
    ),
    Assumption(
        "default_image_model",
        "photon-1",
        ("photon-1", "photon-flash-1"),
        "Luma's guide",
        "the model of an image where none is asked for",
    ),
    Assumption(
        "ray_1_6",
        "accepted",
        ("accepted", "refused"),
        "Luma's guide of December 2025, lumaai 1.8 and many clients name it, lumaai 1.21 does not; accepted, so that "
        "those clients run",
        "whether a video may be asked of ray-1-6; it takes no concepts",
    ),
    Assumption(
        "ray_1_6_rate",
        "0.0064",
        (),
        "guess: ray-2's rate as an upper bound, as an earlier model is not offered at more than its successor",
        "US dollars per million pixels of a ray-1-6 clip",
    ),
    Assumption(
        "echo",
        "stored",
        ("stored", "sent"),
        "seen for the creates of videos and images; guess: the other creates are echoed as they were sent",
        "whether `request` comes back with the defaults and nulls that the service fills in",
    ),
    Assumption(
        "prompt_required",
        "without_keyframes",
        ("always", "without_keyframes", "never"),
        "the text `Prompt is required` is documented, the condition is a guess",
        "when a video needs a prompt",
    ),
    Assumption(
        "loop_with_end_image",
        "refused",
        ("refused", "accepted"),
        "the documents disagree",
        "whether `loop` may come with an image as frame1 and no frame0",
    ),
    Assumption(
        "unfinished_parent",
        "400",
        ("400", "409"),
        "that it must be a completed video is a fact; the status is a guess",
        "the status where a keyframe names a generation that is not a completed video",
    ),
    Assumption(
        "default_resolution", "720p", ("540p", "720p", "1080p", "4k"), "guess", "resolution where none is asked for"
    ),
    Assumption("default_duration", "5s", ("5s", "9s"), "guess", "duration where none is asked for"),
    Assumption("default_aspect_ratio", "16:9", ("16:9", "1:1"), "Luma's guide", "aspect ratio where none is asked for"),
    Assumption(
        "billed_pixels",
        "tier",
        ("tier",),
        "guess; reproduces every documented price, all of them 16:9",
        "a clip is billed at its tier's 16:9 size whatever its aspect ratio",
    ),
    Assumption(
        "frame_sizes",
        "listed",
        ("listed",),
        "16:9 is documented; 4:3 at 720p was seen as 1152×864; guess: 3:4 is its transpose, and the other tiers are in "
        "proportion, as they are at 16:9; guess: what is left keeps the area of 16:9",
        "the size of a clip, by tier and ratio (luma_sandbox/sizes.py)",
    ),
    Assumption(
        "extension",
        "new_footage",
        ("new_footage", "parent_plus_new"),
        "not established",
        "whether a continuation's clip holds new seconds only, beginning with the parent's last frame, or the parent's "
        "footage and then those; a bridge between two generations is new footage either way",
    ),
    Assumption(
        "image_size",
        "1080p",
        ("1080p",),
        "guess; gives the documented $0.015 for a photon-1 still",
        "a still has the area of the 1080p tier, whatever its aspect ratio, and is billed at 1920×1080",
    ),
    Assumption("image_cents_least", "1", (), "guess; the books count whole cents", "the least that a still costs"),
    Assumption(
        "reference_weight", "0.85", (), "Luma's guide gives it as an example", "weight of a reference without one"
    ),
    Assumption(
        "modify_image_weight",
        "closer",
        ("closer",),
        "Luma's guide",
        "the heavier a modify_image_ref, the closer the still stays to it",
    ),
    Assumption(
        "style_references",
        "4",
        ("4",),
        "guess; 4 is documented for image_ref and for the images of a character",
        "how many images style_ref takes",
    ),
    Assumption(
        "source_too_long",
        "fails",
        ("fails",),
        "the limits are documented, when they are checked is a guess",
        "footage beyond its limit of seconds or bytes is accepted, then fails with `Failed to read user input frames`",
    ),
    Assumption(
        "source_length",
        "shown",
        ("shown",),
        "guess; the price is documented for 24 frames a second",
        "a source lasts as long as what is shown of it, without what an edit list hides, and is counted at 24 frames a "
        "second, a begun frame as a whole one",
    ),
    Assumption(
        "reframe_grid",
        "pixels",
        ("pixels",),
        "guess",
        "x_start to y_end cut a part out of the source, resized_… is its size in the new frame, grid_position_… its "
        "upper left corner there; fitted and centred where they are left out (luma_sandbox/frame_rules.py)",
    ),
    Assumption(
        "edit_resolution",
        "720p",
        ("540p", "720p", "1080p"),
        "guess; modify and reframe have no resolution",
        "a modified clip keeps its source's size up to this tier; a reframed one has its source's tier, up to this one",
    ),
    Assumption(
        "edit_price",
        "source",
        ("source", "capped", "create"),
        "guess; the rate is documented, not what is multiplied with it: all its pixels are the most that can be argued",
        "an edit is charged as 5 s at `edit_resolution`; once its source was read the charge becomes that of the "
        "source's own length and tier (`capped`: up to `edit_resolution`; `create`: the first charge stays)",
    ),
    Assumption(
        "upscale_default", "next", ("next", "4k"), "guess", "the tier of an upscale that names none: the next larger"
    ),
    Assumption(
        "upscale_rate",
        "0.0022",
        (),
        "guess: as a new clip of that size by the cheapest model; Luma's subscriptions charge less for an upscale than "
        "for the clip",
        "US dollars per million upscaled pixels",
    ),
    Assumption(
        "audio_cents_a_second",
        "2.8",
        (),
        "guess: as the cheapest clip that a sound could be added to",
        "US cents for a second of added sound",
    ),
    Assumption(
        "asset_urls",
        "plain",
        ("plain", "signed"),
        "seen: addresses of a CDN without a signature; how long they live is not known (Agents: signed, a fact)",
        "asset URLs of Dream Machine: unsigned, for as long as the generation is there, or signed for a while",
    ),
    Assumption(
        "asset_url_seconds",
        "3600",
        (),
        "fact for Agents; guess for Dream Machine",
        "how long a signed asset URL lives; a fresh GET gives a fresh one",
    ),
    Assumption(
        "list_order",
        "newest",
        ("newest", "oldest"),
        "guess; the order is documented nowhere",
        "which generations the list begins with",
    ),
    Assumption("list_limit_max", "100", (), "guess", "the longest page of the list; more is cut down to it"),
    Assumption(
        "no_credit_text",
        "Insufficient credits",
        (),
        "guess",
        "the text of a 402, which comes before anything is charged",
    ),
    Assumption(
        "delete_unfinished",
        "accepted",
        ("accepted",),
        "guess",
        "a generation may be deleted while it is made; it is then finished unseen, and stays paid for",
    ),
    Assumption(
        "queued_share", "0.25", (), "guess", "the part of the latency that a generation spends queued, before dreaming"
    ),
    Assumption(
        "retry_after",
        "sent",
        ("sent", "not_sent"),
        "guess; the SDKs honour the header",
        "whether the 429 for too many creates a minute says when there is room again (the Agents API always says it)",
    ),
    Assumption(
        "over_at_once",
        "refused",
        ("refused",),
        "guess; only the number of generations at once is documented",
        "one generation more than may be made at once gets a 429; it is not queued",
    ),
    Assumption(
        "callback_success",
        "200",
        ("200", "2xx"),
        "seen: what is not answered with exactly 200 comes again",
        "which answers end a callback; after any other one it is sent again, three times at most",
    ),
    Assumption(
        "callback_order",
        "in_order",
        ("in_order",),
        "guess; faults deliver them twice and out of order",
        "the callbacks of one generation go out one after another",
    ),
    Assumption(
        "callback_failure",
        "ignored",
        ("ignored",),
        "guess; the failure_reason `Error processing callback` exists, and a fault gives it",
        "what becomes of a generation whose callback cannot be delivered: nothing",
    ),
    Assumption(
        "callback_restart",
        "not_repeated",
        ("not_repeated",),
        "guess",
        "a callback that had not gone out when the server stopped is not sent; later states are",
    ),
)

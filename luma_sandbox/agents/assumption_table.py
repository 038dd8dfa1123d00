"""The table of assumptions about behaviour of the Agents API that nobody here has seen."""

from __future__ import annotations

from luma_sandbox.assumption_table import Assumption

AGENTS: tuple[Assumption, ...] = (
    Assumption(
        "agents_extend_360p",
        "0.06",
        (),
        "guess: what a new clip of 5 s costs at 360p; the pricing guide has extensions at the other tiers only",
        "US dollars for an extension at 360p",
    ),
    Assumption(
        "agents_long_edit_price",
        "threefold",
        ("threefold", "blocks", "ten_seconds"),
        "guess; the guide has edits of up to 5 s and of up to 10 s, a source may have 18 s. No price in it grows more "
        "than threefold when a length doubles, so a rehearsal at that is on the safe side",
        "what an edit of more than 10 s costs: three times that of 10 s, each begun 5 s as much as the first, or no "
        "more than 10 s do",
    ),
    Assumption(
        "agents_reframe_seconds",
        "begun",
        ("begun", "exact"),
        "guess; documented is a price per second of the source",
        "which seconds of a source a reframe is charged for: each begun one in full, or the exact length",
    ),
    Assumption(
        "agents_same_ratio",
        "0.02",
        (),
        "guess; that a reframe to the source's own ratio is refused is documented",
        "by which share a source's ratio may differ from the one of a reframe and is still the same",
    ),
    Assumption(
        "agents_image_ratios",
        "nine",
        ("nine", "all"),
        "guess; the SDK lists twelve ratios for both media and says that the server validates the model's own",
        "which aspect ratios uni-1 takes: all but 21:9, 4:3 and 3:4, or all",
    ),
    Assumption(
        "agents_hdr_with_frames",
        "refused",
        ("refused", "accepted"),
        "the SDK says that keyframes, unlike start_frame and end_frame, support HDR",
        "whether start_frame and end_frame may come with hdr",
    ),
    Assumption(
        "agents_still_as_frame",
        "refused",
        ("refused", "accepted"),
        "guess; documented is a prior video. A still goes there by url, data or file_id, or by id into keyframes",
        "whether start_frame or end_frame may name a generation that is a still",
    ),
    Assumption(
        "agents_edit_shape",
        "refused",
        ("refused", "ignored"),
        "guess; documented is that an edit keeps the source's length",
        "what becomes of duration (and, for edits, aspect_ratio) where the source decides",
    ),
    Assumption(
        "agents_default_strength",
        "flex_1",
        ("adhere_1", "adhere_2", "adhere_3", "flex_1", "flex_2", "flex_3", "reimagine_1", "reimagine_2", "reimagine_3"),
        "guess",
        "the strength of a video_edit where none is given, or auto_controls decides",
    ),
    Assumption(
        "agents_concurrency_wait",
        "5",
        (),
        "guess; that the 429 for too many jobs at once has a Retry-After is documented, not what it says",
        "seconds after which such a create is to be sent again",
    ),
    Assumption("agents_ingest_seconds", "0", (), "guess", "how long a file is pending after it was completed"),
    Assumption(
        "agents_exr_every",
        "12",
        (),
        "guess, to spare the disk; the service's own archive is not documented here",
        "of how many frames one is in the archive that exr_export adds",
    ),
)

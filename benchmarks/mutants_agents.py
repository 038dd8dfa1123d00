"""Mutants of the sandbox's Luma Agents API: of its refusals, prices, orders, headers and limits."""

from __future__ import annotations

from mutants_pieces import RAY_3_COSTS, RAY_3_REFUSES, RAY_3_SHAPES, RAY_3_TELLS, Mutant

AGENTS = "luma_sandbox/agents"
RULES, ORDER, PRICES = f"{AGENTS}/rules.py", f"{AGENTS}/order.py", f"{AGENTS}/prices.py"
SAYS, GENERATIONS, PAINTER = f"{AGENTS}/refusal.py", f"{AGENTS}/generations.py", f"{AGENTS}/painter.py"
BOOKS, LIMITS, AMOUNTS = "luma_sandbox/books.py", "luma_sandbox/limits.py", "luma_sandbox/amounts.py"
CHARGED = "tests/luma_sandbox/test_agents_prices.py"
CLIPS, EDITS, REFRAMES = (CHARGED, "-k", "clips"), (CHARGED, "-k", "test_edits and 720p"), (CHARGED, "-k", "reframes")
STILLS, GUESSES = (CHARGED, "-k", "stills or cent"), (CHARGED, "-k", "guess")
SOURCES = ("tests/luma_sandbox/test_agents_files.py", "-k", "clips_as_sources")
MEDIA = ("tests/luma_sandbox/test_agents_files.py", "-k", "bad_media")
EXTENSIONS = ("tests/luma_sandbox/test_agents_shapes.py", "-k", "extension")
SAME_RATIO = ("tests/luma_sandbox/test_agents_shapes.py", "-k", "same_ratio")

# Texts that get past a refusal, and the condition that refuses them.
CONDITIONS = (
    ("a prompt of blanks", "not asked.prompt.strip()"),
    ("a prompt of 6001 characters", "len(asked.prompt) > PROMPT_MAX"),
    ("layering", 'asked.type == "layering" or asked.layering is not None'),
    ("media named in two ways, or in none", "len(given) != 1"),
    ("data without its type", "media.data is not None and media.media_type is None"),
    ("a generation as image_ref", 'media.generation_id is not None and field.startswith("image_ref")'),
    ("a clip's model for a still", "asked.model not in IMAGE_MODELS"),
    ("a still with video options", "asked.video is not None"),
    ("a still of 21:9", "not known"),
    ("ten references", "len(asked.image_ref or ()) > most"),
    ("an image edit without a source", '(asked.source is not None) != (asked.type == "image_edit")'),
    ("a still's model for a clip", 'asked.model != "ray-3.2"'),
    ("a clip of 3:1", "asked.aspect_ratio not in (None, *VIDEO_RATIOS)"),
    ("exr without hdr", "video.exr_export and not video.hdr"),
    ("edit options on a new clip or a reframe", 'video.edit is not None and asked.type != "video_edit"'),
    ("a source's place in a new clip", 'video.source_position is not None and asked.type != "video_reframe"'),
    ("hdr with 10s", "video.hdr and seconds == 10"),
    ("loop with 10s", "video.loop and seconds == 10"),
    ("loop with hdr", "video.loop and video.hdr"),
    ("loop with end_frame", "video.loop and video.end_frame is not None"),
    ("a generation beside another frame",
     "len(frames) > 1 and any(frame.generation_id is not None for frame in frames)"),
    ("frames with 10s", "frames and seconds == 10"),
    ("frames with hdr", 'frames and video.hdr and assume["agents_hdr_with_frames"] == "refused"'),
    ("a source that is a picture",
     '(asked.source.url or asked.source.data) and not (asked.source.media_type or "").startswith("video/")'),
    ("a reframe without a ratio", "asked.aspect_ratio is None"),
    ("a reframe at 1080p to 9:16", 'video.resolution == "1080p" and asked.aspect_ratio in NOT_YET'),
    ("guides of an edit beside start_frame", "edit.keyframes is not None and video.start_frame is not None"),
    ("guides without places", "keyframes is None or indexes is None or len(keyframes) != len(indexes)"),
    ("no guide, or 65", "not 1 <= len(keyframes) <= KEYFRAMES_MAX"),
    ("two guides in one place", "len(set(indexes)) != len(indexes) or min(indexes) < 0"),
    ("a guide after the last frame", "last is not None and max(indexes) > last"),
)  # fmt: skip

# Changes that refuse too little or too much.
PIECES = (
    ("a clip with image_ref", 'for name in ("image_ref", ', "for name in ("),
    ("a clip with output_format", '"output_format", "style",', '"style",'),
    ("a clip with style", '"output_format", "style",', '"output_format",'),
    ("a clip with web_search", '"style", "web_search")', '"style")'),
    ("a new clip with a source", 'raise Declined(422, "source: not supported with type video")', "pass"),
    ("hdr at 360p", 'video.resolution in ("360p", "540p")', 'video.resolution in ("540p",)'),
    ("hdr at 540p", 'video.resolution in ("360p", "540p")', 'video.resolution in ("360p",)'),
    ("keyframes beside a frame", "(frames or video.loop)", "video.loop"),
    ("keyframes with loop", "(frames or video.loop)", "frames"),
    ("an edit without a source", "if asked.source is None:", "if False:"),
    ("an edit or a reframe with loop", '["loop", "end_frame", ', '["end_frame", '),
    ("an edit or a reframe with end_frame", '["loop", "end_frame", ', '["loop", '),
    ("an edit or a reframe with keyframes of a new clip", '"keyframes", "keyframe_indexes"]', '"keyframe_indexes"]'),
    ("an edit or a reframe with places of a new clip", '"keyframes", "keyframe_indexes"]', '"keyframes"]'),
    ("a reframe with hdr", 'refused += ["hdr", ', "refused += ["),
    ("a reframe with start_frame", '"exr_export", "start_frame"]', '"exr_export"]'),
    ("a reframe at 1080p to 3:4", 'NOT_YET = ("9:16", "3:4")', 'NOT_YET = ("9:16",)'),
    ("an edit with a ratio", "elif asked.aspect_ratio is not None and", "elif False and"),
    ("an edit with a duration", 'refused.append("duration")', "pass"),
    ("automatic controls with a strength", "(edit.strength is not None or edit.controls is not None)",
     "edit.controls is not None"),
    ("automatic controls with controls", "(edit.strength is not None or edit.controls is not None)",
     "edit.strength is not None"),
    ("guides of an edit in any number",
     '_check_anchors("video.edit", edit.keyframes, edit.keyframe_indexes, last=None)', "pass"),
    ("a guide before the first frame", " or min(indexes) < 0", ""),
    ("a guide after 5 s in a clip of 5 s", "last=seconds * FPS", "last=10 * FPS"),
)  # fmt: skip
TOO_STRICT = (
    ("a picture in HDR, held by keyframes, is refused", "if frames and video.hdr and",
     "if (frames or video.keyframes) and video.hdr and"),
    ("an edit in HDR at 360p is refused", "if video.exr_export and not video.hdr:",
     'if video.hdr and video.resolution == "360p" or video.exr_export and not video.hdr:'),
    ("a loop forward from a generation is refused", "if video.loop and video.end_frame is not None:",
     "if video.loop and frames:"),
    ("a guide in the last place is refused", "max(indexes) > last", "max(indexes) >= last"),
    ("automatic controls that are off refuse a strength", "if edit.auto_controls and",
     "if edit.auto_controls is not None and"),
)  # fmt: skip

REFUSED = (
    *(Mutant(RAY_3_REFUSES, f"{what}: taken", RULES, f"if {condition}:", "if False:") for what,
    condition in CONDITIONS),
    *(Mutant(RAY_3_REFUSES, f"{what}: taken", RULES, old, new) for what, old, new in PIECES),
    *(Mutant(RAY_3_REFUSES, what, RULES, old, new) for what, old, new in TOO_STRICT),
    Mutant(
        RAY_3_REFUSES, "a clip as a start frame by file: taken", ORDER,
        "if found.kind not in wanted:", "if False:", SOURCES,
    ),
    Mutant(
        RAY_3_REFUSES, "a still as a start frame by id: taken", ORDER,
        'if self._assume["agents_still_as_frame"] == "accepted" else ("video",)', "", MEDIA,
    ),
    Mutant(
        RAY_3_REFUSES, "an extension in HDR, where frames in HDR are accepted: taken", ORDER,
        "self._chains() and (self._video.hdr or", "self._chains() and (", EXTENSIONS,
    ),
    Mutant(
        RAY_3_REFUSES, "an edit of 19 s: taken", ORDER, "if self._source.seconds > most + SLACK:", "if False:", SOURCES,
    ),
    Mutant(
        RAY_3_REFUSES, "a reframe of 31 s: taken", ORDER, '"video_reframe": 30.0', '"video_reframe": 60.0', SOURCES,
    ),
    Mutant(
        RAY_3_REFUSES, "a guide of an edit after its source's last frame: taken", ORDER,
        "if max((self._video.edit or Edit()).keyframe_indexes or [0]) > last:", "if False:", SOURCES,
    ),
    Mutant(
        RAY_3_REFUSES, "a reframe to its source's own ratio: taken", ORDER,
        'if kind == "video_reframe":', "if False:", SAME_RATIO,
    ),
    Mutant(
        RAY_3_REFUSES, "a reframe nearly to its source's own ratio: taken", ORDER,
        '<= self._assume.number("agents_same_ratio")', "<= 0", SAME_RATIO,
    ),
)  # fmt: skip

COSTS = (
    Mutant(
        RAY_3_COSTS, "HDR costs what SDR does", PRICES, 'return "SDR" if not hdr else', "return", CLIPS,
    ),
    Mutant(
        RAY_3_COSTS, "EXR costs what HDR does", PRICES, '"HDR+EXR" if exr else "HDR"', '"HDR"', CLIPS,
    ),
    Mutant(
        RAY_3_COSTS, "10 s cost what 5 s do", PRICES, "CLIPS[wide][resolution][seconds // BLOCK - 1]",
        "CLIPS[wide][resolution][0]", CLIPS,
    ),
    Mutant(
        RAY_3_COSTS, "an extension costs what a new clip does", ORDER, "if self._chains():\n", "if False:\n", GUESSES,
    ),
    Mutant(
        RAY_3_COSTS, "an extension at 360p has a price that nothing switches", PRICES,
        'Decimal(str(assume.number("agents_extend_360p")))', 'Decimal("0.06")', GUESSES,
    ),
    Mutant(
        RAY_3_COSTS, "an edit in HDR costs what one in SDR does", PRICES, "EDITS[wide]", 'EDITS["SDR"]', EDITS,
    ),
    Mutant(
        RAY_3_COSTS, "an edit is charged as 5 s", PRICES, "return columns[blocks - 1]", "return columns[0]", EDITS,
    ),
    Mutant(
        RAY_3_COSTS, "an edit of 122 frames is charged as 5 s", PRICES, "frames - LAP, BLOCK", "frames - 2, BLOCK",
        EDITS,
    ),
    Mutant(
        RAY_3_COSTS, "an edit's frame more than 5 s is charged as 10 s", PRICES,
        "frames - LAP, BLOCK", "frames, BLOCK", EDITS,
    ),
    Mutant(
        RAY_3_COSTS, "an edit of more than 10 s costs what 10 s do", PRICES,
        "return columns[-1] * 3", "return columns[-1]", GUESSES,
    ),
    Mutant(
        RAY_3_COSTS, "an edit of more than 10 s is charged as 15 s, by blocks", PRICES,
        "columns[-1] * blocks // BLOCKS", "columns[-1] * 3 // BLOCKS", GUESSES,
    ),
    Mutant(
        RAY_3_COSTS, "a reframe pays the seconds that are full", PRICES,
        "max(1, -(-length // step))", "max(1, length // step)", REFRAMES,
    ),
    Mutant(
        RAY_3_COSTS, "a reframe's frame more than a second is charged as two", PRICES,
        "cents * _begun(frames - LAP, FPS)", "cents * _begun(frames, FPS)", REFRAMES,
    ),
    Mutant(
        RAY_3_COSTS, "a reframe costs the same at every tier", PRICES,
        "REFRAMES[resolution]", 'REFRAMES["360p"]', REFRAMES,
    ),
    Mutant(
        RAY_3_COSTS, "a reframe is always charged by begun seconds", PRICES,
        'if assume["agents_reframe_seconds"] == "begun":', "if True:", GUESSES,
    ),
    Mutant(
        RAY_3_COSTS, "an edit's source is no input", PRICES, "inputs = references + edit", "inputs = references",
        ("tests/luma_sandbox/test_agents.py", "-k", "test_prices"),
    ),
    Mutant(
        RAY_3_COSTS, "the first reference is charged as a further one too", PRICES, "(inputs - 1)", "inputs", STILLS,
    ),
    Mutant(
        RAY_3_COSTS, "parts of a cent are rounded up", BOOKS, "int(cents * MICROS)", "math.ceil(cents) * MICROS",
        STILLS,
    ),
    Mutant(
        RAY_3_COSTS, "the account adds up whole cents", BOOKS, "coalesce(micros, cents * 10000)", "cents * 10000",
        STILLS,
    ),
    Mutant(
        RAY_3_COSTS, "a refund is of whole cents", BOOKS,
        'fields["refunded_cents"] = fields["cents"] if', 'fields["refunded_cents"] = Decimal(whole) if', STILLS,
    ),
    Mutant(
        RAY_3_COSTS, "a home of an earlier version cannot be opened", BOOKS,
        'self._db.execute("ALTER TABLE generations ADD COLUMN micros INTEGER")', "pass", STILLS,
    ),
    Mutant(
        RAY_3_COSTS, "answers tell whole cents", AMOUNTS, "else float(cents)", "else round(cents)",
        ("tests/luma_sandbox/test_agents.py", "-k", "test_prices"),
    ),
)  # fmt: skip

SHAPED = (
    Mutant(
        RAY_3_SHAPES, "an anchor's shape is not taken", ORDER, "if (framed := self._framed()) is not None:",
        "if (framed := self._framed()) is not None and False:",
    ),
    Mutant(
        RAY_3_SHAPES, "the guide that was named first gives the shape, not the first one shown", ORDER,
        "sorted(range(len(indexes)), key=indexes.__getitem__)", "range(len(indexes))",
    ),
    Mutant(
        RAY_3_SHAPES, "an end frame gives no shape", ORDER,
        'fields = ("video.start_frame", "video.end_frame", *guides)', 'fields = ("video.start_frame", *guides)',
    ),
    Mutant(
        RAY_3_SHAPES, "an edit has its start frame's shape", ORDER,
        'if self._asked.type != "video":\n            return',
        "if self._asked.type in rules.IMAGE_KINDS:\n            return",
    ),
    Mutant(
        RAY_3_SHAPES, "an edit has the default shape", ORDER,
        "elif ratio is None and (own := _shape(self._source)) is not None:",
        "elif False and (own := _shape(self._source)) is not None:",
    ),
    Mutant(
        RAY_3_SHAPES, "a picture's shape is as it is stored", "luma_sandbox/agents/media.py",
        "width, height = upright(image)", "width, height = image.size",
    ),
    Mutant(
        RAY_3_SHAPES, "a clip may be longer than 3:1", ORDER, "min(sizes.WIDEST, max(1 / sizes.WIDEST, number))",
        "number",
    ),
    Mutant(
        RAY_3_SHAPES, "a source's place is not kept", ORDER,
        "position.model_dump() if position is not None else None", "None",
    ),
    Mutant(
        RAY_3_SHAPES, "a source's place in the picture is not used", PAINTER,
        '_position(score["position"], size)', "_position(None, size)",
    ),
    *(
        Mutant(RAY_3_SHAPES, f"controls: {what}", ORDER, old, new)
        for what, old, new in (
            ("none holds an edit", "_held(edit.controls)", "0.0"),
            ("those that are off hold it", "if control is not None and control.enabled is not False",
             "if control is not None"),
            ("a coarse pose holds it in full", '0.5 if pose is not None and pose.strength == "coarse" else 1.0', "1.0"),
            ("blurred depth holds it in full", "1 - (depth.blur or 0.0) / 2", "1.0"),
            ("augmented normals hold it in full", "1 - (normals.augmentation or 0.0) / 2", "1.0"),
            ("a sparse trajectory holds it in full", "1 - (trajectory.sparsity or 0.0) / 2", "1.0"),
            ("a face does not hold it", "(controls.face, 1.0)", "(controls.face, 0.0)"),
        )
    ),
    Mutant(
        RAY_3_SHAPES, "controls: the picture does not follow them", PAINTER, '(1 - HELD * score.get("held", 0.0))',
        "1.0",
    ),
)  # fmt: skip

TOLD = (
    Mutant(RAY_3_TELLS, "an accepted create tells no limit", GENERATIONS,
           "response.headers[RATE_LIMIT] = str(a_minute)", "pass"),
    Mutant(RAY_3_TELLS, "a 429 for requests tells no limit", GENERATIONS, "{RATE_LIMIT: str(error.most)}", "None"),
    Mutant(RAY_3_TELLS, "a 429 for requests does not say when to come again", GENERATIONS,
           "math.ceil(error.retry_after or 0)", "None"),
    Mutant(RAY_3_TELLS, "the two kinds of 429 are one", GENERATIONS, "if error.limit == AT_ONCE:", "if False:"),
    Mutant(RAY_3_TELLS, "a 429 for jobs at once does not say when to come again", GENERATIONS,
           'math.ceil(assume.number("agents_concurrency_wait"))', "None"),
    Mutant(RAY_3_TELLS, "stills have limits of their own", LIMITS, "if api == AGENTS_API:",
           'if api == AGENTS_API and model.startswith("ray"):'),
    Mutant(RAY_3_TELLS, "both APIs share their limits", LIMITS, "if api == AGENTS_API:", "if True:"),
    Mutant(RAY_3_TELLS, "a request id that was sent does not come back", SAYS,
           "request_id or str(uuid.uuid4())", "str(uuid.uuid4())"),
    Mutant(RAY_3_TELLS, "an answer has no request id of its own", SAYS,
           "request_id or str(uuid.uuid4())", 'request_id or ""'),
    Mutant(RAY_3_TELLS, "no answer tells the API's version", SAYS, ', "X-API-Version": API_VERSION}', "}"),
    Mutant(RAY_3_TELLS, "a refusal carries no request id", SAYS, "    mark(request, response)\n", ""),
    Mutant(RAY_3_TELLS, "an answer carries no request id", "luma_sandbox/agents/api.py", "[Depends(mark)]", "[]"),
)  # fmt: skip

SANDBOX_AGENTS = (*REFUSED, *COSTS, *SHAPED, *TOLD)

"""Mutants of a run's inputs: its production, its footage, and the sandbox's takes of equal requests."""

from __future__ import annotations

from mutants_pieces import FOOTAGE, NAMED, REHEARSED, Mutant

CHOOSING = "studio/production/loading.py"
MEASURE, RECUTTING = "studio/media/measure.py", "studio/assets/recutting.py"
TAKES = "luma_sandbox/takes.py"

GIVEN = (
    Mutant(NAMED, "a billed run without a production makes the example", CHOOSING, "    if billed:", "    if False:"),
    Mutant(
        NAMED,
        "of two productions the written one is made",
        CHOOSING,
        "if named and written is not None:",
        "if False:",
    ),
    Mutant(FOOTAGE, "hidden frames are counted", MEASURE, "len(shown), stored, read", "stored, stored, read"),
    Mutant(FOOTAGE, "a begun frame is not counted", MEASURE, "return ceil(self.seconds", "return int(self.seconds"),
    Mutant(FOOTAGE, "hidden frames are sent", MEASURE, "return not self.hidden and", "return"),
    Mutant(FOOTAGE, "a late picture is sent as it is", MEASURE, "self.start <= ROUNDING and ", ""),
    Mutant(
        FOOTAGE,
        "a sound that outlasts the picture is sent",
        MEASURE,
        " and self.whole <= self.seconds + ROUNDING",
        "",
    ),
    Mutant(
        FOOTAGE,
        "the sandbox counts what is stored",
        "luma_sandbox/container.py",
        "if p.size and p.pts is not None and not p.is_discard",
        "if p.size and p.pts is not None",
    ),
    Mutant(
        FOOTAGE,
        "the plan counts frames at the footage's own rate",
        "studio/planning/edits.py",
        "seed.seconds, tier_of",
        "Fraction(seed.frames, FPS), tier_of",
    ),
    Mutant(FOOTAGE, "what was cut names the purchase", "studio/assets/footage.py",
           "        name, sha256, media_type", "        name, digest(sent), media_type"),
    Mutant(FOOTAGE, "footage is cut anew in every run", RECUTTING, "    if is_made(goal):", "    if False:"),
    Mutant(REHEARSED, "equal requests are one take", TAKES, ', "take": before + 1} if', "} if"),
    Mutant(REHEARSED, "a failed take counts", TAKES, "WHERE alike = ? AND coalesce(state, '') != 'failed'",
           "WHERE alike = ?"),
    Mutant(REHEARSED, "another port is another request", TAKES, "urlsplit(part).path if", "part if"),
    Mutant(REHEARSED, "another upload is another request", TAKES, 'if name != "id"', "if True"),
)  # fmt: skip

"""Mutants of prices, of the choice of clips, and of the combinations that a request of Ray 3 allows."""

from __future__ import annotations

from mutants_pieces import CHOSEN, PRICED, TOGETHER, Mutant, of

PRICING, LENGTHS, CLIPS, FINISH = (
    "studio/providers/pricing.py", "studio/planning/durations.py", "studio/planning/clips.py",
    "studio/planning/post.py"
)  # fmt: skip
REQUESTS, ABILITIES, EDITS = (
    "studio/providers/luma/requests.py",
    "studio/production/capabilities.py",
    "studio/planning/edits.py",
)
DRAWING = ("tests/planning/test_planner.py", "tests/planning/test_post.py")

PRICES = (
    Mutant(
        PRICED, "EXR costs as much as HDR", "studio/planning/shots.py",
        'return "exr" if scene.exr else', "return", DRAWING,
    ),
    Mutant(
        PRICED, "an edit has the price of its first length", PRICING,
        "length = next((n for n in sorted(lengths) if frames - LAP <= n * self.fps), None)", "length = min(lengths)",
        of("providers/pricing", "edit"),
    ),
    Mutant(
        PRICED, "a longer edit costs what the longest documented one does", PRICING,
        "return self._as_written(lengths[longest] * self.longer,", "return self._as_written(lengths[longest],",
        of("providers/pricing", "edits_and_reframes"),
    ),
    Mutant(
        PRICED, "an edit of any length has a price", PRICING,
        "if self.longer is None or frames - LAP > 2 * longest * self.fps:", "if self.longer is None:",
        of("providers/pricing", "longer_than_any"),
    ),
    Mutant(
        PRICED, "a reframe pays the seconds that are full", PRICING,
        "return max(1, -(-frames // fps))", "return max(1, frames // fps)",
        of("providers/pricing", "edits_and_reframes"),
    ),
    Mutant(
        PRICED, "a frame more than 5 s pays for 10 s", PRICING, "LAP = 1", "LAP = 0",
        of("providers/pricing", "edits_and_reframes"),
    ),
    Mutant(
        PRICED, "a price finer than a cent is rounded", PRICING,
        "return self._quote(exact.quantize(MICRO, ROUND_UP) if exact != exact.quantize(MICRO) else exact, at_most)",
        "return self._rounded(exact, at_most)", of("providers/pricing", "stills_cost"),
    ),
    Mutant(
        PRICED, "a bound is told as a price", PRICING,
        "return Quote(price, self.label, at_most)", "return Quote(price, self.label)",
        of("providers/pricing", "upper_bound"),
    ),
    Mutant(
        PRICED, "what is made from a clip costs what the plan supposed", "studio/execution/steps.py",
        "film=run.plan.production.budget_name), price=price)", "film=run.plan.production.budget_name))",
        of("execution/odd_clips", "existing_generation or parent_s_footage"), seconds=120,
    ),
    Mutant(
        PRICED, "what is dearer than the plan said is bought", "studio/execution/measured.py",
        "if allowed or real <= shot.quote.usd * (1 + Decimal(LAP) / planned) + prices.of(shot.api).round_to:",
        "if True:",
        of("execution/odd_clips", "existing_generation or parent_s_footage"), seconds=120,
    ),
    Mutant(
        PRICED, "HDR is priced by rate", PRICING,
        "if lengths is not None and seconds in lengths:",
        "if lengths is not None and seconds in lengths or dynamic != 'sdr' and (dynamic := 'sdr'):",
        of("providers/pricing", "nothing_falls_back"),
    ),
    Mutant(
        CHOSEN, "the longest clips are always taken", LENGTHS,
        "return min(options(), key=lambda clips: rank(clips, usd(clips), longest=longest))",
        "return min(options(), key=lambda clips: rank(clips, usd(clips), longest=True))", DRAWING,
    ),
    Mutant(
        CHOSEN, "the cheapest clips are always taken", "studio/providers/models.py",
        "first, second = (Decimal(len(clips)), usd) if longest else", "first, second =",
        of("planning/planner", "longest"),
    ),
    Mutant(
        CHOSEN, "what is bought in its earlier form is drawn anew", CLIPS,
        "elif _may_replace(wish, form) and _better(context, trial, clips, best, best_clips):",
        "elif False:", of("planning/planner", "earlier"),
    ),
    Mutant(
        CHOSEN, "what is bought from the end of a clip is bought anew from the frame of the cut", CLIPS,
        "if trial.begun and trial.to_pay < best.to_pay and (form == wish or _may_replace(wish, form)):",
        "if False:", of("planning/joins", "rerun_of_an_earlier"),
    ),
    Mutant(
        CHOSEN, "another cut of its parent buys a scene anew", "studio/planning/takes.py",
        'for name, part in value.items() if name != "frame"}', "for name, part in value.items()}",
        of("planning/joins", "another_cut"),
    ),
    Mutant(
        CHOSEN, "the books are not asked for an earlier form", "studio/execution/session.py",
        "held=lambda key: (row := self.ledger.order(key)) is not None and row.state.held,", "",
        of("execution/session", "ten_seconds"),
    ),
    Mutant(
        CHOSEN, "short clips that are bought stand for the long ones that are asked for", CLIPS,
        'return wish != "longest" or form in ("earlier", "longer")', "return True",
        of("planning/planner", "long_clips"),
    ),
    Mutant(
        CHOSEN, "a longer clip that was bought for other words is bought anew", CLIPS,
        "if scene.id in context.production.voiced:", "if False:", of("planning/sound", "changed_words"),
    ),
    Mutant(
        CHOSEN, "a scene that is as long as its voice is cut where another goes on from it", "studio/planning/ties.py",
        'if join == "whole" or spoken:', 'if join == "whole":', of("planning/sound", "changed_words"),
    ),
    Mutant(
        CHOSEN, "a scene with guides is several clips", CLIPS,
        "if scene.hdr or scene.guides:", "if scene.hdr:", of("planning/planner", "guides"),
    ),
    Mutant(
        CHOSEN, "the library is sold two clips for one", "studio/library/productions.py",
        '"clips": "cheapest" if chain else "longest",', '"clips": "cheapest",', of("library/calls", "each_word"),
    ),
    Mutant(
        CHOSEN, "a fresh take of a parent makes a bridge of earlier versions new", "studio/planning/takes.py",
        '| {"type": "generation"}', "", of("planning/takes", "earlier_form"),
    ),
    Mutant(
        TOGETHER, "a generation goes beside another frame", CLIPS,
        "or (first is not None and last is not None):", "or False:", of("planning/planner", "pictures or extension"),
    ),
    Mutant(
        TOGETHER, "a generation goes into HDR", CLIPS,
        "if scene.hdr or seconds not in model.continued or", "if seconds not in model.continued or",
        of("planning/planner", "high_dynamic_range"),
    ),
    Mutant(
        TOGETHER, "a picture in HDR or in 10 s goes as a first frame", REQUESTS,
        "return shot.options.hdr or shot.seconds not in MODELS[shot.model].continued", "return False", DRAWING,
    ),
    Mutant(
        TOGETHER, "a picture goes as a first frame in HDR", REQUESTS,
        "return shot.options.hdr or shot.seconds not in", "return shot.seconds not in",
        of("planning/planner", "high_dynamic_range"),
    ),
    Mutant(
        TOGETHER, "what has the new shape already is reframed", FINISH,
        "if _alike(_shape(context, clip), ratio):", "if False:", of("planning/post", "shape_already"),
    ),
    Mutant(
        TOGETHER, "10 s in HDR are read", ABILITIES,
        "if scene.modify is None and seconds > longest:", "if False:", of("production/errors", "hdr"),
    ),
    Mutant(
        TOGETHER, "a loop in HDR is read", ABILITIES,
        'yield Finding(("hdr",), "cannot be combined with loop", "remove one")', "pass", of("production/errors", "hdr"),
    ),
    Mutant(
        TOGETHER, "HDR at 540p is read", ABILITIES,
        "if production.resolution_of(scene) in set(model.resolutions) - set(tiers):", "if False:",
        of("production/errors", "hdr"),
    ),
    Mutant(
        TOGETHER, "automatic controls stand beside a strength", ABILITIES,
        "if scene.auto_controls and tied:", "if False:", of("production/errors", "auto_controls"),
    ),
    Mutant(
        TOGETHER, "controls without footage are read", ABILITIES,
        "if getattr(scene, field) and scene.modify is None:", "if False:", of("production/errors", "controls"),
    ),
    Mutant(
        TOGETHER, "a reframe that is not yet available is read", ABILITIES,
        "yield Finding((field,), told, f\"write resolution: {able[-1]}, or remove reframe\")", "pass",
        of("production/errors", "reframe"),
    ),
    Mutant(
        TOGETHER, "a guide after its footage is sent", EDITS, "if guide.at > seconds:", "if False:",
        of("planning/planner", "modified_by_ray_3"),
    ),
)  # fmt: skip

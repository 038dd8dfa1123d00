"""The plan as the command shows it: what each shot is made from, stills, lengths, states."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import StringIO

from rich.console import Console

from studio.planning import draw_plan
from studio.planning.plan import Shot, ShotState, Source
from studio.production import Production
from studio.providers.price_book import load_prices
from studio.providers.shot_request import Operation
from studio_cli.plan_screen import made_from, show_plan


def plan_of(**written: object) -> dict[str, Shot]:
    """A production's shots by id."""
    production = Production.model_validate({"title": "Mix", "model": "ray-flash-2", "resolution": "540p"} | written)
    plan = draw_plan(production, prices=load_prices(), images={}, realm="sandbox")
    return {s.id: s for s in plan.shots}


def test_the_plan_says_what_each_shot_is_made_from() -> None:
    """A frame, a clip, footage and pictures are told apart; many pictures are counted."""
    shots = plan_of(
        scenes=[
            {"id": "walk", "prompt": "she walks", "duration": 12},
            {"id": "night", "prompt": "the sea at night", "model": "ray-3", "continue_from": "walk"},
            {"id": "storm", "prompt": "in a storm", "modify": "walk"},
        ]
    )
    assert {name: made_from(s) for name, s in shots.items()} == {
        "walk.1": "text", "walk.2": "walk.1", "night": "last frame of walk.2", "storm.1": "clip of walk.1",
        "storm.2": "clip of walk.2",
    }  # fmt: skip
    plain = shots["walk.1"]
    assert made_from(replace(plain, source=Source("footage", "f" * 64))) == "footage ffffffff"
    assert made_from(replace(plain, generation="1234567890")) == "generation 12345678"
    few = tuple((n, Source("image", f"{n}" * 64)) for n in range(2))
    assert made_from(replace(plain, guides=few)) == "image 00000000, image 11111111"
    assert made_from(replace(plain, guides=tuple((n, Source("image", f"{n:064x}")) for n in range(5)))) == "5 images"


def test_the_plans_table_has_stills_and_lengths() -> None:
    """A still has no seconds; a length that is a fraction of one is told as a number."""
    production = Production.model_validate({"title": "Mix", "scenes": [{"id": "a", "prompt": "the sea"}]})
    plan = draw_plan(production, prices=load_prices(), images={}, realm="sandbox")
    (clip,) = plan.shots
    still = replace(
        clip, id="a.still", operation=Operation.IMAGE, model="photon-1", resolution="still", seconds=Fraction(0)
    )
    stale = replace(clip, seconds=Fraction(15, 4), state=ShotState.STALE)
    out = StringIO()
    show_plan(Console(file=out, width=120), replace(plan, shots=(still, stale)), service="the sandbox")
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[3][:6] == ["a.still", "text", "photon-1", "still", "1", "new"]
    assert lines[4][:8] == ["a", "text", "ray-2", "720p", "3.75", "s", "1", "stale"]


def test_the_plan_says_at_most_where_a_price_is_a_bound() -> None:
    """A price that Luma does not document is marked in its row and in the sum, and its reason is told once."""
    scenes = [{"id": name, "prompt": "the sea", "upscale": "1080p"} for name in ("a", "b")]
    production = Production.model_validate({"title": "Mix", "model": "ray-flash-2", "scenes": scenes})
    out = StringIO()
    plan = draw_plan(production, prices=load_prices(), images={}, realm="sandbox")
    show_plan(Console(file=out, width=120), plan, service="the sandbox")
    text = out.getvalue()
    rows = {line.split()[0]: line.split()[-4:] for line in text.splitlines() if line.startswith(("a", "b"))}
    assert rows["a.large"] == ["≤", "$0.55", "≤", "$0.55"]
    assert rows["a"][-2:] == ["$0.24", "$0.24"]
    assert "to pay now: at most $0.79 of $0.79" in text  # in the same words the two scenes are one purchase
    assert text.count("at most (a.large, b.large): the price of an upscale is not documented") == 1

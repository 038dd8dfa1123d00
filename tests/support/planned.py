"""Productions with pictures, footage and characters, and their plans."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from studio.assets import SeedFootage, SeedImage
from studio.planning import draw_plan
from studio.planning.plan import Plan, Shot
from studio.production import Production
from studio.providers.price_book import load_prices
from studio.providers.registry import spec_of
from studio.providers.shot_request import Given, Source

PRICES = load_prices()


PICTURE = "https://x.example/p.png"


FOOTAGE = "https://x.example/f.mp4"


PARENT = "123e4567-e89b-12d3-a456-426614174000"


SEEDS = {
    PICTURE: SeedImage("picture", "a" * 64, "image/png", ".png", 960, 540, url=PICTURE),
    FOOTAGE: SeedFootage("footage", "f" * 64, "video/mp4", ".mp4", 1280, 720, 96, Fraction(24), Fraction(4), 999),
}


MAYA = {"id": "maya", "description": "a woman with a red scarf", "images": [PICTURE]}


def scene(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "prompt": f"what is seen in {name}", **fields}


def film(*scenes: dict[str, Any], **fields: Any) -> Production:
    return Production.model_validate({"title": "A Film", "model": "ray-flash-2", "scenes": list(scenes), **fields})


def plan(production: Production, **options: Any) -> Plan:
    return draw_plan(production, **({"prices": PRICES, "images": SEEDS, "realm": "luma"} | options))


def sent(drawn: Plan, shot_id: str) -> dict[str, Any]:
    """The body sent for a shot: images and clips by a URL of their name, generations by ``g-`` and a shot."""

    def given(source: Source) -> Given:
        match source.kind:
            case "shot":
                return {"generation_id": f"g-{source.ref}"}
            case "generation":
                return {"generation_id": source.ref}
            case "image" | "footage" | "first" | "last" if shot.api == "agents":
                return {"file_id": f"{source.kind}-{source.ref[:8]}"}
            case kind:
                return {"url": f"https://{kind}/{source.ref[:8]}"}

    shot = drawn.shot(shot_id)
    return wire(shot, {source: given(source) for source in shot.sources})


def wire(shot: Shot, sent: Mapping[Source, Given]) -> dict[str, Any]:
    """The parameters of a shot's create. ``sent`` says how each of its sources is given."""
    return spec_of(shot.api).build_request(shot, sent)

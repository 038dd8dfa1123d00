"""Productions for tests, and their plans."""

from __future__ import annotations

from typing import Any

from studio.assets import SeedImage
from studio.planning import draw_plan
from studio.planning.plan import Plan
from studio.production import Production
from studio.providers.price_book import load_prices

PRICES = load_prices()


IMAGE = SeedImage("picture", "a" * 64, "image/png", ".png", 960, 540, url="https://x.example/p.png?sig=1")


def scene(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "prompt": f"what is seen in {name}", **fields}


def film(*scenes: dict[str, Any], **fields: Any) -> Production:
    return Production.model_validate({"title": "A Film", "scenes": list(scenes), **fields})


def plan(production: Production, **options: Any) -> Plan:
    settings = {"prices": PRICES, "images": {"https://x.example/p.png": IMAGE}, "realm": "luma"} | options
    return draw_plan(production, **settings)

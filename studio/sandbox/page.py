"""The page at ``/``: what was asked, what came out, what it would have cost, and how to point a client here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from studio.sandbox.assumptions import TABLE
from studio.sandbox.books import Generation
from studio.sandbox.clock import iso
from studio.sandbox.dream_machine import PREFIX, house_of
from studio.sandbox.house import House

SHOWN = 60

router = APIRouter()
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True)
class Card:
    """One generation as the page shows it."""

    id: str
    state: str
    prompt: str
    facts: list[str]
    frames: list[str]
    price: str
    refunded: bool
    deleted: bool
    created: str
    problem: str
    video: str | None
    poster: str | None


@router.get("/", response_class=HTMLResponse)
def page(request: Request, house: Annotated[House, Depends(house_of)]) -> HTMLResponse:
    """Everything at a glance; it reloads itself while something is being made."""
    base = str(request.base_url).rstrip("/")
    creates = house.books.creates()
    account = house.books.account()
    text = templates.get_template("page.html").render(
        cards=[_card(house, base, create) for create in reversed(creates[-SHOWN:])],
        total=len(creates),
        hidden=max(0, len(creates) - SHOWN),
        busy=any(create.state in ("queued", "dreaming") for create in creates),
        balance=dollars(account.balance),
        spent=dollars(account.charged - account.refunded),
        refunded=dollars(account.refunded),
        url=f"{base}{PREFIX}",
        base=base,
        home=str(house.home.root),
        assumptions=[(entry, house.options.assume[entry.name]) for entry in TABLE],
    )
    return HTMLResponse(text)


def dollars(cents: int) -> str:
    """US cents as people read them."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def _card(house: House, base: str, create: Generation) -> Card:
    form = create.order_form
    done = create.state == "completed" and create.deleted_at is None
    now = house.clock.now()
    asset = f"/sandbox/assets/{create.id}"
    facts = [create.model, str(form["resolution"]), f"{form['width']} × {form['height']}", f"{form['frames'] // 24} s"]
    facts += [key.replace("_", " ") for key in form["concepts"]] + (["loop"] if form["loop"] else [])
    frames = [
        f"{label} {form[name]['type']} {str(form[name].get('id') or form[name]['url'].split('?', 1)[0])[-44:]}"
        for name, label in (("frame0", "from"), ("frame1", "to"))
        if form[name]
    ]
    return Card(
        id=create.id,
        state=create.state,
        prompt=str(form["prompt"]),
        facts=facts,
        frames=frames,
        price=dollars(create.cents),
        refunded=create.refunded_cents > 0,
        deleted=create.deleted_at is not None,
        created=iso(create.created_at)[:19].replace("T", " "),
        problem=": ".join(text for text in (create.failure_reason, create.note) if text),
        video=house.signer.url(base, f"{asset}/video.mp4", now) if done else None,
        poster=house.signer.url(base, f"{asset}/poster.jpg", now) if done else None,
    )

"""The page at ``/``: all requests, their results and prices, and how to point a client here."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from luma_sandbox import animatic
from luma_sandbox.agents.conformance import PREFIX as AGENTS
from luma_sandbox.amounts import dollars
from luma_sandbox.assumptions import TABLE
from luma_sandbox.books import Generation
from luma_sandbox.clock import iso
from luma_sandbox.dream_machine import PREFIX, asset_name, server_of
from luma_sandbox.guard import own_machine
from luma_sandbox.inputs import made
from luma_sandbox.picture.caption import not_drawn
from luma_sandbox.server_state import ServerState

SHOWN = 60

router = APIRouter(dependencies=[Depends(own_machine)])
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True)
class Card:
    """One generation on the page."""

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
    left: str
    video: str | None
    image: str | None
    poster: str | None


@router.get("/", response_class=HTMLResponse)
def page(request: Request, server: Annotated[ServerState, Depends(server_of)]) -> HTMLResponse:
    """The page; it reloads itself while something is being made."""
    base = str(request.base_url).rstrip("/")
    creates = server.books.creates()
    account = server.books.account()
    text = templates.get_template("page.html").render(
        cards=[_card(server, base, create) for create in reversed(creates[-SHOWN:])],
        total=len(creates),
        hidden=max(0, len(creates) - SHOWN),
        busy=any(create.state in ("queued", "dreaming") for create in creates),
        balance=_shown(account.balance),
        spent=_shown(account.charged - account.refunded),
        refunded=_shown(account.refunded),
        url=f"{base}{PREFIX}",
        agents=f"{base}{AGENTS}",
        base=base,
        ca=shlex.quote(str(server.certificate.ca)) if server.certificate is not None else "",
        home=str(server.home.root),
        faults=server.faults.report()["faults"],
        assumptions=[(entry, server.options.assume[entry.name]) for entry in TABLE],
    )
    return HTMLResponse(text)


def _card(server: ServerState, base: str, create: Generation) -> Card:
    form = create.order_form
    done = create.state == "completed" and create.deleted_at is None
    now = server.clock.now()
    asset = f"/sandbox/assets/{create.id}"
    still = create.kind == "image"
    return Card(
        id=create.id,
        state=create.state,
        prompt=str(form["prompt"]),
        facts=_facts(create),
        frames=_sources(form),
        price=_shown(create.cents),
        refunded=create.refunded_cents > 0,
        deleted=create.deleted_at is not None,
        created=iso(create.created_at)[:19].replace("T", " "),
        problem=": ".join(text for text in (create.failure_reason, create.note) if text),
        left=not_drawn(animatic.told(create)["not_drawn"] or ()),
        video=server.signer.url(base, f"{asset}/{asset_name(create)}", now) if done and not still else None,
        image=server.signer.url(base, f"{asset}/{asset_name(create)}", now) if done and still else None,
        poster=server.signer.url(base, f"{asset}/poster.jpg", now) if done else None,
    )


def _facts(create: Generation) -> list[str]:
    """The order in a few words."""
    form = create.order_form
    make = str(form.get("make", "video")).replace("agents_", "").replace("_", " ")
    facts = [create.model, make if make != "video" else "", str(form.get("resolution", ""))]
    facts += [
        str(form.get("mode", "")).replace("_", " "),
        str(form.get("aspect_ratio", "")),
        str(form.get("format", "")),
    ]
    if "width" in form and create.kind == "image":
        facts.append(f"{form['width']} × {form['height']}")
    elif "width" in form or (create.inputs or {}).get("source"):
        clip = made(create)
        facts += [f"{clip['width']} × {clip['height']}", f"{clip['frames'] / 24:.3g} s"]
    facts += [key.replace("_", " ") for key in form.get("concepts", ())] + (["loop"] if form.get("loop") else [])
    return [fact for fact in facts if fact]


def _sources(form: Mapping[str, Any]) -> list[str]:
    """The inputs: each with its role, and its id or the end of its URL."""
    named = {"from": form.get("frame0"), "to": form.get("frame1")} | form.get("inputs", {})
    return [
        f"{role} {source['type']} {str(source.get('id') or source.get('url', '').split('?', 1)[0])[-44:]}"
        for role, source in named.items()
        if source
    ]


def _shown(cents: Decimal) -> str:
    """Format US cents for people: `$1,000.00`, `$0.0404`."""
    whole, _, part = dollars(cents).partition(".")
    return f"${int(whole):,}.{part}"

"""The drawing of a person: plain, seen from the front, in the clothes and colours that the prompt gives.

What the prompt leaves open (hair, skin, clothes) follows from the word alone, so that the keeper of one scene is the
keeper of the next. Measured as a prop is, in the person's own height.
"""

from __future__ import annotations

import hashlib

from luma_sandbox.picture.named import Named
from luma_sandbox.picture.prop import Part, box, line, oval, poly
from luma_sandbox.picture.vocabulary import RGB

CHILD = 0.66  # the height of a child
SKINS: tuple[RGB, ...] = ((236, 198, 170), (214, 166, 130), (168, 118, 84), (112, 76, 54))
HAIRS: tuple[RGB, ...] = ((44, 34, 30), (84, 56, 38), (120, 84, 52), (28, 26, 28))
COATS: tuple[RGB, ...] = ((62, 92, 128), (128, 70, 66), (78, 104, 84), (118, 98, 132), (150, 118, 74), (84, 92, 104))
LEGS: tuple[RGB, ...] = ((52, 56, 72), (70, 62, 58), (44, 52, 60))
GREY: RGB = (198, 196, 194)
# The clothes of kinds of people: the part that each word colours.
KITS: dict[str, tuple[str, RGB]] = {
    "navy": ("coat", (34, 46, 82)), "yellow": ("coat", (232, 192, 56)), "white": ("coat", (238, 238, 236)),
    "tan": ("coat", (176, 142, 100)), "orange": ("coat", (226, 124, 44)), "steel": ("coat", (150, 156, 166)),
    "purple": ("coat", (98, 62, 140)), "straw": ("hat", (218, 190, 120)), "yellow-hat": ("hat", (232, 192, 56)),
}  # fmt: skip
HATS: dict[str, RGB] = {
    "cap": (28, 36, 62), "brim": (84, 66, 52), "straw": (218, 190, 120), "yellow-hat": (232, 192, 56), "chef": (244,
        244, 242),
    "hard": (240, 196, 52), "helm": (140, 146, 156), "helmet": (236, 238, 240), "crown": (226, 184, 64),
        "wizard": (84, 52, 126),
    "hat": (84, 66, 52),
}  # fmt: skip


def of(named: Named, number: int = 0) -> tuple[tuple[Part, ...], dict[str, RGB], float]:
    """The parts, the paints and the height of a person; ``number`` tells those of a group apart."""
    drawn = hashlib.sha256(f"{named.word} {number}".encode()).digest()
    sex = named.sex if named.sex != "-" else "fm"[drawn[0] % 2]
    wears = named.wears
    paints = {
        "skin": SKINS[drawn[1] % 4], "hair": HAIRS[drawn[2] % 4], "coat": COATS[drawn[3] % 6],
            "legs": LEGS[drawn[4] % 3],
        "feet": (40, 34, 34), "apron": (236, 230, 216), "scarf": (186, 60, 56), "glasses": (30, 30, 34),
    }  # fmt: skip
    if "old" in wears:
        paints["hair"] = GREY
    for word, (part, colour) in KITS.items():
        if word in wears:
            paints[part] = colour
    hat = next((name for name in HATS if name in wears), "")
    paints.setdefault("hat", HATS.get(hat, (84, 66, 52)))
    paints |= dict(named.parts)
    if "dress" in paints or "shirt" in paints:
        paints["coat"] = paints.get("dress") or paints.get("shirt") or paints["coat"]
    paints.setdefault("beard", paints["hair"])
    child = "child" in wears
    skirt = "dress" in wears or (
        sex == "f" and "coat" not in wears and not wears & {"white", "pack", "orange", "steel"}
    )
    parts = (
        *_below(skirt=skirt, long="coat" in wears or "navy" in wears or "tan" in wears),
        *_above(wears),
        *_head(wears, sex, hat, child=child),
    )
    return parts, paints, CHILD if child else 1.0


def _below(*, skirt: bool, long: bool) -> tuple[Part, ...]:
    """Legs, and the coat or dress over them."""
    hem = 0.24 if skirt else 0.3 if long else 0.43
    wide = 0.17 if skirt else 0.15 if long else 0.125
    legs = "skin" if skirt else "legs"
    inner = 0.06 if skirt else 0.068
    return (
        line(legs, 0.05 if skirt else 0.085, (-inner, 0.45), (-inner, 0.04)), line(legs, 0.05 if skirt else 0.085,
            (inner, 0.45), (inner, 0.04)),
        oval("feet", -inner - 0.015, 0.022, 0.055, 0.024), oval("feet", inner + 0.015, 0.022, 0.055, 0.024),
        line("coat-", 0.062, (-0.125, 0.775), (-0.165, 0.61), (-0.15, 0.47)), line("coat-", 0.062, (0.125, 0.775),
            (0.165, 0.61), (0.15, 0.47)),
        oval("skin", -0.148, 0.45, 0.028), oval("skin", 0.148, 0.45, 0.028),
        poly("coat", (-0.14, 0.79), (-0.06, 0.845), (0.06, 0.845), (0.14, 0.79), (0.115, 0.58), (wide, hem), (-wide,
            hem), (-0.115, 0.58)),
    )  # fmt: skip


def _above(wears: frozenset[str]) -> tuple[Part, ...]:
    """Clothes over the body."""
    found: list[Part] = []
    if wears & {"coat", "navy", "tan"}:
        found += [
            line("coat-", 0.008, (0.0, 0.83), (0.0, 0.31)),
            *(oval("coat-", 0.03, y, 0.011) for y in (0.72, 0.62, 0.52)),
        ]
    if "apron" in wears:
        found += [poly("apron", (-0.07, 0.74), (0.07, 0.74), (0.12, 0.55), (0.12, 0.32), (-0.12, 0.32), (-0.12, 0.55))]
    if "pack" in wears:
        found += [line("r", 0.03, (-0.09, 0.82), (-0.09, 0.6)), line("r", 0.03, (0.09, 0.82), (0.09, 0.6))]
    if "scarf" in wears:
        found += [line("scarf", 0.05, (-0.06, 0.84), (0.06, 0.84)), line("scarf", 0.04, (0.05, 0.83), (0.06, 0.68))]
    return tuple(found)


def _head(wears: frozenset[str], sex: str, hat: str, *, child: bool) -> tuple[Part, ...]:
    """Neck, head, hair, beard, hat."""
    wide, high, y = (0.078, 0.092, 0.925) if child else (0.058, 0.072, 0.92)
    found: list[Part] = []
    long = sex == "f" and hat not in ("helmet", "helm", "chef")
    if long:
        found.append(
            poly(
                "hair",
                (-wide * 1.2, y + 0.02),
                (-wide * 1.45, 0.8),
                (-wide * 0.6, 0.77),
                (wide * 0.6, 0.77),
                (wide * 1.45, 0.8),
                (wide * 1.2, y + 0.02),
            )
        )
    found += [
        box("skin", -0.025, 0.82, 0.025, 0.88),
        oval("hair", 0.0, y + high * 0.22, wide * 1.18, high * 1.0),
        oval("skin", 0.0, y - high * 0.08, wide * 0.98, high * 0.9),
    ]
    if "bald" not in wears:
        found.append(
            poly(
                "hair",
                (-wide * 1.1, y + high * 0.15),
                (-wide * 0.6, y + high * 0.5),
                (wide * 0.7, y + high * 0.62),
                (wide * 1.1, y + high * 0.15),
                (wide * 0.8, y + high * 1.02),
                (-wide * 0.8, y + high * 1.02),
            )
        )
    if "beard" in wears and sex != "f" and not child:
        found.append(
            poly(
                "beard",
                (-wide, y - high * 0.2),
                (-wide * 0.5, y - high * 0.42),
                (wide * 0.5, y - high * 0.42),
                (wide, y - high * 0.2),
                (wide * 0.6, y - high * 1.2),
                (0.0, y - high * 1.5),
                (-wide * 0.6, y - high * 1.2),
            )
        )
    found += [oval("k", x, y, 0.008, 0.01) for x in (-wide * 0.42, wide * 0.42)]
    if "glasses" in wears:
        found += [
            line(
                "glasses",
                0.008,
                (x - 0.018, y),
                (x - 0.01, y + 0.014),
                (x + 0.01, y + 0.014),
                (x + 0.018, y),
                (x, y - 0.014),
                (x - 0.018, y),
            )
            for x in (-wide * 0.42, wide * 0.42)
        ]
    return (*found, *_hat(hat, wide, y + high * 0.42))


def _hat(hat: str, wide: float, y: float) -> tuple[Part, ...]:
    """A hat whose brim is at a height."""
    if not hat:
        return ()
    if hat == "helmet":
        return (
            oval("hat", 0.0, y - 0.03, wide * 1.75, wide * 1.85),
            oval("k", 0.0, y - 0.03, wide * 1.25, wide * 1.15),
            line("g", 0.012, (-wide * 0.7, y), (-wide * 0.2, y + wide * 0.6)),
        )
    if hat == "crown":
        return (
            poly(
                "hat",
                (-wide, y),
                (-wide * 1.1, y + 0.075),
                (-wide * 0.5, y + 0.04),
                (0.0, y + 0.09),
                (wide * 0.5, y + 0.04),
                (wide * 1.1, y + 0.075),
                (wide, y),
            ),
        )
    if hat == "wizard":
        return (oval("hat", 0.0, y, wide * 2.0, 0.02), poly("hat", (-wide, y), (0.02, y + 0.22), (wide, y)))
    if hat == "chef":
        return (
            box("hat", -wide, y, wide, y + 0.06),
            oval("hat", -wide * 0.5, y + 0.085, wide * 0.75, 0.045),
            oval("hat", wide * 0.5, y + 0.085, wide * 0.75, 0.045),
            oval("hat", 0.0, y + 0.1, wide * 0.75, 0.045),
        )
    crown = poly(
        "hat",
        (-wide * 1.08, y),
        (-wide * 0.95, y + 0.055),
        (0.0, y + 0.075),
        (wide * 0.95, y + 0.055),
        (wide * 1.08, y),
    )
    if hat in ("brim", "straw", "yellow-hat", "hat"):
        return (
            oval("hat", 0.0, y, wide * 2.05, 0.02),
            crown,
            line("hat-", 0.014, (-wide * 1.05, y + 0.014), (wide * 1.05, y + 0.014)),
        )
    if hat == "helm":
        return (
            crown,
            box("hat", -wide * 1.12, y - 0.07, -wide * 0.8, y + 0.01),
            box("hat", wide * 0.8, y - 0.07, wide * 1.12, y + 0.01),
            line("r", 0.03, (0.0, y + 0.07), (-0.05, y + 0.13)),
        )
    return (
        crown,
        line("hat-", 0.016, (-wide * 1.05, y + 0.004), (wide * 1.5, y - 0.002)),
        oval("y", 0.0, y + 0.04, 0.012),
    )

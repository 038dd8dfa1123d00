"""An animatic: the people and things that a prompt names, what it says of the others, and transparency."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from luma_sandbox import renderer, stills
from luma_sandbox.agents import painter
from luma_sandbox.picture import lexicon, mood, scenery, stage, vocabulary
from luma_sandbox.picture.caption import caption, not_drawn
from luma_sandbox.picture.motion import View
from luma_sandbox.picture.plain_words import PLAIN
from luma_sandbox.picture.reading import MOST, read
from luma_sandbox.picture.things import DRAWINGS
from tests.support.decoding import score
from tests.support.sandbox_in_process import Sandbox

SIZE = (480, 270)
RED, BLUE = vocabulary.COLOURS["red"], vocabulary.COLOURS["blue"]


def drawn(prompt: str, before: tuple[str, ...] = ()) -> list[str]:
    """The drawings of a prompt, each with the word for who rides it."""
    return [
        f"{named.drawing} with {named.rider.word}" if named.rider else named.word if named.person else named.drawing
        for named in read(prompt, before).things
    ]


def near(image: Image.Image, colour: tuple[int, int, int], within: int = 60) -> float:
    """The share of a picture's pixels near a colour."""
    pixels = np.asarray(image.convert("RGB"), np.int16)
    return float((np.abs(pixels - np.asarray(colour)).max(axis=-1) < within).mean())


def painted(prompt: str, **more: Any) -> Image.Image:
    """The scene of a prompt, as a still shows it."""
    return stage.at_rest(scenery.paint(prompt, SIZE, **more)).to_rgb()


def transparent(folder: Path) -> dict[str, Any]:
    """A PNG with a blue disc on nothing, as an input."""
    image = Image.new("RGBA", (320, 180), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((110, 40, 210, 140), fill=(*BLUE, 255))
    image.save(folder / "disc.png")
    return {"kind": "image", "path": str(folder / "disc.png")}


@pytest.mark.parametrize(
    ("prompt", "shows", "not_shown"),
    [
        ("A woman in a green raincoat walks into a coffee shop", ["woman"], []),
        ("The old keeper reads the lighthouse keeper's log and plays an accordion", ["keeper"],
         ["lighthouse keeper's log", "accordion"]),
        ("A woman with red hair drives a blue car along the coast", ["car with woman"], []),
        ("Two dogs, a cat and three birds in a meadow", ["dog", "cat", "bird"], []),
        ("The captain sails a boat into the fog", ["boat with captain"], []),
        ("A child flies a kite in a meadow", ["child", "kite"], []),
        ("A stone bridge over a mountain stream", ["bridge", "puddle"], []),
        ("No people, an empty street without cars or trees, like a dream of horses", [], []),
        ("The camera pans slowly over the hills, cinematic, shallow depth of field", [], []),
        ("The baker kneads dough while a cat watches from the windowsill", ["baker", "cat"], ["dough"]),
        ("A courier on a bicycle speeds past, a train in a blue tunnel", ["bicycle with courier", "train"], ["tunnel"]),
        ("Drone shot of a road through the forest without rain", ["path"], []),
        ("A hand opens the door", ["door"], ["hand"]),
        ("She lights the lamp and the boat rocks gently", ["she", "lamp", "boat"], []),
        ("Maya, a young woman with short black hair, turns; Maya smiles", ["maya"], []),
        ("A xylophone and a theremin on a table", ["table"], ["xylophone", "theremin"]),
    ],
)  # fmt: skip
def test_what_is_named_is_drawn_or_told(prompt: str, shows: list[str], not_shown: list[str]) -> None:
    """People, animals, vehicles and things that are named are drawn, others are told, and none is made up."""
    seen = mood.read(prompt)
    assert drawn(prompt) == shows
    assert list(seen.left) == not_shown


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from([*lexicon.THINGS, *lexicon.KINDS, *lexicon.WORN, *lexicon.VERBS, *vocabulary.COLOURS,
                                "the", "a", "with", "in", "and", "no", "she", "its", "keeper's", "2", "²", ",", "."]))
      .map(" ".join)
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_prompt_is_read(prompt: str) -> None:
    """Whatever a prompt says, it is read: at most 8 drawings, each of them known, riders not drawn twice."""
    seen = mood.read(prompt, 1, ("A woman in a red coat drives a car",))
    assert len(seen.cast) <= MOST
    assert all(named.person or named.drawing in DRAWINGS for named in seen.cast)
    riders = [named.rider for named in seen.cast if named.rider is not None]
    assert not any(rider is named for rider in riders for named in seen.cast)


@pytest.mark.parametrize("size", [(32, 18), (126, 294), (630, 270), (64, 64)])
def test_every_shape_of_picture(size: tuple[int, int]) -> None:
    """A crowded scene is painted in any size and shape, and seen at any moment of its move."""
    prompt = (
        "Five women with umbrellas run across a bridge, a boy rides a horse, a train, an elephant, three boats, "
        "a balloon, a castle and a cat"
    )
    for place in ("at the sea", "in the kitchen on a table", "on a white background", "in space"):
        scene = scenery.paint(f"{prompt} {place}", size)
        for moment in (0.0, 1.0):
            assert scene.seen(View(x=0.1, roll=4.0), moment).size == size


def test_colours_belong_to_what_they_describe() -> None:
    """A colour goes to the clothes, hair or thing behind it, and says nothing about the light then."""
    (car,) = read("A woman with red hair and a white coat drives a blue car at night").things
    assert car.colour == BLUE
    assert car.rider is not None
    assert dict(car.rider.parts) == {"hair": vocabulary.RED_HAIR, "coat": vocabulary.COLOURS["white"]}
    assert mood.read("a grey dog and a golden bell at dawn in the blue car").light == "dawn"


def test_a_place_that_is_not_painted_is_told() -> None:
    """Of two places one is painted; the other, and a weather that is not seen, are not drawn."""
    seen = mood.read("waves on the beach, far away a forest")
    assert (seen.place, seen.left) == ("sea", ("forest",))
    assert mood.read("rain on a starship in space").left == ("rain",)
    assert mood.read("stars over the sea at night").left == ()
    assert mood.read("noon, a bright sunny day, stars over the sea").left == ("stars",)


def test_every_word_has_a_drawing() -> None:
    """Each row of the table of things is drawn, each drawing has a word, and each verb an action."""
    assert set(vocabulary.THINGS) == set(DRAWINGS)
    assert set(vocabulary.VERBS) == set(vocabulary.ACTIONS)
    assert {prop.home for prop in DRAWINGS.values()} - {""} <= set(scenery.PLACES)
    assert not {"the", "a", "of"} & set(lexicon.THINGS)


@pytest.mark.parametrize("word", sorted(vocabulary.THINGS))
def test_each_thing_is_seen(word: str) -> None:
    """A thing on a plain ground changes the picture where it stands, and its colour is seen where one is given."""
    first = vocabulary.THINGS[word].split()[0].replace("_", " ")
    bare = np.asarray(painted("nothing on a white background"), np.int16)
    with_it = np.asarray(painted(f"a {first} on a white background"), np.int16)
    assert (np.abs(with_it - bare).max(axis=-1) > 12).mean() > 0.001, first


def test_plurals_and_forms() -> None:
    """Plurals are the same drawings, more of them; what has only a plural is one."""
    assert [named.count for named in read("three women, boats, a dog and stairs").things] == [3, 3, 1, 1]
    assert drawn("wolves and geese and children") == ["wolf", "duck", "child"]
    assert "walk" in PLAIN


def test_the_coat_has_its_colour() -> None:
    """A red coat is red in the picture, a blue one blue."""
    red, blue = (painted(f"a woman in a {colour} coat on a white background") for colour in ("red", "blue"))
    assert near(red, RED) > 0.01 > near(blue, RED)
    assert near(blue, BLUE) > 0.01 > near(red, BLUE)


def test_the_caption_says_what_is_not_drawn(tmp_path: Path) -> None:
    """A clip's caption has a line with what is not drawn; one that shows all has none; a long one ends in a number."""
    assert not_drawn(()) == ""
    assert not_drawn(["accordion", "log"]) == "not drawn: accordion, log"
    plain, told = (caption((480, 270), "A prompt", "FACTS", note) for note in ("", "not drawn: accordion"))
    assert told.top < plain.top
    long = [f"thing number {number}" for number in range(40)]
    assert caption((480, 270), "A prompt", "FACTS", not_drawn(long)).letters.size[0] == 480
    clips = [renderer.compose(score(tmp_path, prompt=prompt)) for prompt in ("a dog", "a dog, an accordion")]
    tops = [clip.caption.top for clip in clips if clip.caption is not None]
    assert tops[1] < tops[0]


def test_a_walker_moves_and_a_loop_has_no_seam(tmp_path: Path) -> None:
    """A runner is elsewhere at the end under a static camera; in a loop nobody leaves."""
    prompt = "a man in a red coat runs on a white background"
    work = renderer.compose(score(tmp_path, prompt=prompt, concepts=["static"], width=480, height=270))
    places = []
    for index in (5, 115):
        pixels = np.asarray(work.frame(index, captioned=False).to_rgb(), np.int16)
        places.append(float(np.argwhere(np.abs(pixels - RED).max(axis=-1) < 60)[:, 1].mean()))
    assert abs(places[1] - places[0]) > 0.25 * 480
    around = renderer.compose(score(tmp_path, prompt=prompt, loop=True, width=480, height=270))
    last, first, second = (
        np.asarray(around.frame(index, captioned=False).y, np.float64) for index in (119, 0, 1)
    )  # fmt: skip
    assert np.abs(last - first).mean() < 1.5 * np.abs(first - second).mean() + 1


def test_a_continuation_goes_on_with_the_same_subject(tmp_path: Path) -> None:
    """A pronoun is the person of the clip before, as she looked there; without a subject the one of before stays; the
    first frame is the parent's last."""
    before = ("Maya, a woman with red hair and a green raincoat, stands on the shore at dusk",)
    (she, path) = read("She walks up the path", before).things
    assert (she.word, dict(she.parts)["coat"]) == ("maya", vocabulary.COLOURS["green"])
    assert path.drawing == "path"
    assert drawn("The sky turns to gold", before) == ["maya"]
    (still_she, _) = read("She opens her laptop", (*before, "She orders a latte", "The sky turns to gold")).things
    assert (still_she.word, still_she.parts) == (she.word, she.parts)
    (driver,) = read("He gets out", ("A man in a blue coat drives a car",)).things
    assert dict(driver.parts)["coat"] == BLUE
    again = mood.read("The sky turns to gold", 1, before)
    assert (again.place, again.light) == ("sea", "dusk")
    first = score(tmp_path, "first", prompt=before[0], coarse=True, frames=24)
    renderer.render(first)
    start = {"kind": "clip", "path": first["out"]}
    told, plain = (
        renderer.compose(score(tmp_path, "next", prompt="She walks up the path", coarse=True, start=start | more))
        for more in ({"told": list(before)}, {})
    )
    assert told.frame(0).to_bytes() == plain.frame(0).to_bytes() == stage.at_rest(told.acts[0].stage).to_bytes()
    assert told.frame(110).to_bytes() != plain.frame(110).to_bytes()


@pytest.mark.parametrize(
    ("prompt", "corner"),
    [
        ("a ball on red", RED), ("a ball against a plain blue backdrop", BLUE), ("a ball rolls", (255, 255, 255)),
        ("a black background, a ball", vocabulary.COLOURS["black"]),
    ],
)  # fmt: skip
def test_transparency_lies_on_what_the_prompt_asks(tmp_path: Path, prompt: str, corner: tuple[int, int, int]) -> None:
    """A start image, an end image and a reference with transparent parts lie on the colour that is asked, or white."""
    disc = transparent(tmp_path)
    for edge, index in (("start", 0), ("end", 119)):
        changes: dict[str, Any] = {edge: disc}
        shown = renderer.compose(score(tmp_path, prompt=prompt, width=480, height=270, **changes)).frame(index).to_rgb()
        assert near(shown.crop((0, 0, 60, 60)), corner, 8) == 1.0
        assert near(shown.crop((230, 125, 250, 145)), BLUE, 12) == 1.0
    whole = stills.opened(disc, stills.ground_of({"prompt": prompt}))
    assert near(whole.crop((0, 0, 60, 60)), corner, 8) == 1.0


def test_transparency_lies_on_the_place_that_is_named(tmp_path: Path) -> None:
    """In front of the sea means the sea, without the ball that the prompt names; in a reference of a still too."""
    disc = transparent(tmp_path)
    shown = renderer.compose(score(tmp_path, prompt="a ball at the sea", width=480, height=270, start=disc)).frame(0)
    empty = stage.at_rest(scenery.setting("a ball at the sea", SIZE)).to_rgb()
    strip = (0, 0, 120, 270)
    close = np.abs(np.asarray(shown.to_rgb().crop(strip), np.int16) - np.asarray(empty.crop(strip), np.int16))
    assert close.mean() < 3
    form = {"make": "image", "prompt": "on red", "width": 480, "height": 270, "format": "png"}
    still = stills.still(form | {"inputs": {"image_ref.0": disc}})
    assert near(still, RED, 30) > 0.05
    painter.image(form | {"inputs": {"image_ref.0": disc}}, tmp_path / "still.png", lambda: None)
    assert near(Image.open(tmp_path / "still.png"), RED, 30) > 0.05


def test_pictures_do_not_depend_on_the_process(tmp_path: Path) -> None:
    """Two processes with other hash seeds draw the same frame."""
    program = (
        "import hashlib; from luma_sandbox.picture import scenery, stage;"
        "s = scenery.paint('an old captain with a white beard, a red scarf and glasses drives a car', (240, 136));"
        "print(hashlib.sha256(stage.at_rest(s).to_bytes()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    assert len(seen.pop().strip()) == hashlib.sha256().digest_size * 2


async def test_the_books_say_what_is_drawn(unrendered: Sandbox) -> None:
    """`/sandbox/books` and the page say what is drawn and what is not, the APIs do not; a given picture is not told."""
    made = await unrendered.create(prompt="A woman plays the accordion on the beach")
    await unrendered.finish(made)
    child = await unrendered.create(
        prompt="She rows a boat", keyframes={"frame0": {"type": "generation", "id": str(made.id)}}
    )
    image: Any = {"frame0": {"type": "image", "url": "http://127.0.0.1:1/a.png"}}
    await unrendered.create(prompt="A woman plays the accordion", keyframes=image)
    answer = await unrendered.http.get("/sandbox/books")
    told = [create["animatic"] for create in answer.json()["creates"]]
    assert told[0] == {"drawn": ["woman"], "not_drawn": ["accordion"]}
    assert told[2] == {"drawn": None, "not_drawn": None}
    assert "animatic" not in made.to_dict()
    await unrendered.finish(child)
    later = (await unrendered.http.get("/sandbox/books")).json()["creates"][1]["animatic"]
    assert later == {"drawn": ["woman", "boat"], "not_drawn": []}
    assert "not drawn: accordion" in (await unrendered.http.get("/")).text

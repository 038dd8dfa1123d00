"""The places of narrative prompts: what a prompt names is drawn or told, and nothing is drawn that it does not name."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from luma_sandbox.picture import casting, mood, scenery, stage
from luma_sandbox.picture.easel import Easel
from luma_sandbox.picture.interior import SERVES
from luma_sandbox.picture.named import behind
from luma_sandbox.picture.vocabulary import PLACES, PLAIN_PLACE, SUGGESTED

SIZE = (320, 180)
#: A prompt, the place and light of its picture, its people and things, and what is told as not drawn.
NARRATIVE = [
    ("A gull lands on a harbour wall at dawn", "sea", ["bird", "wall"], []),
    ("A lantern swings in the wind outside a fisherman's hut on the coast", "sea", ["lantern", "house"], []),
    ("An old man sits on a bench under a lamp in the park at night", "meadow", ["man", "bench", "lamp"], []),
    ("A church stands on a hill above the village", "meadow", ["church", "house"], []),
    ("A boy skips a stone across the lake at sunset", "sea", ["boy", "rock"], []),
    ("Two lovers dance in a ballroom", "room", ["lovers"], ["ballroom"]),
    ("A knight rides a horse towards a castle on a hill", "meadow", ["horse with knight", "castle"], []),
    ("A fox crosses a snowy road", "mountains", ["fox", "path"], []),
    ("A lone cactus in the desert at noon", "desert", ["cactus"], []),
    ("A grandmother kneads bread in her kitchen", "room", ["grandmother", "bread"], []),
    ("A detective lights a cigarette in a dark alley, rain", "city", ["detective"], ["cigarette"]),
    ("A train arrives at a small mountain station in winter", "mountains", ["train"], ["mountain station"]),
    ("A cup of coffee steams on a table in a garden", "meadow", ["cup", "table", "garden"], []),
    ("The captain stands at the bow of a ship in a storm", "sea", ["captain", "ship"], []),
    ("A scientist looks through a microscope in a laboratory", "room", ["scientist"], ["microscope", "laboratory"]),
    ("An astronaut walks on the moon", "space", ["astronaut"], []),
    ("A deer drinks from a stream in the forest", "forest", ["deer", "puddle"], []),
    ("A girl runs down the stairs of a lighthouse", "sea", ["girl", "stairs", "lighthouse"], []),
    ("A bed stands in the middle of a field of flowers", "meadow", ["bed"], []),
    ("A market in Marrakesh, spices and lanterns", "city", ["shopfront", "lantern"], ["Marrakesh", "spices"]),
    ("A wolf howls at the moon on a cliff", "mountains", ["wolf", "cliff"], []),
    ("A courtroom falls silent", "room", [], ["courtroom"]),
    ("A diver swims through a coral reef", "sea", ["diver"], ["coral reef"]),
    ("A wall of ivy behind a garden gate", "meadow", ["wall", "door"], ["ivy"]),
    ("A surgeon washes her hands in a hospital", "room", ["surgeon"], ["hospital"]),
    ("A child blows out the candles on a birthday cake", "studio", ["child", "candle", "cake"], []),
    ("A tiger moves through the jungle", "forest", ["lion"], []),
    ("A teacher writes on a blackboard in a classroom", "room", ["teacher"], ["blackboard", "classroom"]),
    ("Smoke rises from a volcano", "studio", [], ["volcano"]),
    ("A dog waits by the door of a cottage in the rain", "meadow", ["dog", "door", "house"], []),
    ("A window opens onto the sea", "sea", ["window"], []),
    ("A soldier walks through a trench in the fog", "meadow", ["soldier"], ["trench"]),
    ("A violinist plays on a rooftop in Paris", "city", ["violinist"], ["Paris"]),
    ("Waves crash against the rocks below the lighthouse", "sea", ["rock", "lighthouse"], []),
    ("A woman reads a letter by the window of a train", "room", ["woman", "letter", "window", "train"], []),
    ("A camel caravan crosses the dunes at dusk", "desert", ["camel"], []),
    ("A cyclist rides along a canal in Amsterdam", "studio", ["cyclist"], ["canal", "Amsterdam"]),
    ("The sun rises over a field of wheat", "meadow", [], ["wheat"]),
    ("A farmer leads his cow through the barn", "meadow", ["farmer", "cow", "house"], []),
    ("A cat sleeps on the sofa in front of the fireplace", "room", ["cat", "sofa", "fire"], []),
    ("A bride throws her bouquet outside a cathedral", "meadow", ["bride", "bouquet", "church"], []),
    ("A rocket stands on the launch pad at night", "space", ["rocket"], ["pad"]),
    ("A monk rings the bell of a temple in the mountains", "mountains", ["monk", "church"], ["bell"]),
    ("An empty swimming pool behind a motel", "studio", [], ["pool", "motel"]),
    ("A bar of soap floats in a bathtub", "room", [], ["soap", "bathtub"]),
    ("Children build a snowman in the schoolyard", "mountains", ["child", "snowman"], ["schoolyard"]),
    ("A boat is tied to a wooden pier, mist over the water", "sea", ["boat", "pier"], []),
    ("A chess board on a table in a park", "meadow", ["table"], ["chess"]),
    ("A thief climbs over the garden wall at midnight", "meadow", ["thief", "wall"], []),
    ("A robot repairs a satellite in orbit", "space", ["robot"], ["satellite", "orbit"]),
    ("A raven sits on a gravestone in the cemetery", "meadow", ["bird"], ["gravestone", "cemetery"]),
    ("An elevator door opens in an office tower", "room", ["door", "tower"], []),
    ("A gondola glides under a bridge in Venice", "sea", ["rowboat", "bridge"], ["Venice"]),
    ("A queen sits on her throne in the great hall", "room", ["queen", "chair"], ["hall"]),
    ("A storm gathers over the prairie", "meadow", [], []),
    ("A submarine dives beneath the ice", "sea", ["ship"], ["ice"]),
    ("A piano in an abandoned theatre", "room", ["piano"], ["theatre"]),
    ("A shop window in the snow, a boy looks at the toys", "room", ["window", "boy"], ["toys"]),
    ("A wedding party on the beach", "sea", [], []),
    ("A waiter carries a tray through a busy restaurant", "room", ["waiter"], ["tray"]),
    ("A miner with a lamp walks into a cave", "studio", ["miner", "lamp"], ["cave"]),
    ("A waterfall in the jungle", "forest", ["waterfall"], []),
    ("The carpenter planes a plank in his workshop", "room", ["carpenter"], ["plank", "workshop"]),
    ("A plane crosses the sky above the city", "city", ["plane"], []),
    ("A street musician plays guitar under a bridge", "city", ["musician", "guitar", "bridge"], []),
    ("Moonlight falls through the bars of a prison cell", "room", [], ["moonlight", "prison cell"]),
    ("A whale leaps beside a small boat", "sea", ["whale", "boat"], []),
    ("A river winds through a green valley", "mountains", ["puddle"], []),
    ("A lighthouse keeper climbs the stairs with a lantern", "sea", ["keeper", "stairs", "lantern"], []),
    ("A crowd crosses the square in front of the station", "city", ["crowd"], ["station"]),
    ("A tractor ploughs a field at sunset, gulls follow", "meadow", ["tractor", "bird"], []),
    ("A swan on a pond in the park", "meadow", ["duck", "puddle"], []),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "place", "shows", "not_shown"), NARRATIVE)
def test_a_prompt_is_drawn_where_it_says(prompt: str, place: str, shows: list[str], not_shown: list[str]) -> None:
    """A place that is named is painted, whatever things in it stand elsewhere, too; without one a plain backdrop is."""
    seen = mood.read(prompt)
    cast = [
        (named.word if named.person else named.drawing) + (f" with {named.rider.word}" if named.rider else "")
        for named in seen.cast
    ]
    assert (seen.place, cast, list(seen.left)) == (place, shows, not_shown)


def test_a_thing_outvotes_no_place() -> None:
    """However many words for a café's things a prompt has, the place that it names is painted."""
    things = "a table, a lamp, a cup, a mug, a sofa, a bed, a window, a wall, a lantern"
    for place, word in (("sea", "harbour"), ("meadow", "park"), ("city", "street"), ("forest", "forest")):
        assert mood.read(f"{things} in the {word}").place == place
    assert mood.read("A captain drinks from a cup").place == "room"
    for place, row in SUGGESTED.items():
        assert not set(row.split()) & set(PLACES[place].split())


@pytest.mark.parametrize("prompt", ["She smiles", "A courtyard wall", "Everything changes", "Two friends laugh"])
def test_no_place_is_made_up(prompt: str) -> None:
    """A prompt without a place is drawn on a backdrop, in every take."""
    assert {mood.read(prompt, take).place for take in (1, 2, 3)} == {PLAIN_PLACE}


def painted(prompt: str) -> NDArray[np.int16]:
    """The scene of a prompt at rest."""
    return np.asarray(stage.at_rest(scenery.paint(prompt, SIZE)).to_rgb(), np.int16)


def test_a_room_is_a_cafe_only_where_it_is_named() -> None:
    """Lamps, bottles and the cup are painted where something is served, and in no other room; the world with a ring
    where a world is named; ships, birds and trees where they are."""
    assert not SERVES & {"room", "kitchen", "hospital", "wall"}
    for bare, full in (
        ("A hospital room", "A hospital room, a bar"), ("Silent space", "Silent space, planets"),
        ("The open sea", "The open sea, a boat"), ("A wide field", "A wide field, a tree"),
    ):  # fmt: skip
        difference = np.abs(painted(bare) - painted(full)).max(axis=-1)
        assert (difference > 12).mean() > 0.01


def test_a_place_stays_until_another_is_named() -> None:
    """A clip that goes on stays where its parent was painted, though a thing in it suggests another place."""
    harbour = "A gull lands on a harbour wall at dawn"
    assert mood.read("She drinks from a cup of coffee", 1, (harbour,)).place == "sea"
    assert mood.read("She enters the kitchen", 1, (harbour,)).place == "room"
    assert mood.read("The dog sleeps", 1, ("A dog runs", "It barks")).place == "meadow"


def test_a_figure_stands_for_the_person_that_it_shows() -> None:
    """Behind a character's figure nobody is drawn for the same person; others, and things, stay."""
    told = "Maya greets Anna and a man with a dog on the shore. a woman with dark brown hair and a red scarf."
    assert [named.word for named in behind(mood.read(told).cast)] == ["anna", "man", "dog"]
    assert mood.read(told).light != "night"
    assert behind(mood.read("A dog on the shore").cast) == mood.read("A dog on the shore").cast


@pytest.mark.parametrize("take", range(1, 9))
def test_who_goes_stays_in_the_picture(take: int) -> None:
    """Someone at the edge goes towards the middle, unless the prompt says where to."""
    easel = Easel(SIZE, mood.read("She walks along the beach, past boats and nets", take))
    for layer in (found for layers in casting.layers(easel) for found in layers):
        if layer.travel[0] and layer.region is not None:
            middle = (layer.region[0] + layer.region[2]) / 2 / easel.canvas[0]
            assert 0 < middle + layer.travel[0] < 1

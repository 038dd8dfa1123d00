"""The words that the animatic knows, as tables: places, light, weather, people, things, clothes, colours, actions.

Each row is a drawing (or a kind of word) and the words that stand for it, in the singular; plurals are found by rule
(see ``base``). What is drawn for a word is in people.py and things.py. Imports nothing,
    so that the server can tell what
a prompt's picture shows without loading a painter.
"""

from __future__ import annotations

RGB = tuple[int, int, int]


def words(text: str) -> frozenset[str]:
    """The words of a row."""
    return frozenset(text.split())


# Words that name a place. What merely stands in some place names none: a wall is in a harbour, a lamp in a park.
PLACES: dict[str, str] = {
    "room": "cafe café shop kitchen room office bar diner library restaurant bakery interior bedroom workshop studio "
    "indoors classroom hospital museum stairwell corridor hallway attic cellar basement bathroom parlour parlor salon "
    "hotel lobby laboratory lab gallery theatre theater prison ballroom courtroom hall tavern pub inn saloon ward gym "
    "nursery canteen cafeteria supermarket store cinema",
    "city": "city street tokyo alley skyline urban downtown rooftop rooftops york london paris berlin metropolis "
    "sidewalk crosswalk cyberpunk station streets avenue boulevard pavement plaza square town alleyway market subway",
    "forest": "forest woods wood jungle grove woodland forests rainforest",
    "sea": "sea ocean beach coast waves wave harbor harbour lake water cliffside bay lagoon cove coves seaside "
    "seashore port shore beaches island underwater reef venice",
    "desert": "desert dune dunes sahara wasteland oasis mars",
    "space": "space galaxy planet planets nebula cosmos moonbase saturn interstellar orbital orbit",
    "mountains": "mountain mountains alps valley peak peaks glacier ridge summit himalaya fjord",
    "meadow": "field fields meadow farm village countryside garden hill hills orchard park lawn meadows prairie "
    "vineyard farmyard pasture cemetery graveyard",
}
# Words for what tends to be in a place, heard only where no place is named.
SUGGESTED: dict[str, str] = {
    "room": "coffee barista bartender counter table desk cup mug sofa booth fireplace bed window windowsill "
    "bookshelf armchair bathtub sink waiter waitress",
    "city": "neon building buildings traffic skyscraper skyscrapers taxi parking pedestrian shopfront",
    "forest": "trees redwood pines ferns moss bamboo canopy deer",
    "sea": "boat ship sail sailing lighthouse pier jetty quay whale fisherman ferry boats ships dolphin shark river "
    "sailor",
    "desert": "sand camel caravan cactus",
    "space": "starship spaceship astronaut comet asteroid spacecraft satellite",
    "mountains": "snow snowy cliff cliffs climber hiker waterfall",
    "meadow": "tree road train grass flower flowers horse wheat barn windmill balloon path cottage lane stream pond",
}
# Of the words for places, those that a place's picture shows. In a picture of another place they are not drawn.
SHOWN: dict[str, str] = {
    "room": "cafe shop coffee_shop kitchen room office bar diner restaurant bakery interior windowsill studio "
    "living_room hotel_room lobby floor pane",
    "city": "city street alley skyline building rooftop sidewalk crosswalk avenue boulevard pavement plaza "
    "square downtown metropolis town alleyway block",
    "forest": "forest jungle redwood grove woodland fern canopy trunk rainforest bough leaf",
    "sea": "sea ocean beach coast wave bay shore water seaside lake lagoon seashore beam",
    "desert": "desert dune sahara sand wasteland crest",
    "space": "space galaxy planet nebula cosmos saturn star",
    "mountains": "mountain alp valley peak ridge summit himalaya slope range forest",
    "meadow": "field meadow grass hill countryside lawn prairie park",
    "studio": "background backdrop",
}
PLAIN_PLACE = "studio"  # a backdrop of one colour, for things that are named without a place
SKY = "sky sun moon star cloud horizon sunset sunrise sunlight moonlight sunshine starlight sunbeam"

LIGHTS: dict[str, str] = {
    "neon": "neon cyberpunk",
    "night": "night midnight moonlight moonlit moon stars starry nocturnal dark darkness",
    "dawn": "dawn sunrise morning early daybreak",
    "dusk": "dusk sunset golden evening twilight sundown warm candlelight",
    "storm": "storm stormy grey gray overcast noir gloomy thunder bleak",
    "day": "day noon sunny bright blue daylight afternoon summer spring",
}
WEATHERS: dict[str, str] = {
    "rain": "rain rainy raining storm stormy wet drizzle downpour",
    "snow": "snow snowy snowing blizzard winter snowflake snowflakes snowfall",
    "fog": "fog foggy mist misty haze hazy",
}

COLOURS: dict[str, RGB] = {
    "red": (198, 40, 40), "scarlet": (206, 32, 38), "crimson": (164, 22, 48), "orange": (232, 122, 32),
    "amber": (238, 164, 44), "yellow": (242, 204, 52), "gold": (222, 176, 64), "golden": (222, 176, 64),
    "green": (58, 138, 72), "olive": (112, 116, 54), "mint": (150, 214, 178), "turquoise": (54, 186, 184),
    "teal": (28, 124, 128), "cyan": (60, 190, 214), "blue": (44, 92, 178), "navy": (28, 42, 92),
    "indigo": (62, 48, 140), "purple": (116, 58, 150), "violet": (128, 76, 172), "lilac": (188, 158, 214),
    "lavender": (186, 170, 220), "magenta": (206, 42, 142), "pink": (238, 140, 172), "brown": (114, 74, 46),
    "tan": (190, 150, 108), "beige": (216, 198, 166), "cream": (240, 228, 200), "ivory": (240, 234, 214),
    "white": (244, 244, 242), "silver": (190, 196, 204), "grey": (134, 138, 144), "gray": (134, 138, 144),
    "charcoal": (58, 60, 66), "black": (32, 32, 38), "maroon": (110, 26, 40), "khaki": (170, 158, 112),
    "copper": (178, 104, 62), "bronze": (150, 112, 62), "wooden": (134, 90, 54),
}  # fmt: skip
# The colour of what a word means, where the prompt gives none.
TINTS: dict[str, RGB] = {
    "taxi": (242, 196, 48), "cab": (242, 196, 48), "gull": (236, 238, 240), "seagull": (236, 238, 240), "dove": (240,
        240, 238),
    "crow": (30, 30, 36), "raven": (30, 30, 36), "robin": (186, 84, 52), "parrot": (62, 150, 72), "sunflower": (242,
        192, 44),
    "daisy": (244, 244, 240), "tulip": (222, 76, 84), "poppy": (214, 44, 40), "tiger": (226, 132, 48), "panther": (40,
        40, 46),
    "orca": (36, 38, 46), "shark": (104, 114, 124), "peach": (240, 160, 110), "kettle": (150, 156, 164),
        "ambulance": (240, 240, 240),
    "skyscraper": (104, 124, 146), "panda": (232, 232, 228), "goldfish": (238, 132, 40), "salmon": (220, 130, 110),
}  # fmt: skip
HAIR: dict[str, RGB] = {
    "blonde": (222, 186, 108), "blond": (222, 186, 108), "brunette": (84, 54, 36), "redhead": (176, 74, 32),
    "ginger": (190, 92, 40),
}  # fmt: skip
RED_HAIR: RGB = (176, 64, 30)

# Kinds of people: sex (f, m, or - where the word leaves it open), what they wear, and their words.
PEOPLE: tuple[tuple[str, str, str], ...] = (
    ("f", "", "woman lady heroine actress wife mother mum mom sister aunt waitress bride widow maid nun businesswoman"),
    ("f", "old", "grandmother grandma granny"),
    ("m", "", "man gentleman guy hero actor husband father dad brother uncle fellow businessman groom monk priest "
        "lover"),
    ("m", "old", "grandfather grandpa"),
    ("f", "child", "girl daughter schoolgirl"),
    ("m", "child", "boy son schoolboy"),
    ("-", "child", "child kid toddler baby pupil"),
    ("-", "", "person people figure stranger traveler traveller wanderer passenger passerby pedestrian friend "
        "neighbour neighbor customer guest tourist visitor villager writer author artist painter sculptor "
        "photographer dancer musician singer guitarist violinist pianist drummer teacher student worker clerk "
        "lawyer runner jogger teen teenager youth adult human character protagonist twin partner owner mechanic "
        "scientist engineer inventor journalist librarian gardener commuter shopper couple family crowd lovers "
        "audience team diver thief burglar pirate shepherd nomad hunter ballerina judge swimmer"),
    ("f", "crown", "queen princess"), ("m", "crown", "king prince emperor"),
    ("-", "cap navy beard", "keeper captain seaman sailor skipper conductor admiral"),
    ("-", "cap navy", "policeman policewoman officer cop guard driver pilot postman courier chauffeur cyclist "
        "biker"),
    ("-", "yellow-hat yellow beard", "fisherman"),
    ("-", "apron", "barista baker waiter bartender blacksmith butcher shopkeeper florist potter carpenter cook barber"),
    ("-", "chef white", "chef"), ("-", "white", "doctor nurse surgeon dentist"),
    ("-", "brim tan", "detective cowboy explorer spy"), ("-", "brim straw", "farmer"),
    ("-", "pack", "hiker climber mountaineer backpacker"), ("-", "hard orange",
        "miner builder workman firefighter fireman"),
    ("-", "helmet white", "astronaut cosmonaut spaceman"), ("-", "helm steel", "knight soldier warrior samurai"),
    ("-", "wizard purple", "wizard witch magician sorcerer"),
)  # fmt: skip
NAMES_F = (
    "maya anna anne alice amelia ana ava bella carla chloe clara claire diana ella ellen elena emily emma eva "
    "fatima grace hannah helen ida ines isabel jane jessica julia kate laura lena lily lisa lucy luna mara maria "
    "marie martha mary mia mina nadia nina nora olivia rosa ruth sara sarah sofia sophie stella susan zoe yuki mei"
)
NAMES_M = (
    "adam ahmed alex ali andrew anton ben carlos charlie daniel david diego elias emil eric felix frank george hans "
    "henry hugo ivan jack jacob jakob james jan joe john jonas josef juan karl kenji leo liam louis lucas luis luke "
    "marco martin max michael mohammed noah oliver omar oscar paul pedro peter robert sam samuel simon theo thomas "
    "tim tom victor walter william"
)
PRONOUNS = {
    "she": "f", "her": "f", "hers": "f", "herself": "f", "he": "m", "him": "m", "his": "m", "himself": "m",
    "they": "-", "them": "-", "their": "-", "themselves": "-", "it": "it", "its": "it", "itself": "it",
}  # fmt: skip
GROUPS = {"couple": 2, "twin": 2, "lovers": 2, "family": 3, "team": 3, "crowd": 5, "audience": 5, "people": 3}
# Parts of a person, which are there where the person is; and clothes, by the part of the drawing that they colour.
BODY = (
    "hand face eye finger arm leg foot head shoulder lip back mouth nose ear cheek palm fist hip skin neck body "
    "heel toe beard moustache"
)
WORN: dict[str, str] = {
    "coat": "coat raincoat jacket trenchcoat overcoat parka cardigan anorak cloak cape robe uniform suit overall "
    "overalls jumpsuit tuxedo oilskin poncho kimono spacesuit dungarees",
    "shirt": "shirt sweater jumper pullover hoodie blouse tshirt vest",
    "dress": "dress gown",
    "legs": "trousers jeans pants shorts skirt leggings",
    "hair": "hair haired braid ponytail curls locks",
    "hat": "hat cap beanie helmet hood fedora beret bonnet",
    "crown": "crown tiara",
    "scarf": "scarf shawl tie necktie",
    "apron": "apron",
    "feet": "boot shoe sneaker sandal heels boots shoes",
    "beard": "beard moustache bearded",
    "glasses": "glasses spectacles sunglasses goggles",
}

# Things: the drawing, and its words.
THINGS: dict[str, str] = {
    "dog": "dog puppy hound labrador retriever terrier collie corgi husky", "cat": "cat kitten tabby",
    "horse": "horse pony mare stallion foal donkey mule", "cow": "cow bull calf ox cattle buffalo",
    "sheep": "sheep lamb goat ram", "deer": "deer stag doe fawn reindeer elk moose antelope", "wolf": "wolf coyote",
    "fox": "fox", "bear": "bear panda", "lion": "lion lioness tiger leopard panther cheetah", "pig": "pig piglet boar",
    "elephant": "elephant mammoth", "rabbit": "rabbit hare bunny", "camel": "camel camel_caravan", "giraffe": "giraffe",
    "mouse": "mouse rat hamster", "bird": "bird sparrow crow raven pigeon dove robin parrot eagle hawk falcon owl gull "
        "seagull swallow albatross",
    "duck": "duck swan goose duckling", "hen": "hen chicken rooster cockerel chick",
    "fish": "fish salmon trout carp goldfish tuna",
    "whale": "whale", "dolphin": "dolphin shark orca porpoise", "butterfly": "butterfly moth",
    "turtle": "turtle tortoise",
    "car": "car automobile taxi cab sedan limousine convertible jeep vehicle coupe",
    "van": "van minibus ambulance campervan camper",
    "bus": "bus coach", "truck": "truck lorry pickup", "train": "train tram locomotive streetcar metro",
    "tractor": "tractor",
    "bicycle": "bicycle bike cycle", "motorcycle": "motorcycle motorbike scooter moped vespa",
    "boat": "boat sailboat yacht dinghy sloop schooner",
    "rowboat": "rowboat canoe kayak gondola raft rowing_boat paper_boat lifeboat",
    "trawler": "fishing_boat trawler motorboat tugboat tug ferry speedboat",
    "ship": "ship steamer liner freighter vessel battleship submarine",
    "plane": "plane airplane aeroplane jet airliner aircraft biplane", "helicopter": "helicopter chopper",
    "drone": "drone quadcopter",
    "balloon": "balloon hot_air_balloon airship", "rocket": "rocket spaceship starship spacecraft shuttle space_ship",
    "ufo": "ufo saucer",
    "house": "house cottage cabin hut barn farmhouse bungalow villa shed farm roof village", "lighthouse": "lighthouse",
    "tower": "tower skyscraper high-rise", "castle": "castle fortress palace",
    "church": "church chapel cathedral temple",
    "windmill": "windmill mill", "bridge": "bridge viaduct", "tent": "tent",
    "pier": "pier jetty dock quay boardwalk harbour harbor port marina",
    "cliff": "cliff crag sea_stack", "path": "path road lane trail track highway", "waterfall": "waterfall cascade",
    "puddle": "puddle pond stream brook river",
    "fence": "fence railing", "shopfront": "shopfront storefront kiosk stall booth market", "wall": "wall",
    "cup": "cup mug teacup latte espresso cappuccino coffee tea", "glass": "glass tumbler goblet",
    "bottle": "bottle flask vial perfume jar",
    "plate": "plate dish", "bowl": "bowl", "teapot": "teapot kettle coffeepot", "cake": "cake pie cupcake",
    "bread": "bread loaf baguette croissant bun",
    "apple": "apple fruit peach tomato", "lemon": "orange_fruit lemon", "egg": "egg",
    "table": "table desk counter workbench countertop", "chair": "chair stool armchair throne", "bench": "bench",
    "bed": "bed cot mattress",
    "sofa": "sofa couch settee", "shelf": "shelf bookshelf bookcase cupboard wardrobe", "lamp": "lamp desk_lamp",
    "lantern": "lantern",
    "streetlamp": "streetlamp streetlight lamppost lamp_post street_lamp street_light", "candle": "candle",
    "fire": "fire campfire bonfire flame camp_fire fireplace",
    "door": "door doorway gate entrance", "window": "window", "stairs": "stairs staircase stairway step stair",
    "ladder": "ladder",
    "letter": "letter envelope postcard note", "paper": "paper page map document newspaper sheet poster card",
    "book": "book notebook diary novel journal logbook",
    "laptop": "laptop computer notebook_computer", "phone": "phone smartphone telephone cellphone mobile",
    "camera": "camera", "clock": "clock watch alarm_clock",
    "key": "key", "suitcase": "suitcase luggage briefcase trunk_case",
    "bag": "bag handbag backpack rucksack purse satchel basket bucket",
    "umbrella": "umbrella parasol", "guitar": "guitar violin cello banjo ukulele", "piano": "piano",
    "box": "box crate parcel package gift present chest carton",
    "barrel": "barrel drum cask", "ball": "ball football basketball", "kite": "kite", "flag": "flag banner",
    "sign": "sign signpost billboard",
    "flower": "flower rose tulip daisy sunflower poppy lily_flower", "bouquet": "bouquet vase",
    "plant": "plant houseplant pot_plant", "bush": "bush shrub hedge",
    "tree": "tree oak maple birch willow apple_tree cherry_tree", "pine": "pine fir spruce cedar christmas_tree",
    "palm": "palm_tree palm",
    "cactus": "cactus", "rock": "rock stone boulder", "mirror": "mirror",
    "painting": "painting picture picture_frame canvas", "television": "television tv monitor screen",
    "radio": "radio", "telescope": "telescope", "snowman": "snowman", "statue": "statue sculpture monument",
    "fountain": "fountain", "robot": "robot android",
    "ghost": "ghost", "anvil": "anvil", "net": "net", "hat": "hat", "shoe": "shoe boot sneaker", "garden": "garden",
    "teddy": "teddy teddy_bear", "sword": "sword",
    "rainbow": "rainbow", "vane": "weather_vane weathervane",
}  # fmt: skip
# Things that stay where they are, whatever a verb says of them; and parts of things, there where the thing is.
FIXED = words(
    "house lighthouse tower castle church windmill bridge tent pier fence shopfront wall cliff path waterfall "
    "puddle table chair bench bed sofa shelf lamp streetlamp fire door window stairs ladder piano barrel sign "
    "bouquet plant bush tree pine palm cactus rock mirror painting television radio telescope snowman statue "
    "fountain anvil net rainbow vane clock garden"
)
PARTS = (
    "bow hull deck stern mast wheel tyre tire engine wing windscreen windshield chimney roof tail paw fur mane rim "
    "handle petal branch trunk"
)
SINGLE = words("stairs steps stair step glasses village garden harbour")  # one drawing, whatever the form
# What a vessel holds, or a thing is made of, after "of": it is part of that thing.
FILLINGS = "coffee tea milk water wine beer juice whisky whiskey soup cocoa chocolate flowers champagne cider lemonade"
# Words that are verbs where a noun or a pronoun stands before them.
VERB_TOO = words(
    "light wave sail rock watch fall fly plant ship ring train park cook guard pilot dance house bridge hand face "
    "stand book phone paper plate star bear duck lamp box board doctor nurse drink fish coat swallow flag ball play "
    "walk run drive ride row float land clip saw step bag head eye shoulder back finger foot net wing leaf trunk "
    "field storm cloud mist fog rain snow picture page bowl bus ship glass fire sign tie top drum table bank lock "
    "ghost mushroom bottle plane steam smoke plough plow"
)

# Actions: (travel across, travel down, height of a step, steps a second), in frames; and the verbs.
ACTIONS: dict[str, tuple[float, float, float, float]] = {
    "walk": (0.17, 0.0, 0.006, 1.8), "run": (0.42, 0.0, 0.012, 2.6), "drive": (0.55, 0.0, 0.002, 2.0),
    "sail": (0.16, 0.0, 0.008, 0.4), "rock": (0.0, 0.0, 0.012, 0.4), "fly": (0.5, -0.06, 0.012, 0.6),
    "rise": (0.03, -0.34, 0.0, 1.0), "climb": (0.10, -0.22, 0.006, 1.6), "fall": (0.04, 0.36, 0.0, 1.0),
    "jump": (0.08, 0.0, 0.09, 0.6), "dance": (0.03, 0.0, 0.02, 1.6), "roll": (0.36, 0.0, 0.003, 1.0),
    "swim": (0.2, 0.0, 0.008, 0.8),
}  # fmt: skip
VERBS: dict[str, str] = {
    "walk": "walk stroll wander march step stride pace limp trudge hike approach cross enter leave come go tiptoe "
    "creep follow strode went came walks move pass",
    "run": "run sprint race rush dash jog gallop chase hurry ran trot flee skip",
    "drive": "drive ride cycle pedal speed cruise rode drove travel",
    "sail": "sail drift float row paddle glide steer",
    "rock": "rock sway bob swing",
    "fly": "fly soar hover flew swoop glide",
    "rise": "rise ascend lift rose launch",
    "climb": "climb clamber scale",
    "fall": "fall drop fell sink sank tumble descend plunge",
    "jump": "jump leap hop bounce",
    "dance": "dance spin twirl waltz",
    "roll": "roll",
    "swim": "swim dive swam",
}
RIDING = words("drive ride cycle pedal sail row paddle steer fly gallop rode drove pilot cruise race")
HOLDING = words(
    "hold carry lift bring drink sip read write play open take raise wave swing pour light wear use type pick cook "
    "eat hand grip clutch wield lug drag push pull with held took"
)

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 5, "seven": 5, "eight": 5, "pair": 2, "both": 2,
    "several": 3, "few": 3, "some": 3, "many": 5, "dozens": 5, "hundreds": 5, "thousands": 5, "flock": 5, "herd": 5,
}  # fmt: skip
DETERMINERS = words("a an the this that these those my our your some each every any another all")
NEGATIONS = frozenset(("no", "without", "not", "never", "nor", "neither", "lacking", "minus"))
LIKENESSES = frozenset(("like", "as", "resembling"))
FUNCTION = words(
    "of in on at by with from into onto to for over under across through along behind beside near between above "
    "below around past towards toward against inside outside after before during until within upon off up down out "
    "and or but then while when where who whom whose which what is are was were be been being has have had do does "
    "did will would can could may might must shall should there here so than too very i me we us you if because "
    "next front"
)
IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "mice": "mouse", "geese": "goose", "feet": "foot",
    "wolves": "wolf",
    "calves": "calf", "loaves": "loaf", "leaves": "leaf", "shelves": "shelf", "knives": "knife", "teeth": "tooth",
    "oxen": "ox",
    "policemen": "policeman", "fishermen": "fisherman", "firemen": "fireman", "snowmen": "snowman",
    "gentlemen": "gentleman",
    "buses": "bus", "boxes": "box", "torches": "torch", "benches": "bench", "watches": "watch", "beaches": "beach",
}  # fmt: skip


def singular(word: str) -> list[str]:
    """The forms of which a word may be the plural, itself first."""
    found = [word]
    if word in IRREGULAR:
        found.append(IRREGULAR[word])
    if word.endswith("ies") and len(word) > 4:
        found.append(word[:-3] + "y")
    if word.endswith("es") and len(word) > 3:
        found.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        found.append(word[:-1])
    return found


def base(word: str) -> list[str]:
    """The forms of which a word may be the plural or the conjugated form, itself first."""
    found = singular(word)
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            found += [stem, stem + "e"]
            if stem[-1] == stem[-2]:
                found.append(stem[:-1])
            if ending == "ed" and stem.endswith("i"):
                found.append(stem[:-1] + "y")
    return found


def table(rows: dict[str, str]) -> dict[str, str]:
    """A table turned round: each word, and the row that it stands in; of several the first."""
    turned: dict[str, str] = {}
    for row, words in rows.items():
        for word in words.split():
            turned.setdefault(word, row)
    return turned

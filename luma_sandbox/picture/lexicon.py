"""The kinds of words: a word of a prompt looked up in the tables, in its base form, alone or with its neighbour."""

from __future__ import annotations

import re

from luma_sandbox.picture import vocabulary as v
from luma_sandbox.picture.named import NAMES as NAMES
from luma_sandbox.picture.plain_words import PLAIN
from luma_sandbox.picture.vocabulary import RGB, base, singular, table, words

THINGS, WORN, VERBS = table(v.THINGS), table(v.WORN), table(v.VERBS)
KINDS = {word: (sex, wears) for sex, wears, row in v.PEOPLE for word in row.split()} | {
    name: (sex, "") for sex, names in (("f", v.NAMES_F), ("m", v.NAMES_M)) for name in names.split()
}
BODY, FILLINGS, PARTS = words(v.BODY), words(v.FILLINGS), words(v.PARTS)
SETTINGS = words(" ".join([*v.SHOWN.values(), v.SKY]))
AIR = words(" ".join([*v.LIGHTS.values(), *v.WEATHERS.values()]))
COLOURS = v.COLOURS | {"dark": (44, 42, 50)}
RIDDEN = words(
    "car van bus truck train tractor bicycle motorcycle boat rowboat trawler ship horse camel elephant balloon rocket"
)
MOVED = words("fly roll fall rise rock")  # actions that a person may do with a thing
HANDY = words(
    "cup glass bottle bowl plate cake bread apple lemon letter paper book laptop phone camera key suitcase bag "
    "umbrella guitar lantern candle flower bouquet flag sword ball box kite teapot radio lamp teddy net hat bird "
    "cat"
)
CLAUSES = words("while when where then because until who which")  # after these something else is said
SHOTS = words("shot shots view views footage perspective")  # a noun in front of these tells the camera
OLD = words("old elderly aged ageing aging")
ENDINGS = ("ness", "less", "ful", "ous", "ity", "tion", "sion", "ism", "ly", "ment", "ance", "ence", "able", "ible")
# Things whose names have such an ending, or look like the form of a verb.
NOUNS = words("station mansion monument instrument ornament apartment building painting ring bed seed weed wing string")
TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?['’]?|\d\w*|[.,;:!?()–—\n]|-{2,}")
GROUND = re.compile(
    r"\b(?:(?:on|against|before|over|in front of)(?: an?| the)?(?: plain| solid| seamless| flat| pure)? (?P<on>COLOUR)"
    r"(?= (?:background|backdrop|seamless|studio|wall|ground|and|with|in|at)\b|\s*[.,;:!?]|\s*$)"
    r"|(?P<as>COLOUR)(?: studio| seamless)? (?:background|backdrop|cyclorama))".replace("COLOUR", "|".join(v.COLOURS))
)


def tokens(prompt: str) -> list[str]:
    """Words, numbers and signs of a prompt, as they are written."""
    found = (match.group() for match in TOKEN.finditer(prompt))
    return [token.rstrip("'’") if token[0].isalpha() else token for token in found]


def background(prompt: str) -> RGB | None:
    """The colour of the background that a prompt asks for: "on red", "a plain white backdrop"."""
    found = GROUND.search(" ".join(prompt.lower().split()))
    return None if found is None else v.COLOURS[found["on"] or found["as"]]


def kind(word: str) -> tuple[str, str]:
    """The kind of noun that a word is, and its row; nothing for a word that is no noun known here."""
    for form in singular(word):
        if form in KINDS:
            return "person", form
        if form in WORN:
            return "worn", WORN[form]
        if form in THINGS:
            return "thing", THINGS[form]
        for name, known in (
            ("body", BODY),
            ("part", PARTS),
            ("setting", SETTINGS),
            ("air", AIR),
            ("filling", FILLINGS),
        ):
            if form in known:
                return name, form
    return "", ""


def pair(word: str, following: str) -> tuple[str, str] | None:
    """The kind and row of two words that name one thing together."""
    for form in singular(following):
        joined = f"{word}_{form}"
        if joined in THINGS:
            return "thing", THINGS[joined]
        if joined in SETTINGS:
            return "setting", joined
    return None


def verb(word: str) -> str:
    """The verb that a word is a form of, of those that mean something here; else nothing."""
    return next((form for form in base(word) if form in VERBS or form in v.HOLDING or form in v.RIDING), "")


def either(word: str) -> bool:
    """True if a word may be a noun and a verb."""
    return bool(verb(word)) or not v.VERB_TOO.isdisjoint(base(word))


def acts(kind_of: str, row: str) -> bool:
    """True if a noun can do something, so that a verb may follow it."""
    living = row not in v.FIXED | HANDY or row in ("bird", "cat")
    return kind_of in ("person", "worn", "body", "air", "setting", "unknown") or (kind_of == "thing" and living)


def plain(word: str) -> bool:
    """True if a word names no thing: by the list, as a form of such a word, or by its ending."""
    if not NOUNS.isdisjoint(base(word)):
        return False
    forms = {*base(word), *base(word.removeprefix("un"))}
    return not forms.isdisjoint(PLAIN) or (len(word) > 4 and word.endswith(("ing", "ed", *ENDINGS)))


def plural(written: str) -> bool:
    """True if a noun is the plural of one that is counted."""
    last = written.split()[-1]
    several = last.endswith("s") and not last.endswith("ss") and last not in THINGS
    return last not in v.SINGLE and (last in v.IRREGULAR or several)

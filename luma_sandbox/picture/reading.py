"""Reading of a prompt: the people and things that it names and the animatic draws, and those that it does not draw.

No grammar is known here: nouns are found by the words that are drawn (vocabulary.py) and by those that name no thing
(plain_words.py). What is left is taken for a thing that is not drawn. Where a word may be either, it is left out rather
than claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from luma_sandbox.picture import lexicon
from luma_sandbox.picture import vocabulary as v
from luma_sandbox.picture.lexicon import COLOURS, HANDY, KINDS, MOVED, NAMES, RIDDEN, VERBS
from luma_sandbox.picture.named import Named, Reading, known, like, people
from luma_sandbox.picture.vocabulary import base

MOST = 8  # drawings in a picture; what is named beyond them is not drawn
DRAWN_OF = 5  # of many equal ones


@lru_cache(maxsize=2048)
def read(prompt: str, before: tuple[str, ...] = ()) -> Reading:
    """Read a prompt. ``before`` are the prompts of the clips that it continues: a person or thing of theirs that it
    speaks of looks as it did there, and where it names nothing their subject stays in the picture."""
    earlier: list[Named] = []
    for number, text in enumerate(before):  # each as it was read there, so that "she" of the second is who she was
        things = read(text, before[:number]).things
        riders = [named.rider for named in things if named.rider is not None]
        earlier = known([*(replace(named, rider=None) for named in things), *riders], earlier)
    return _Reader(prompt, earlier).result()


@dataclass
class _Reader:
    """The reading of one prompt, word by word."""

    prompt: str
    earlier: list[Named]
    things: list[Named] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    spent: set[str] = field(default_factory=set)
    run: list[tuple[str, str, str]] = field(default_factory=list)  # nouns side by side: as written, its kind, its row
    colours: list[str] = field(default_factory=list)
    hair: list[str] = field(default_factory=list)
    worn: list[tuple[str, str, str | None]] = field(default_factory=list)  # clothes whose wearer comes later
    rides: dict[int, int] = field(default_factory=dict)  # places in ``things``: what is ridden, and by whom
    bodies: list[str] = field(default_factory=list)  # parts of a person, and of a thing
    parts: list[str] = field(default_factory=list)
    count: int = 0
    anew: bool = False  # after "a"
    the: bool = False  # after "the"
    off: bool = False  # after "no", "without", "like"
    before: str = ""  # the preposition in front of the run
    lately: str = ""  # the kind of the last word
    person: int | None = None  # places in ``things``
    subject: int | None = None
    verb: str = ""
    old: bool = False
    joined: bool = False  # directly after "and"
    apposed: bool = False  # directly after a noun and a comma

    def result(self) -> Reading:
        """The result."""
        words = lexicon.tokens(self.prompt)
        place = 0
        while place < len(words):
            place += self._word(words, place)
        self._close()
        self._end_of_sentence()
        for row, written, colour in self.worn:
            drawing = {"feet": "shoe"}.get(row, row)
            if drawing in v.THINGS:
                self._add(Named(written, drawing, colour=COLOURS.get(colour or "")))
            else:
                self._leave(written)
        if not self.things and self.earlier:
            self.things.append(replace((people(self.earlier) or self.earlier)[-1], action="", held=""))
        for thing, person in self.rides.items():
            rider, ridden = self.things[person], self.things[thing]
            self.things[thing] = replace(ridden, rider=rider, action=rider.action or ridden.action)
        if not any(named.person for named in self.things):
            self.unknown += self.bodies
        if not self.things:
            self.unknown += self.parts
        shown = [named for place, named in enumerate(self.things) if place not in self.rides.values()]
        for named in shown[MOST:]:
            self._leave(named.word)
        return Reading(
            things=tuple(shown[:MOST]),
            settings=tuple(dict.fromkeys(self.settings)),
            unknown=tuple(dict.fromkeys(self.unknown)),
            ground=lexicon.background(self.prompt),
            spent=frozenset(self.spent),
        )

    def _word(self, words: Sequence[str], place: int) -> int:
        """Read the word at a place; how many words it took."""
        written = words[place]
        word = written.lower().replace("’", "'")
        following = words[place + 1].lower() if place + 1 < len(words) else "."
        if not written[0].isalnum():
            self.apposed = written == "," and bool(self.run)
            self._close()
            self.off = False
            self.lately = "sign"
            if written in ".!?;\n":
                self._end_of_sentence()
            return 1
        if word.endswith("'s"):
            kind, row = lexicon.kind(word[:-2])
            self.run.append((word, "owner " + kind, row))
            return 1
        pair = lexicon.pair(word, following)
        if pair is not None:
            self.run.append((f"{word} {following}", *pair))
            self.lately = "noun"
            return 2
        self._single(written, word, following)
        return 1

    def _single(self, written: str, word: str, following: str) -> None:
        first = self.lately in ("", "end")
        if word in v.PRONOUNS:
            self._close()
            self._pronoun(word)
        elif word in v.NEGATIONS or word in v.LIKENESSES:
            self._close()
            self.off = True
            self.lately = "function"
        elif word in v.NUMBERS or (word.isdecimal() and len(word) < 4):
            self._close()
            self.count = v.NUMBERS.get(word) or min(DRAWN_OF, max(1, int(word)))
            self.lately = "determiner"
        elif word in v.DETERMINERS:
            self._close()
            self.anew, self.the = word in ("another", "a", "an"), word == "the"
            self.lately = "determiner"
        elif word in v.FUNCTION:
            self.joined = word in ("and", "or")
            self._close(joined=self.joined)
            self.apposed = False
            self.before = "" if word in lexicon.CLAUSES else self.before if word in ("and", "or") else word
            self.lately = "function"
        elif word in v.HAIR:
            self._close_if_noun()
            self.hair.append(word)
        elif word in COLOURS and following not in ("sun", "moon", "sky"):
            self._close_if_noun()
            self.colours.append(word)
            self.lately = "adjective"
        elif word in lexicon.OLD:
            self._close_if_noun()
            self.old = True
            self.lately = "adjective"
        else:
            self._noun_or_verb(written, word, following, first=first)

    def _noun_or_verb(self, written: str, word: str, following: str, *, first: bool) -> None:
        kind, row = lexicon.kind(word)
        named = self.lately == "determiner" and (self.the or self.anew)  # "the launch pad"
        verb = lexicon.either(word) and not named
        if kind and verb and self._verbal(word, following):
            kind = ""
            self.spent.add(word)
        elif (kind and following in lexicon.SHOTS) or self._no_noun(written, word, kind, row):
            kind, verb = "", False
        if kind:
            self.run.append((word, kind, row))
            self.lately = "noun"
            return
        proper = written[0].isupper() and not first
        plain = verb or bool(row) or word[0].isdigit() or lexicon.plain(word)
        if not plain and not proper and word.endswith("s") and self._acting():
            plain = verb = True  # "the baker kneads"
        if not plain:
            self.run.append((written if proper else word, "unknown", ""))
            self.lately = "noun"
            return
        self._close_if_noun()
        if verb:
            self._act(word)
        self.lately = "verb" if verb else "adjective"

    def _no_noun(self, written: str, word: str, kind: str, row: str) -> bool:
        """True if a word that names a thing elsewhere does not here: the film's own camera, "back", "grace"."""
        if row == "camera":
            return self.lately == "determiner" and self.the
        if kind == "body":
            return self.lately not in ("determiner", "adjective") and not self.run
        return word in NAMES and not written[0].isupper()

    def _verbal(self, word: str, following: str) -> bool:
        """True if a word that may be a verb stands as one: after a noun that acts, or after "and" before its object."""
        if self.lately == "noun":
            last, kind, row = self.run[-1]
            conjugated = word.endswith(("s", "ing", "ed"))
            return lexicon.acts(kind, row) and (conjugated or (last.endswith("s") and kind != "unknown"))
        if self.lately == "pronoun":
            return True
        if self.lately != "function":
            return False
        goes_on = self.joined and self.person is not None and lexicon.verb(word) in VERBS and following in v.FUNCTION
        return goes_on or following in v.DETERMINERS or following in v.PRONOUNS

    def _acting(self) -> bool:
        """True if the last noun can do something."""
        last = self.run[-1] if self.run else None
        return self.lately == "pronoun" or (last is not None and last[1] == "person")

    def _act(self, word: str) -> None:
        """A verb: its subject moves, and what follows may be ridden or held."""
        self.verb = lexicon.verb(word)
        action = VERBS.get(self.verb, "")
        if action and self.subject is not None:
            subject = self.things[self.subject]
            if not subject.action and subject.drawing not in v.FIXED:
                self.things[self.subject] = replace(subject, action=action)

    def _pronoun(self, word: str) -> None:
        sex = v.PRONOUNS[word]
        mine = word in ("her", "his", "their", "its")
        self.lately = "determiner" if mine else "pronoun"
        if self.off:
            return
        if sex == "it":
            if not self.things and (lead := [named for named in self.earlier if not named.person]):
                self._add(replace(lead[-1], action=""))
                self.subject = len(self.things) - 1
            return
        found = [n for n, named in enumerate(self.things) if named.person and (sex == "-" or named.sex in (sex, "-"))]
        if found:
            self.person = found[-1]
            if sex != "-" and self.things[found[-1]].sex == "-":
                self.things[found[-1]] = replace(self.things[found[-1]], sex=sex)
        elif sex != "-" or not any(not named.person for named in self.things):
            met = [named for named in self.earlier if named.person and (sex == "-" or named.sex in (sex, "-"))]
            told = replace(met[-1], action="") if met else Named(word, "person", 2 if sex == "-" else 1)
            self._add(replace(told, sex=sex if told.sex == "-" else told.sex))
            self.person = len(self.things) - 1
        if not mine and self.person is not None:
            self.subject = self.person

    def _close_if_noun(self) -> None:
        if self.run:
            self._close()

    def _close(self, *, joined: bool = False) -> None:
        """The end of a run of nouns: the last of them is what is named."""
        if self.run:
            self._name(*self.run[-1])
        elif self.colours and self.before == "in" and self.person is not None and not self.off:
            self._wear(self.person, "coat", self.colours[-1])  # "a woman in red"
        if self.hair and self.person is not None:
            self._wear(self.person, "hair", self.hair[-1])
        if self.run and not joined:
            self.off = False
            self.before = ""
        self.run, self.colours, self.hair, self.count, self.anew, self.old = [], [], [], 0, False, False

    def _end_of_sentence(self) -> None:
        self.subject, self.verb, self.before, self.lately = None, "", "", "end"

    def _name(self, written: str, kind: str, row: str) -> None:
        owner = next((row for _, kind, row in self.run[:-1] if kind == "owner person"), None)
        if self.off:
            self.spent.update(word for noun, *_ in self.run for word in noun.split())
        if self.off or kind.startswith("owner"):
            return
        if kind in ("unknown", "setting", "air") and self.before in ("", "of"):
            self.subject = None  # what follows is said of something that is not drawn by itself
        if kind == "part":
            self.parts.append(written)
        if kind == "unknown":
            self.spent.update(self.colours)
            self._leave(" ".join(word for word, *_ in self.run))
        elif kind == "person":
            self._name_person(written, row)
        elif kind == "thing":
            self._name_thing(written, row)
        elif kind in ("worn", "body"):
            if owner is not None:
                self._name_person(owner, owner)
            if kind == "worn":
                self._name_worn(written, row)
            else:
                self.bodies.append(written)
        elif kind in ("setting", "air"):
            self.settings.append(written.replace(" ", "_"))
        elif kind == "filling" and self.before != "of":
            self._leave(written)

    def _name_person(self, written: str, row: str) -> None:
        sex, wears = KINDS[row]
        for _, kind, other in self.run[:-1]:
            if kind == "person":  # "a woman detective"
                sex = KINDS[other][0] if sex == "-" else sex
                wears = f"{wears} {KINDS[other][1]}"
        clothes = frozenset([*wears.split(), *(["old"] if self.old else [])])
        plural = written != row
        number = self.count or v.GROUPS.get(row, 3 if plural else 1)
        named = Named(row, "person", min(number, DRAWN_OF), sex=sex, wears=clothes)
        if self.colours:
            named = replace(named, parts=(("coat", COLOURS[self._tint()]),))
        before = self.things[-1] if self.things else None
        if before is not None and before.word in NAMES and self.apposed and self.anew and self.subject is not None:
            sex = before.sex if sex == "-" else sex
            self.things[-1] = replace(named, word=before.word, sex=sex)  # "Maya, a diver"
            self.person = len(self.things) - 1
        else:
            self.person = self._add(named)
        if self.before in ("", "of"):
            self.subject = self.person
        for part, _, colour in self.worn:
            self._wear(self.person, part, colour)
        self.worn.clear()

    def _name_thing(self, written: str, row: str) -> None:
        number = self.count or (3 if lexicon.plural(written) else 1)
        if row == "glass" and any(named.drawing == "window" for named in self.things):
            return  # a pane
        colour = (
            COLOURS[self._tint()]
            if self.colours
            else next((v.TINTS[form] for form in base(written) if form in v.TINTS), None)
        )
        named = Named(written, row, min(number, DRAWN_OF), colour)
        if self.person is not None:
            riding = self.verb in v.RIDING or self.before in ("in", "on", "aboard", "by")
            if row in RIDDEN and riding:
                named = replace(named, action="drive" if self.verb in v.RIDING else "")
                self.rides.setdefault(self._add(named), self.person)
                return
            actor = self.things[self.person]
            if self.verb and self.before == "" and VERBS.get(self.verb) in MOVED and actor.action == VERBS[self.verb]:
                self.things[self.person] = replace(actor, action="")  # "a child flies a kite"
                named = replace(named, action=actor.action if row not in v.FIXED else "")
            if row in HANDY and (self.verb in v.HOLDING or self.before == "with"):
                named = replace(named, held=actor.word)
        place = self._add(named)
        if self.before in ("", "of"):
            self.subject = place

    def _name_worn(self, written: str, row: str) -> None:
        colour = self._tint() if self.colours else (self.hair[-1] if self.hair else None)
        if self.person is not None:
            self._wear(self.person, row, colour)
        else:
            self.worn.append((row, written, colour))

    def _wear(self, place: int, part: str, colour: str | None) -> None:
        """Let a person wear something, in a colour if one is given."""
        named = self.things[place]
        wears = named.wears | {part}
        parts = dict(named.parts)
        if colour is not None:
            self.spent.add(colour)
            parts[part] = v.HAIR.get(colour) or (v.RED_HAIR if (part, colour) == ("hair", "red") else COLOURS[colour])
        self.things[place] = replace(named, wears=wears, parts=tuple(sorted(parts.items())))

    def _tint(self) -> str:
        self.spent.update(self.colours)  # "dark brown hair" is no night
        return self.colours[-1]

    def _add(self, named: Named) -> int:
        """Add a drawing, or tell more of one that is there; its place."""
        for place, old in enumerate(self.things):
            same = old.drawing == named.drawing and (old.word == named.word or not named.person)
            if same and not (self.anew and named.person and self.lately == "never"):
                self.things[place] = replace(like(old, named), action=old.action or named.action)
                return place
        older = next((n for n in self.earlier if (n.word, n.drawing) == (named.word, named.drawing)), None)
        self.things.append(named if older is None else like(named, older))
        return len(self.things) - 1

    def _leave(self, words: str) -> None:
        self.unknown.append(words)

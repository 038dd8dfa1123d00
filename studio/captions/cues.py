"""Cues from what is said: at most two lines, broken where the sentence pauses, and long enough to be read.

The field's practice, as published: Netflix's Timed Text Style Guides (42 columns, or 16 wide letters; two lines; 5/6 s
to 7 s; two frames between cues; 17 to 20 letters a second, 9 to 12 wide ones), the BBC's Subtitle Guidelines (breaks at
clauses, never within a word), and EBU-TT-D, which both are delivered in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from studio.captions.letters import Atom, Reading, atoms, columns, length, plain, reading_of
from studio.captions.values import Cue, Said, Unreadable

SHORTEST, LONGEST = Fraction(5, 6), Fraction(7)  # seconds of a cue
GAP = 2  # frames between two cues
LINES = 2
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "۔", "।")
_PAUSES = (",", ";", ":", "—", "–", "、", "，", "；", "：", "،", "؛")
_CLOSING = "\"'”’»)]）」』"
#: Words that belong to what follows: a line does not end with them. Those of the commonest languages.
_ARTICLES = (
    "a an the of to in on at by for with from and or but as that who which der die das den dem ein eine einen und oder "
    "in im am zu mit von le la les un une des du de et ou à au en el los las uno y o que con por para il lo gli i e"
)
_LEADING = frozenset(_ARTICLES.split())


@dataclass(frozen=True)
class _Line:
    """A run of atoms of a text, by their numbers."""

    first: int
    after: int


def cues_of(said: Sequence[Said], fps: Fraction, language: str, *, film_frames: int) -> tuple[Cue, ...]:
    """The cues of one language, in the order of their time, none over another.

    A long sentence becomes several cues, which share its time by their letters. A cue that needs more time to be read
    stays on in the silence after it. What begins after the film's end is left out.
    """
    return tuple(cue for _, cues in _placed(said, fps, language, film_frames) for cue in cues)


def unreadable(
    said: Sequence[Said], fps: Fraction, language: str, *, film_frames: int
) -> tuple[Unreadable, ...]:  # fmt: skip
    """The sentences of which a cue is on for too short a time, even with the silence after it."""
    found = []
    for sentence, cues in _placed(said, fps, language, film_frames):
        reading = reading_of(sentence.text, language)
        lengths = [length(_joined(cue.lines), reading) for cue in cues]
        lack = sum(
            (max(Fraction(0), of / reading.limit - cue.frames / fps) for of, cue in zip(lengths, cues, strict=True)),
            start=Fraction(0),
        )
        if lack > 0:
            lasts = sum(cue.frames for cue in cues) / fps
            total = sum(lengths, start=Fraction(0))
            found.append(Unreadable(sentence.scene, sentence.text, total, lasts, lasts + lack))
    return tuple(found)


def _placed(said: Sequence[Said], fps: Fraction, language: str, film_frames: int) -> list[tuple[Said, tuple[Cue, ...]]]:
    """Each sentence with its cues."""
    sentences = _gathered([replace(one, text=plain(one.text)) for one in sorted(said, key=lambda s: s.start)], language)
    rough = [(n, cue) for n, one in enumerate(sentences) for cue in _cues(one, fps, language)]
    found: list[list[Cue]] = [[] for _ in sentences]
    at = 0  # the first frame that is free
    for place, (n, cue) in enumerate(rough):
        start = max(cue.start, at)
        if start >= film_frames:
            continue
        reading = reading_of(sentences[n].text, language)
        needs = max(SHORTEST, length(_joined(cue.lines), reading) / reading.wished)
        follows = rough[place + 1][1].start - GAP if place + 1 < len(rough) else film_frames
        end = max(cue.end, start + ceil(needs * fps))
        end = min(end, start + floor(LONGEST * fps), film_frames, max(follows, start + 1))
        found[n].append(replace(cue, start=start, frames=end - start))
        at = end + GAP
    return [(one, tuple(cues)) for one, cues in zip(sentences, found, strict=True) if cues]


def _gathered(said: Sequence[Said], language: str) -> list[Said]:
    """The sentences; one that is over too soon is shown together with the next of its scene, where both fit and neither
    has a time that was written."""
    found = list[Said]()
    for one in said:
        last = found[-1] if found else None
        if not one.text:
            continue
        apart = last is None or last.scene != one.scene or last.timed or one.timed
        if last is not None and not apart and one.start - last.start < SHORTEST:
            both = _with(last.text, one.text, language)
            reading = reading_of(both, language)
            if _lines(atoms(both, reading), reading, 0, len(atoms(both, reading))):
                end = max(last.start + last.seconds, one.start + one.seconds)
                found[-1] = replace(last, text=both, seconds=end - last.start)
                continue
        found.append(one)
    return found


def _with(before: str, after: str, language: str) -> str:
    return f"{before}{'' if language.lower().split('-')[0] in ('zh', 'ja', 'yue', 'cmn') else ' '}{after}"


def _cues(said: Said, fps: Fraction, language: str) -> Iterator[Cue]:
    """The cues of a sentence, each as long as its letters' share of the time."""
    reading = reading_of(said.text, language)
    parts = atoms(said.text, reading)
    lines = [_lines(parts, reading, run.first, run.after) for run in _runs(parts, reading, said.seconds)]
    lengths = [max(Fraction(1), length(_joined(two), reading)) for two in lines]
    total, passed = sum(lengths, start=Fraction(0)), Fraction(0)
    for two, of in zip(lines, lengths, strict=True):
        start = _frame((said.start + said.seconds * passed / total) * fps)
        passed += of
        end = _frame((said.start + said.seconds * passed / total) * fps)
        yield Cue(start, max(1, end - start), two, said.scene)


def _runs(parts: Sequence[Atom], reading: Reading, seconds: Fraction) -> list[_Line]:
    """The text cut into cues: as few as hold it, of about the same length, cut where the sentence pauses."""
    total = sum(columns(part.letters) + part.space for part in parts)
    room = LINES * reading.columns
    most = max(room / 3, float(total * LONGEST / seconds)) if seconds > 0 else room
    count = max(-(-total // room), ceil(total / most))
    wished = total / count
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * len(parts)
    for after in range(1, len(parts) + 1):
        width = 0
        for first in range(after - 1, -1, -1):
            width += columns(parts[first].letters) + parts[first].space
            if width > room + 1 or (width > most + 1 and first < after - 1):
                break
            cost = best[first][0] + 2.0 + 6 * ((width - wished) / wished) ** 2
            cost += _break(parts, after) if after < len(parts) else 0.0
            if cost < best[after][0] and _lines(parts, reading, first, after):
                best[after] = (cost, first)
    runs, after = list[_Line](), len(parts)
    while after:
        runs.append(_Line(best[after][1], after))
        after = best[after][1]
    return runs[::-1]


def _lines(parts: Sequence[Atom], reading: Reading, first: int, after: int) -> tuple[str, ...]:
    """A run of atoms in one line, or in two of which the lower is the longer; none where two do not hold it."""
    whole = _text(parts, first, after)
    if columns(whole) <= reading.columns:
        return (whole,)
    found: tuple[float, tuple[str, ...]] = (float("inf"), ())
    for middle in range(first + 1, after):
        upper, lower = _text(parts, first, middle), _text(parts, middle, after)
        above, below = columns(upper), columns(lower)
        if max(above, below) > reading.columns:
            continue
        uneven = abs(above - below) / reading.columns
        cost = _break(parts, middle) + 8 * uneven**2 + (1.0 if above > below else 0.0)
        if cost < found[0]:
            found = cost, (upper, lower)
    return found[1]


def _break(parts: Sequence[Atom], place: int) -> float:
    """The harm that an end of a line does before an atom: none after a sentence, most within a word."""
    before = parts[place - 1]
    word = before.letters.rstrip(_CLOSING)
    if word.endswith(_ENDS):
        return 0.0
    if word.endswith(_PAUSES):
        return 0.8
    if not before.space:
        return _within(before.letters[-1], parts[place].letters[0])
    return 4.5 if word.lower() in _LEADING else 2.4 if parts[place].letters.lower() in _LEADING else 3.0


def _within(before: str, after: str) -> float:
    """The harm of a break between wide letters: Japanese words begin where kana end, and katakana stay together."""
    kana, katakana = "\u3040" <= before <= "\u309f", ("\u30a0" <= before <= "\u30ff", "\u30a0" <= after <= "\u30ff")
    if all(katakana):
        return 4.5
    return 1.8 if kana and not "\u3040" <= after <= "\u309f" else 3.0


def _text(parts: Sequence[Atom], first: int, after: int) -> str:
    return "".join(part.letters + (" " if part.space else "") for part in parts[first:after]).rstrip()


def _joined(lines: Sequence[str]) -> str:
    return " ".join(lines)


def _frame(place: Fraction) -> int:
    return floor(place + Fraction(1, 2))

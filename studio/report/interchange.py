"""The timeline for programs that read no OpenTimelineIO: FCPXML for Final Cut Pro and Resolve, an EDL for all others.

Both are written from the OpenTimelineIO timeline, by its own adapters. An EDL has one track of pictures, and dissolves
in place of every other kind of transition. Links are as in the timeline: relative to its folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from xml.etree import ElementTree

import opentimelineio as otio

from studio.report.formats import clean

KEY = "studio_producer"  # our key in OpenTimelineIO's metadata
FCPXML, EDL = "fcpx_xml", "cmx_3600"  # as the adapters are called
REEL = 8  # characters of a reel's name in an EDL: here digits of the clip's SHA-256, as in the name of its file
DISSOLVE = "Cross Dissolve"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'


def fcpxml(timeline: otio.schema.Timeline, *, size: tuple[int, int] | None) -> str:
    """The timeline as FCPXML 1.8, with its transitions, which the adapter leaves out. ``size``: of the picture, in
    pixels."""
    root = ElementTree.fromstring(otio.adapters.write_to_string(timeline, FCPXML))  # noqa: S314 - written just now
    for form in root.iter("format"):
        form.attrib |= {} if size is None else {"width": str(size[0]), "height": str(size[1])}
    (spine,) = root.iterfind("project/sequence/spine")
    (pictures,) = timeline.video_tracks()
    shown, place = iter(list(spine)), 0
    for item in pictures:
        if not isinstance(item, otio.schema.Transition):
            place += next(shown, None) is not None
            continue
        at = _seconds(pictures.range_of_child(item).start_time)
        dissolve = item.transition_type == otio.schema.TransitionTypes.SMPTE_Dissolve
        made = ElementTree.Element("transition", {
            "name": DISSOLVE if dissolve else clean(item.name),
            "offset": _rational(at), "duration": _rational(_seconds(item.in_offset + item.out_offset)),
        })  # fmt: skip
        spine.insert(place, made)
        place += 1
    ElementTree.indent(root)
    return HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def edl(timeline: otio.schema.Timeline) -> str:
    """The timeline's pictures as an EDL (CMX 3600)."""
    plain = timeline.deepcopy()
    (pictures,) = plain.video_tracks()
    for track in list(plain.tracks):
        if track.kind != otio.schema.TrackKind.Video:
            plain.tracks.remove(track)
    for transition in list(_beside_gaps(pictures)):
        pictures.remove(transition)
    for clip in plain.find_clips():
        sha256 = str(clip.metadata.get(KEY, {}).get("sha256") or "")
        clip.metadata["cmx_3600"] = {"reel": sha256[:REEL] or clip.name[:REEL]}
    return str(otio.adapters.write_to_string(plain, EDL, rate=pictures.duration().rate, reelname_len=REEL))


def _beside_gaps(track: otio.schema.Track) -> Iterator[otio.schema.Transition]:
    """The transitions from or to an empty place, which an EDL has not."""
    items = [None, *track, None]
    for before, item, after in zip(items, items[1:], items[2:], strict=False):
        if isinstance(item, otio.schema.Transition) and not (
            isinstance(before, otio.schema.Clip) and isinstance(after, otio.schema.Clip)
        ):
            yield item


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    """A time exactly, also at rates such as 24000/1001."""
    rate = Fraction(time.rate).limit_denominator(1001)
    return Fraction(round(time.value)) / rate


def _rational(seconds: Fraction) -> str:
    """Seconds as FCPXML writes them: ``19/4s``."""
    return f"{seconds}s"

"""The sound of a film as it is joined: that of its clips alone, or mixed with voices and music, at a loudness."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from studio.digests import Digests
from studio.errors import BadClip
from studio.media import ffmpeg
from studio.media.loudness import Loudness, loudness
from studio.media.mix import CEILING, ROOM, Mixer
from studio.media.mix_values import Mix
from studio.media.pieces import WORKERS
from studio.media.segments import Segment, Target
from studio.media.sound import soundtrack

MOST_CORRECTIONS = 3  # times that a film's sound is encoded again
NEAR_ENOUGH = 0.3  # LU by which the encoded sound may be off
SOFTER = 0.1  # dB beyond what its peaks were too high by


@dataclass
class FilmSound:
    """The sound of a film of ``segments``, made in the folder ``work``. ``heard``: those whose own sound may be heard.

    ``loudness`` is that of the finished file, once it was measured.
    """

    heard: Sequence[Segment]
    segments: Sequence[Segment]
    target: Target
    mix: Mix | None
    work: Path
    stop: ffmpeg.Stop | None
    digests: Digests
    loudness: Loudness | None = None
    _mixer: Mixer | None = field(default=None, repr=False)
    _ceiling: float = CEILING - ROOM
    _offset: float = 0.0
    _corrections: int = 0

    @property
    def any(self) -> bool:
        """True if the film has a sound track."""
        return self._clips or (self.mix is not None and any(True for _ in self.mix.laid))

    @property
    def _clips(self) -> bool:
        return any(segment.heard for segment in self.heard)

    def made(self) -> Path | None:
        """The track of the film's sound, uncompressed; None where it has none.

        Raises BadClip for a file that changed since it was measured, FfmpegError.
        """
        if not self.any:
            return None
        self._see_unchanged()
        mixed = self.mix is not None
        clips = None
        if self._clips:
            clips = soundtrack(self.segments, self.target, self.work, stop=self.stop, darkened=not mixed)
        if self.mix is None:
            return clips
        frames = sum(self.target.frames(s) - (s.into.frames if s.into else 0) for s in self.segments)
        fades = self.segments[0].fade_in, self.segments[-1].fade_out
        self._mixer = Mixer(self.mix, clips, frames, self.target.fps, self.work, self.stop, fades=fades)
        return self._mixer.made(ceiling=self._ceiling, offset=self._offset)

    def corrected(self, film: Path) -> Path | None:
        """A track to write the film with again, where its loudness or its peaks are off; None where they are right.

        Encoding raises peaks, and takes of the loudness what nobody hears: by how much, only the encoded sound shows.
        """
        if self._mixer is None or self.mix is None or self.mix.loudness is None:
            return None
        found = self.loudness = loudness(film, stop=self.stop)
        if found is None or self._corrections >= MOST_CORRECTIONS:
            return None
        off, over = self.mix.loudness - found.integrated, found.peak - CEILING
        if over <= 0 and abs(off) <= NEAR_ENOUGH:
            return None
        self._corrections += 1
        self._ceiling -= over + SOFTER if over > 0 else 0
        self._offset += off if abs(off) > NEAR_ENOUGH else 0
        return self._mixer.made(ceiling=self._ceiling, offset=self._offset)

    def _see_unchanged(self) -> None:
        """Check that the bytes of every sound are still those that were measured: sound is not verified in the film."""
        clips = {(s.path, s.heard): s for s in self.heard if s.heard}
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda segment: segment.see_unchanged(self.digests), clips.values()))
        for laid in {one.path: one for one in self.mix.laid}.values() if self.mix is not None else ():
            try:
                same = self.digests.of(laid.path) == laid.sha256
            except OSError as error:
                told = f"cannot be read: {error.strerror}"
                raise BadClip(told, path=str(laid.path), where=laid.name) from None
            if not same:
                raise BadClip("is not the sound that was measured", path=str(laid.path), where=laid.name)

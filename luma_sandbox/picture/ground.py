"""The ground on which a picture with transparent parts is laid: what the prompt asks for, or white."""

from __future__ import annotations

from PIL import Image

from luma_sandbox.picture import mood, scenery, stage
from luma_sandbox.picture.lexicon import background

WHITE = (255, 255, 255)


class Ground:
    """The ground that a prompt names: a colour ("on red", "white background"), a place that is drawn ("in front of the
    sea"), or else white. Called with a size, it gives the picture; the place is painted when it is first needed."""

    def __init__(self, prompt: str, take: int = 1) -> None:
        self._prompt = prompt
        self._take = take

    def __call__(self, size: tuple[int, int]) -> Image.Image:
        """The ground at a size, without anybody in it."""
        colour = background(self._prompt)
        if colour is not None:
            return Image.new("RGB", size, colour)
        if not mood.read(self._prompt, self._take).named:
            return Image.new("RGB", size, WHITE)
        even = (max(2, (size[0] + 1) // 2 * 2), max(2, (size[1] + 1) // 2 * 2))
        return stage.at_rest(scenery.setting(self._prompt, even, take=self._take)).to_rgb().crop((0, 0, *size))


def white(size: tuple[int, int]) -> Image.Image:
    """White, whatever is asked."""
    return Image.new("RGB", size, WHITE)

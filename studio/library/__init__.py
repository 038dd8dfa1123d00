"""The studio as a library: videos and films from Python, with the same ledger as the flows. No Prefect.

``async with open_provider(budget=Decimal("5")) as luma: video = await luma.generate("a quiet harbour at dawn")``
"""

from studio.library.film import Film
from studio.library.values import CommonOptions, GeneratedVideo, VideoOptions
from studio.library.video_provider import LumaProvider, VideoProvider, open_provider

__all__ = [
    "CommonOptions",
    "Film",
    "GeneratedVideo",
    "LumaProvider",
    "VideoOptions",
    "VideoProvider",
    "open_provider",
]

"""The studio as a library: the mission's ``VideoProvider``, with books. No Prefect.

``async with open_provider(budget=Decimal("5")) as luma: video = await luma.generate("a quiet harbour at dawn")``
"""

from studio.library.provider import LumaProvider, open_provider

__all__ = ["LumaProvider", "open_provider"]

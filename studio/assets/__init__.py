"""Seed assets, checked before anything is paid: that they exist, and are images or footage by their content."""

from studio.assets.footage import SeedFootage
from studio.assets.images import SeedImage, ratio_note
from studio.assets.intake import AssetSource, look_at, source_key

__all__ = ["AssetSource", "SeedFootage", "SeedImage", "look_at", "ratio_note", "source_key"]

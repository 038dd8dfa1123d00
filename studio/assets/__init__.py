"""Seed assets, checked before anything is paid: that they exist, and are images or footage by their content."""

from studio.assets.intake import AssetSource, look_at, source_key
from studio.assets.seeds import SeedFootage, SeedImage, ratio_note

__all__ = ["AssetSource", "SeedFootage", "SeedImage", "look_at", "ratio_note", "source_key"]

"""The production as a producer writes it: the model, its loading, and every check on it."""

from studio.production.field_types import AspectRatio, Model, Resolution, Strength
from studio.production.film_options import FilmOptions
from studio.production.loading import bundled_example, chosen_production, load_production, parse_production
from studio.production.model import Production
from studio.production.scene import Asset, Character, Scene, SeedAssetRef

__all__ = [
    "AspectRatio",
    "Asset",
    "Character",
    "FilmOptions",
    "Model",
    "Production",
    "Resolution",
    "Scene",
    "SeedAssetRef",
    "Strength",
    "bundled_example",
    "chosen_production",
    "load_production",
    "parse_production",
]

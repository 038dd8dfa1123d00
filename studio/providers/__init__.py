"""Video services, each behind the same few calls. Alone they need neither Prefect nor the books, and buy nothing."""

from studio.providers.base import (
    CommonOptions,
    GeneratedVideo,
    Generation,
    GenerationPage,
    GenerationState,
    VideoOptions,
    VideoProvider,
)
from studio.providers.luma.agents import Agents
from studio.providers.luma.dream_machine import DreamMachine

__all__ = [
    "Agents",
    "CommonOptions",
    "DreamMachine",
    "GeneratedVideo",
    "Generation",
    "GenerationPage",
    "GenerationState",
    "VideoOptions",
    "VideoProvider",
]

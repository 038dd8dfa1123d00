"""Video services, each behind the same few calls. Usable alone, without Prefect and without the books."""

from studio.providers.agents import Agents
from studio.providers.base import Generation, GenerationPage, GenerationState, VideoProvider
from studio.providers.dream_machine import DreamMachine

__all__ = ["Agents", "DreamMachine", "Generation", "GenerationPage", "GenerationState", "VideoProvider"]

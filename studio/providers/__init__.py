"""Video services, each behind the same few calls. Alone they need neither Prefect nor a ledger, and buy nothing."""

from studio.providers.base import Generation, GenerationPage, GenerationService, GenerationState

__all__ = ["Generation", "GenerationPage", "GenerationService", "GenerationState"]

"""Video services, each with the same few calls. By themselves they need no Prefect and no ledger, and buy nothing."""

from studio.providers.base import Generation, GenerationPage, GenerationService, GenerationState

__all__ = ["Generation", "GenerationPage", "GenerationService", "GenerationState"]

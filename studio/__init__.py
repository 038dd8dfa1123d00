"""The domain of Studio Producer: productions, plans, orders, the ledger, providers and media. Imports no Prefect."""

__version__ = "0.1.0"

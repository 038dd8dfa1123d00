"""The tasks of the flows: thin Prefect wrappers with cache key, retries, tags and cost."""

"""The tasks of the flows: thin Prefect wrappers with cache key, retries and names."""

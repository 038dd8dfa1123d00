"""What a flow is made of: thin Prefect tasks with cache key, retries, tags and cost."""

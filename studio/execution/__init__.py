"""The execution of a plan: its steps, polling, retries, and the session that they share."""

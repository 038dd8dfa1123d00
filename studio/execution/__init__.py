"""Carrying out a plan: its steps, polling, retries, and the session that they work in."""

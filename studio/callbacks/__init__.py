"""Callbacks: a receiver that books what a service tells, and a feed by which the runs hear of it."""

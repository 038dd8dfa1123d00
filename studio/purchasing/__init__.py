"""Purchasing: the only package that sends creates, and that finds the outcome of lost answers."""

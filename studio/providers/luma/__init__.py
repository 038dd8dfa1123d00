"""Luma: its two APIs, models, prices, requests and camera concepts."""

"""Clips and films: what a clip is, how two of them meet, how many become one film. Knows no service and no books.

Everything here is synchronous and may take seconds: async callers use `asyncio.to_thread`. Media time is a `Fraction`
of seconds or a whole number of frames.
"""

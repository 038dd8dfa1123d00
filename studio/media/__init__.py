"""Clips and films: measuring clips, comparing where two meet, joining many into a film. Knows no service and no ledger.

Everything here is synchronous and may take seconds: async callers use `asyncio.to_thread`. Media time is a `Fraction`
of seconds or a whole number of frames.
"""

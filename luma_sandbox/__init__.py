"""A local stand-in for Luma: real `lumaai` clients talk to it unchanged, and get real clips, for nothing.

It shares no code with what it stands in for, so that a mistake cannot hide in both. Start it with
``python -m luma_sandbox``, or build the application for a test with ``luma_sandbox.app.create_app``.
"""

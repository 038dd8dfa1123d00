"""A local stand-in for Luma's APIs: real `lumaai` clients talk to it unchanged and get real clips, without cost.

It shares no code with the studio, so that one mistake cannot hide in both. Start it with
``python -m luma_sandbox``, or build the application for a test with ``luma_sandbox.app.create_app``.
"""

"""Fixtures of these tests."""

from tests.support.sandbox_in_process import nothing_kept, unrendered  # noqa: F401
